import { ApiError, parseProblem, unreachable } from './error';
import { EventReader } from './sse';
import type { Listener, Transport } from './transport';
import type { Event, Verb } from './types';

const tokenKey = 'dropstream.token';

/**
 * Takes the token out of the address (#token=…), where it would be copied and kept in the history, and remembers it
 * for this tab.
 */
export function takeToken(location: Location, history: History, storage: Storage): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    storage.setItem(tokenKey, given);
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }
  return storage.getItem(tokenKey) ?? '';
}

/** How long to wait before the nth attempt to reach the program again, in milliseconds. */
export function backOff(attempt: number): number {
  return Math.min(500 * 2 ** attempt, 10_000);
}

const noAnswer = 'drop.stream is not answering.';

/** The transport of a browser: the same verbs by POST, events by a stream that carries the token in a header. */
export function httpTransport(token: string, fetcher: typeof fetch = fetch): Transport {
  const headers = { Authorization: `Bearer ${token}` };
  const post = (verb: Verb, request: unknown, init: RequestInit) =>
    fetcher(`/api/${verb}`, {
      ...init,
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(request ?? {}),
    });

  return {
    window: false,
    async call(verb, request, signal) {
      let response: Response;
      try {
        response = await post(verb, request, { signal });
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        throw new ApiError({ code: unreachable, message: noAnswer }, { cause: thrown });
      }
      const body: unknown = await response.json().catch(() => undefined);
      if (response.ok && body !== undefined) return body as never;
      const problem = parseProblem(body) ?? { code: 'internal', message: noAnswer };
      throw new ApiError(problem, { cause: response.status });
    },
    listen(listener) {
      const stop = new AbortController();
      void follow(fetcher, headers, listener, stop.signal);
      return () => stop.abort();
    },
    farewell(verb, request) {
      post(verb, request, { keepalive: true }).catch(() => undefined);
    },
  };
}

/** Follows the events, and comes back with patience whenever the stream ends, until stopped. */
async function follow(
  fetcher: typeof fetch,
  headers: Record<string, string>,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    try {
      const response = await fetcher('/api/events', { headers, signal });
      if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
      listener.onlink('live');
      attempt = 0;
      await read(response.body, listener);
    } catch {
      // Whatever ended it, the answer is the same: say so and come back.
    }
    if (signal.aborted) return;
    listener.onlink('lost');
    await pause(backOff(attempt++), signal);
  }
}

async function read(body: ReadableStream<Uint8Array>, listener: Listener): Promise<void> {
  const events = new EventReader();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const data of events.push(decoder.decode(value, { stream: true }))) {
      listener.onevent(JSON.parse(data) as Event);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
