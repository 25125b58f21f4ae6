import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Api } from './api';
import { parseProblem, sentence, toApiError } from './error';
import { backOff, httpTransport, takeToken } from './http';
import { EventReader } from './sse';
import type { Transport } from './transport';
import { methodOf, wailsTransport } from './wails';

const refused = { code: 'not_video', message: 'This is a ZIP archive, not a video.' };

describe('parseProblem', () => {
  test.each([
    ['an object', refused, refused],
    ['its JSON text', JSON.stringify(refused), refused],
    ['more than is needed', { ...refused, path: '/home/ann' }, refused],
    ['no JSON', 'panic: nil', undefined],
    ['another object', { message: 'x' }, undefined],
    ['an empty sentence', { code: 'x', message: '' }, undefined],
    ['null', null, undefined],
    ['"null"', 'null', undefined],
    ['a list', '[1]', undefined],
  ])('%s', (_, raw, want) => expect(parseProblem(raw)).toEqual(want));
});

describe('toApiError', () => {
  test('reads the problem of a rejected binding', () => {
    const error = toApiError(new Error(JSON.stringify(refused)));
    expect([error.code, error.message]).toEqual([refused.code, refused.message]);
  });
  test('never shows what it does not know', () => {
    const error = toApiError(new Error('open /home/ann/secret: EACCES'));
    expect(error.code).toBe('internal');
    expect(error.message).not.toContain('secret');
    expect((error.cause as Error).message).toContain('secret');
  });
  test('leaves its own alone', () => {
    const error = toApiError(refused);
    expect(toApiError(error)).toBe(error);
    expect(sentence(error)).toBe(refused.message);
  });
});

