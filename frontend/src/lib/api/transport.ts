import type { Event, Verb, Verbs } from './types';

/** Whether the program's events arrive: while they don't, what is shown may be old. */
export type Link = 'live' | 'lost';

export interface Listener {
  onevent: (event: Event) => void;
  /** The link was made again: events may have been lost in between. */
  onlink: (link: Link) => void;
}

/** A way to speak to the program: bindings in its own window, HTTP in a browser. */
export interface Transport {
  /** True in the program's own window, where dropped paths and file dialogs belong to the program. */
  readonly window: boolean;
  /** The system's clipboard, where the program can read it for the page. */
  readonly clipboard?: () => Promise<string>;
  call<V extends Verb>(verb: V, request: Verbs[V][0], signal: AbortSignal): Promise<Verbs[V][1]>;
  /** Listens until the returned function is called. */
  listen(listener: Listener): () => void;
  /** Sends a last word while the page goes away: no answer will be read. */
  farewell<V extends Verb>(verb: V, request: Verbs[V][0]): void;
}
