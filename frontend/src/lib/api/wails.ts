import type { Transport } from './transport';
import type { Event, Verb } from './types';

type Bound = (request?: unknown) => Promise<unknown>;

interface Runtime {
  EventsOn(name: string, callback: (data: unknown) => void): () => void;
  OnFileDrop(callback: (x: number, y: number, paths: string[]) => void, useDropTarget: boolean): void;
  WindowFullscreen(): void;
  WindowUnfullscreen(): void;
  ClipboardGetText(): Promise<string>;
}

declare global {
  interface Window {
    go?: { main?: { App?: Record<string, Bound | undefined> } };
    runtime?: Runtime;
  }
}

/** The bound method of a verb: "savePosition" is SavePosition. */
export function methodOf(verb: Verb): string {
  return verb.charAt(0).toUpperCase() + verb.slice(1);
}

/** The transport of the program's own window, or nothing in a browser. */
export function wailsTransport(): Transport | undefined {
  const app = window.go?.main?.App;
  const runtime = window.runtime;
  if (!app || !runtime) return undefined;

  // On Windows only this listener posts the files to the program; the callback has nothing to do anywhere, because
  // the paths are handled there.
  runtime.OnFileDrop(() => undefined, false);
  followFullscreen(runtime);

  const call = (verb: Verb, request: unknown): Promise<unknown> => {
    const method = app[methodOf(verb)];
    if (!method) return Promise.reject(new Error(`no bound method for ${verb}`));
    return request === undefined ? method() : method(request);
  };
  return {
    window: true,
    clipboard: () => runtime.ClipboardGetText(),
    call: (verb, request) => call(verb, request) as Promise<never>,
    listen(listener) {
      listener.onlink('live');
      return runtime.EventsOn('event', (data) => listener.onevent(data as Event));
    },
    farewell(verb, request) {
      call(verb, request).catch(() => undefined);
    },
  };
}

/** WebView2 fills its own view only: there the window has to follow the page. Elsewhere the webview does it. */
function followFullscreen(runtime: Runtime): void {
  if (!navigator.userAgent.includes('Windows')) return;
  document.addEventListener('fullscreenchange', () => {
    if (document.fullscreenElement) runtime.WindowFullscreen();
    else runtime.WindowUnfullscreen();
  });
}