describe('over HTTP', () => {
  const answer = (body: unknown, status = 200) =>
    vi.fn<typeof fetch>(() => Promise.resolve(new Response(JSON.stringify(body), { status })));

  test('a verb is a POST with the token', async () => {
    const fetcher = answer({ added: [] });
    await new Api(httpTransport('secret', fetcher)).add({ paths: ['/a.mp4'] });
    const [url, init] = fetcher.mock.calls[0] ?? [];
    expect([url, init?.method, init?.body]).toEqual(['/api/add', 'POST', '{"paths":["/a.mp4"]}']);
    expect(init?.headers).toMatchObject({ Authorization: 'Bearer secret' });
  });

  test('a verb that takes nothing sends an empty object', async () => {
    const fetcher = answer({ checks: [] });
    await new Api(httpTransport('', fetcher)).doctor();
    expect(fetcher.mock.calls[0]?.[1]?.body).toBe('{}');
  });

  test('a refusal is its problem', async () => {
    const api = new Api(httpTransport('', answer(refused, 422)));
    await expect(api.play({ id: 'x' })).rejects.toMatchObject(refused);
  });

  test('an answer that is not JSON is not shown', async () => {
    const fetcher = () => Promise.resolve(new Response('<h1>proxy</h1>', { status: 502 }));
    const api = new Api(httpTransport('', fetcher));
    await expect(api.play({ id: 'x' })).rejects.toMatchObject({ code: 'internal' });
  });

  test('no answer is said plainly', async () => {
    const api = new Api(httpTransport('', () => Promise.reject(new TypeError('Failed to fetch'))));
    await expect(api.play({ id: 'x' })).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('the token leaves the address', () => {
    history.replaceState(null, '', '/?q=1#token=abc');
    expect(takeToken(location, history, sessionStorage)).toBe('abc');
    expect(location.href).not.toContain('abc');
    expect(location.search).toBe('?q=1');
    expect(takeToken(location, history, sessionStorage)).toBe('abc');
  });

  test('comes back with growing patience, within bounds', () => {
    expect([0, 1, 2, 9, 60].map(backOff)).toEqual([500, 1000, 2000, 10_000, 10_000]);
  });

  test('follows the events, and comes back after they end', async () => {
    vi.useFakeTimers();
    const bodies = [
      'data: {"seq":1,"kind":"removed","id":"a"}\n\n',
      'data: {"seq":9,"kind":"removed","id":"b"}\n\n',
    ];
    const fetcher = vi.fn<typeof fetch>(() => {
      const body = bodies.shift();
      return body === undefined ? new Promise(() => undefined) : Promise.resolve(new Response(body));
    });
    const heard: string[] = [];
    const stop = new Api(httpTransport('t', fetcher)).listen({
      event: (event) => heard.push(event.kind === 'removed' ? event.id : event.kind),
      gap: () => heard.push('gap'),
      link: (link) => heard.push(link),
    });
    await vi.advanceTimersByTimeAsync(5000);
    stop();
    vi.useRealTimers();
    expect(heard).toEqual(['live', 'a', 'lost', 'live', 'gap', 'b', 'lost']);
  });
});

describe('in the window', () => {
  beforeEach(() => {
    window.runtime = { EventsOn: () => () => undefined, OnFileDrop: vi.fn() } as never;
  });
  afterEach(() => {
    delete window.go;
    delete window.runtime;
    vi.useRealTimers();
  });

  test('is only there when the shell is', () => {
    expect(wailsTransport()).toBeUndefined();
    window.go = { main: { App: {} } };
    expect(wailsTransport()?.window).toBe(true);
  });

  test('a verb is a bound method', async () => {
    const SavePosition = vi.fn(() => Promise.resolve({ ok: true }));
    window.go = { main: { App: { SavePosition } } };
    await new Api(wailsTransport() as Transport).savePosition({ id: 'a', positionMs: 5 });
    expect(SavePosition).toHaveBeenCalledWith({ id: 'a', positionMs: 5 });
    expect(methodOf('reportClient')).toBe('ReportClient');
  });

  test('a bound method that never settles is given up', async () => {
    vi.useFakeTimers();
    window.go = { main: { App: { Play: () => new Promise(() => undefined) } } };
    const call = new Api(wailsTransport() as Transport).play({ id: 'a' });
    const failed = expect(call).rejects.toMatchObject({ code: 'unreachable' });
    await vi.advanceTimersByTimeAsync(60_000);
    await failed;
  });

  test('a method that is not there is an error, not a crash', async () => {
    window.go = { main: { App: {} } };
    await expect(new Api(wailsTransport() as Transport).sample()).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('listen', () => {
  const listenTo = (seqs: number[]) => {
    const heard: string[] = [];
    const transport: Partial<Transport> = {
      listen(listener) {
        listener.onlink('live');
        for (const seq of seqs) listener.onevent({ seq, kind: 'removed', id: String(seq) });
        return () => undefined;
      },
    };
    new Api(transport as Transport).listen({
      event: (event) => heard.push(String(event.seq)),
      gap: () => heard.push('gap'),
      link: () => undefined,
    });
    return heard;
  };

  test('a first event may have any number', () => expect(listenTo([7, 8, 9])).toEqual(['7', '8', '9']));
  test('a lost one is noticed', () => expect(listenTo([1, 2, 5, 6])).toEqual(['1', '2', '5', 'gap', '6']));
});

describe('EventReader', () => {
  test.each<[string, string[], string[]]>([
    ['one event', ['data: a\n\n'], ['a']],
    ['in pieces', ['da', 'ta: a', '\n', '\n'], ['a']],
    ['with CRLF cut in two', ['data: a\r', '\n\r', '\n'], ['a']],
    ['several lines', ['data: a\ndata: b\n\n'], ['a\nb']],
    ['comments, names and ids', [': hello\n\nevent: x\nid: 4\ndata:a\n\n'], ['a']],
    ['not finished', ['data: a\n'], []],
  ])('%s', (_, pieces, want) => {
    const reader = new EventReader();
    expect(pieces.flatMap((piece) => reader.push(piece))).toEqual(want);
  });

  test('gives up on an event without end', () => {
    const reader = new EventReader();
    const push = () => reader.push('data: '.padEnd(5 << 20, 'x'));
    push();
    expect(push).toThrow('too long');
  });
});
