import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Item, ItemsPage, ItemsRequest } from '../api';
import { isResumable, Library, pageSize } from './library.svelte';

const base: Item = {
  id: '',
  title: '',
  path: '',
  fileName: '',
  container: 'MP4',
  durationMs: 100_000,
  sizeBytes: 1,
  width: 1,
  height: 1,
  state: 'linked',
  kept: false,
  sourceMissing: false,
  plays: 'as_it_is',
  why: '',
  tracks: [],
  posterUrl: '',
  url: '',
  positionMs: 0,
  addedAt: '',
  playedAt: '',
};

/** Item n was added n minutes before the first one. */
function item(n: number, change: Partial<Item> = {}): Item {
  const addedAt = new Date(Date.UTC(2026, 0, 2) - n * 60_000).toISOString();
  return { ...base, id: `i${n}`, title: `Film ${n}`, addedAt, ...change };
}

/** A program with a library of its own, that remembers what it was asked. */
function program(count: number) {
  const all = Array.from({ length: count }, (_, n) => item(n));
  const asked: ItemsRequest[] = [];
  const items = (request: ItemsRequest): Promise<ItemsPage> => {
    asked.push(request);
    const found = all.filter(({ title }) => title.includes(request.query));
    const page = found.slice(request.offset, request.offset + request.limit);
    return Promise.resolve({ items: page, total: found.length, usedBytes: 7 });
  };
  return { all, asked, library: new Library({ items }) };
}

const titles = (library: Library) => library.shown.map((known) => known?.id ?? '-');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('paging', () => {
  test('is as long as the answer, with the first page known', async () => {
    const { library, asked } = program(5000);
    await library.reload();
    expect([library.items.length, library.ready, library.usedBytes]).toEqual([5000, true, 7]);
    expect(library.items.filter(Boolean)).toHaveLength(pageSize);
    expect(asked).toEqual([{ query: '', offset: 0, limit: pageSize }]);
  });

  test('asks for what is looked at, once', async () => {
    const { library, asked } = program(5000);
    await library.reload();
    await Promise.all([library.need(4950, 5000), library.need(4960, 5000)]);
    await library.need(4950, 5000);
    expect(asked.slice(1).map(({ offset }) => offset)).toEqual([4900]);
    expect(library.items[4999]?.id).toBe('i4999');
  });

  test('asks again for all that is looked at when in doubt', async () => {
    const { library, asked } = program(500);
    await library.reload();
    await library.need(250, 260);
    library.doubt();
    library.doubt();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.slice(2).map(({ offset }) => offset)).toEqual([0, 200]);
  });

  test('an answer to an older question is not shown', async () => {
    const answers: ((page: ItemsPage) => void)[] = [];
    const library = new Library({ items: () => new Promise((resolve) => answers.push(resolve)) });
    const first = library.search('a');
    const second = library.search('ab');
    answers[1]?.({ items: [item(2)], total: 1, usedBytes: 0 });
    answers[0]?.({ items: [item(1)], total: 1, usedBytes: 0 });
    await Promise.all([first, second]);
    expect([titles(library), library.answered]).toEqual([['i2'], 'ab']);
  });

  test('says why there is nothing to show', async () => {
    const library = new Library({ items: () => Promise.reject(new Error('no')) });
    await library.reload();
    expect([library.ready, library.problem !== '']).toEqual([false, true]);
  });
});

describe('changes', () => {
  test('a new item comes first, and moves the places that are not known', async () => {
    const { library, all, asked } = program(300);
    await library.reload();
    all.unshift(item(-1));
    library.put(item(-1));
    expect([library.items.length, library.items[0]?.id, library.items[100]?.id]).toEqual([301, 'i-1', 'i99']);
    await library.need(90, 120);
    expect(asked.at(-1)?.offset).toBe(100);
    expect(library.items.slice(98, 102).map((known) => known?.id)).toEqual(['i97', 'i98', 'i99', 'i100']);
    expect(new Set(library.items.filter(Boolean).map((known) => known?.id)).size).toBe(200);
  });

  test('a change stays in its place', async () => {
    const { library } = program(3);
    await library.reload();
    library.put(item(1, { title: 'Renamed' }));
    expect(library.items.map((known) => known?.title)).toEqual(['Film 0', 'Renamed', 'Film 2']);
  });

  test('what was not loaded yet is asked for, not put first', async () => {
    const { library, asked } = program(500);
    await library.reload();
    library.put(item(400));
    expect(library.items[0]?.id).toBe('i0');
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
  });

  test('an item that is gone is gone', async () => {
    const { library } = program(3);
    await library.reload();
    library.drop('i1');
    library.drop('never');
    expect(titles(library)).toEqual(['i0', 'i2']);
  });

  test('a removal can be taken back', async () => {
    const { library } = program(2);
    await library.reload();
    library.hide('i0');
    expect(titles(library)).toEqual(['i1']);
    library.hide('i1');
    flushSync();
    expect(library.empty).toBe(true);
    library.show('i0');
    library.show('i1');
    expect(titles(library)).toEqual(['i0', 'i1']);
  });

  test('a search without result does not look like an empty library, nor does leaving it', async () => {
    const { library } = program(2);
    await library.reload();
    await library.search('nothing');
    expect([library.shown.length, library.empty]).toEqual([0, false]);
    const leaving = library.search('');
    expect(library.empty).toBe(false);
    await leaving;
    expect(library.shown).toHaveLength(2);
  });

  test('work under way is known, whatever is searched', async () => {
    const { library } = program(3);
    await library.reload();
    library.put(item(1, { progress: { kind: 'storing', fraction: 0.5, remainingMs: 1 } }));
    await library.search('nothing');
    expect([...library.working.keys()]).toEqual(['i1']);
    library.put(item(1));
    expect(library.working.size).toBe(0);
  });
});

describe('resumable', () => {
  test.each<[Partial<Item>, boolean]>([
    [{ positionMs: 0 }, false],
    [{ positionMs: 4999 }, false],
    [{ positionMs: 5000 }, true],
    [{ positionMs: 94_000 }, true],
    [{ positionMs: 96_000 }, false],
    [{ positionMs: 50_000, state: 'missing' }, false],
    [{ positionMs: 50_000, state: 'failed' }, false],
    [{ positionMs: 50_000, durationMs: 0 }, true],
  ])('%j: %s', (change, want) => expect(isResumable(item(0, change))).toBe(want));

  test('the last one watched comes first', async () => {
    const { library } = program(3);
    await library.reload();
    library.put(item(2, { positionMs: 9000, playedAt: '2026-02-01T00:00:00Z' }));
    library.put(item(0, { positionMs: 9000, playedAt: '2026-01-05T00:00:00Z' }));
    expect(library.resumable.map(({ id }) => id)).toEqual(['i2', 'i0']);
  });
});
