import { describe, expect, test } from 'vitest';
import { columnsFor, drawnPart } from './window';

test.each([
  [0, 1],
  [232, 1],
  [479, 1],
  [480, 2],
  [1152, 4],
  [2512, 10],
])('%d px hold %d columns', (width, want) => expect(columnsFor(width)).toBe(want));

describe('drawnPart', () => {
  // Rows of 200 px with 24 px between them, four across.
  const part = (total: number, top: number, view = 700) => drawnPart(total, 4, 200, top, view);

  test('the top', () =>
    expect(part(5000, 0)).toEqual({ from: 0, to: 28, before: 0, height: 1250 * 224 - 24 }));
  test('above the top', () => expect(part(5000, -400)).toMatchObject({ from: 0, before: 0 }));
  test('the middle', () => {
    const drawn = part(5000, 224 * 600);
    expect(drawn).toMatchObject({ from: 597 * 4, before: 597 * 224 });
    expect(drawn.to - drawn.from).toBeLessThan(50);
  });
  test('the end', () => expect(part(4999, 224 * 1250)).toMatchObject({ to: 4999 }));
  test('beyond the end, after it became shorter', () => {
    const drawn = part(3, 224 * 900);
    expect([drawn.from, drawn.to]).toEqual([0, 3]);
  });
  test('nothing', () => expect(part(0, 0)).toEqual({ from: 0, to: 0, before: 0, height: 0 }));
});
