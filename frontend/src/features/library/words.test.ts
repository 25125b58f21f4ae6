import { describe, expect, test } from 'vitest';
import type { Item } from '../../lib/api';
import { statusOf, watched } from './words';

const item: Item = {
  id: 'a',
  title: 'Evening over the bay',
  path: '/v/evening.mkv',
  fileName: 'evening.mkv',
  container: 'Matroska',
  durationMs: 100_000,
  sizeBytes: 1,
  width: 1920,
  height: 1080,
  state: 'linked',
  kept: false,
  sourceMissing: false,
  plays: 'as_it_is',
  why: '',
  tracks: [],
  posterUrl: '',
  url: '',
  positionMs: 0,
  addedAt: '2026-08-22T12:00:00Z',
  playedAt: '',
};

describe('statusOf', () => {
  test.each<[string, Partial<Item>, string, boolean]>([
    ['passthrough', {}, '1080p · plays as it is', false],
    ['converted', { plays: 'converted', width: 3840, height: 2160 }, '4K · converted for this screen', false],
    ['sound only', { width: 0, height: 0 }, 'sound only · plays as it is', false],
    ['stored', { state: 'stored' }, 'in library', false],
    [
      'stored, and nothing else',
      { state: 'stored', sourceMissing: true },
      'in library · original is missing',
      false,
    ],
    [
      'storing, but held up',
      {
        progress: {
          kind: 'storing',
          fraction: 0.2,
          remainingMs: -1,
          problem: { code: 'disk_full', message: 'There is no room.' },
        },
      },
      'storing · waits',
      true,
    ],
    ['missing', { state: 'missing' }, 'original is missing', true],
    ['failed', { state: 'failed' }, 'cannot be played', true],
    [
      'storing',
      { progress: { kind: 'storing', fraction: 0.62, remainingMs: 170_000 } },
      'storing · 62% · 3 min left',
      false,
    ],
    [
      'storing, not known how far',
      { progress: { kind: 'storing', fraction: -1, remainingMs: 0 } },
      'storing',
      false,
    ],
    ['reading', { progress: { kind: 'indexing', fraction: -1, remainingMs: 0 } }, 'reading the file', false],
    [
      'a poster being made is nobody’s business',
      { progress: { kind: 'poster', fraction: -1, remainingMs: 0 } },
      '1080p · plays as it is',
      false,
    ],
  ])('%s', (_, change, words, warn) =>
    expect(statusOf({ ...item, ...change })).toMatchObject({ words, warn }),
  );
});

describe('watched', () => {
  test.each([
    [0, 100, 0],
    [50, 100, 0.5],
    [500, 100, 1],
    [5, 0, 0],
  ])('%d of %d is %d', (positionMs, durationMs, want) => {
    expect(watched({ ...item, positionMs, durationMs })).toBe(want);
  });
});
