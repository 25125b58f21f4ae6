import { describe, expect, test } from 'vitest';
import { chapterAt, chapterBy } from './chapters';

const chapters = [0, 60, 120].map((seconds) => ({ startMs: seconds * 1000, endMs: 0, title: '' }));

describe('chapters', () => {
  test.each([
    [0, 0],
    [59.9, 0],
    [60, 1],
    [500, 2],
  ])('at %d s it is chapter %d', (seconds, want) => expect(chapterAt(chapters, seconds)).toBe(want));
  test('there may be none', () => {
    expect(chapterAt([], 5)).toBe(-1);
    expect(chapterBy([], 5, 1)).toBeUndefined();
    expect(chapterBy([], 5, -1)).toBeUndefined();
  });
  test.each([
    [10, 1, 60],
    [130, 1, undefined],
    [61, -1, 0],
    [70, -1, 60],
    [1, -1, 0],
  ])('from %d s by %d it goes to %s', (seconds, by, want) =>
    expect(chapterBy(chapters, seconds, by)).toBe(want),
  );
});
