import { ApiError, toApiError, unreachable } from './error';
import type { Link, Transport } from './transport';
import type {
  AddRequest,
  AddResult,
  Client,
  ClientAdvice,
  Event,
  Item,
  ItemsPage,
  ItemsRequest,
  LocateRequest,
  LocateResult,
  Playback,
  PlayRequest,
  PositionRequest,
  Report,
  RemoveResult,
  Verb,
  Verbs,
} from './types';

const second = 1000;
const minute = 60 * second;

/** How long to wait for a verb's answer: a bound method that fell over would never give one. */
const patience: Partial<Record<Verb, number>> = {
  add: 10 * minute, // a folder on a slow disk
  sample: 2 * minute, // is made, the first time
  pickFiles: 60 * minute, // a person is choosing
  pickFolder: 60 * minute,
  locate: 10 * minute, // a folder is searched
  locateFile: 60 * minute,
  doctor: minute,
};
const usualPatience = 20 * second;

/** What listens to the program. */
export interface Hears {
  event: (event: Event) => void;
  /** Events were lost: what is known has to be asked for again. */
  gap: () => void;
  link: (link: Link) => void;
}

/** The program's verbs as the page calls them. Each rejects with an ApiError and with nothing else. */
export class Api {
  #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** True in the program's own window. */
  get window(): boolean {
    return this.#transport.window;
  }

  /** Reads the system's clipboard. In the window only. */
  get clipboard(): (() => Promise<string>) | undefined {
    return this.#transport.clipboard;
  }

  add(request: AddRequest): Promise<AddResult> {
    return this.#call('add', request);
  }
  sample(): Promise<AddResult> {
    return this.#call('sample', undefined);
  }
  items(request: ItemsRequest): Promise<ItemsPage> {
    return this.#call('items', request);
  }
  item(id: string): Promise<Item> {
    return this.#call('item', { id });
  }
  remove(ids: string[]): Promise<RemoveResult> {
    return this.#call('remove', { ids });
  }
  /** Has an item stored whole; its progress says how far that is. */
  keep(id: string): Promise<Item> {
    return this.#call('keep', { id });
  }
  /** Gives up keeping an item, or the storing of it. */
  unkeep(id: string): Promise<Item> {
    return this.#call('unkeep', { id });
  }
  /** Takes a file for the source of an item, or looks for it in a folder. */
  locate(request: LocateRequest): Promise<LocateResult> {
    return this.#call('locate', request);
  }
  /** Opens the system's dialog for a file and takes what is chosen for the source of an item. In the window only. */
  locateFile(id: string): Promise<LocateResult> {
    return this.#call('locateFile', { id });
  }
  play(request: PlayRequest): Promise<Playback> {
    return this.#call('play', request);
  }
  async savePosition(request: PositionRequest): Promise<void> {
    await this.#call('savePosition', request);
  }
  doctor(): Promise<Report> {
    return this.#call('doctor', undefined);
  }
  reportClient(client: Client): Promise<ClientAdvice> {
    return this.#call('reportClient', client);
  }
  pending(): Promise<AddResult> {
    return this.#call('pending', undefined);
  }
  /** Opens the system's dialog for files and adds what is chosen. In the window only. */
  pickFiles(): Promise<AddResult> {
    return this.#call('pickFiles', undefined);
  }
  /** Opens the system's dialog for a folder and adds what is in it. In the window only. */
  pickFolder(): Promise<AddResult> {
    return this.#call('pickFolder', undefined);
  }

  /** Says a last word while the page goes away. */
  farewell<V extends Verb>(verb: V, request: Verbs[V][0]): void {
    this.#transport.farewell(verb, request);
  }

  /** Listens to the program until the returned function is called. */
  listen(hears: Hears): () => void {
    let last: number | undefined;
    let wasLost = false;
    return this.#transport.listen({
      onevent(event) {
        const gap = last !== undefined && event.seq !== last + 1;
        last = event.seq;
        hears.event(event);
        if (gap) hears.gap();
      },
      onlink(link) {
        hears.link(link);
        if (link === 'live' && wasLost) {
          last = undefined;
          hears.gap();
        }
        wasLost = link === 'lost';
      },
    });
  }

  async #call<V extends Verb>(verb: V, request: Verbs[V][0]): Promise<Verbs[V][1]> {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new ApiError({ code: unreachable, message: 'drop.stream took too long to answer.' }));
        stop.abort();
      }, patience[verb] ?? usualPatience);
    });
    try {
      return await Promise.race([this.#transport.call(verb, request, stop.signal), late]);
    } catch (thrown) {
      throw toApiError(thrown);
    } finally {
      clearTimeout(timer);
    }
  }
}
