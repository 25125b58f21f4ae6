import { describe, expect, test } from 'vitest';
import { clock, day, percent, pictureSize, rough, size, span } from '.';

describe('clock', () => {
  test.each([
    [0, '0:00'],
    [999, '0:00'],
    [7_000, '0:07'],
    [1_450_000, '24:10'],
    [6_127_000, '1:42:07'],
    [36_000_000, '10:00:00'],
    [-5, '0:00'],
    [Number.NaN, '0:00'],
    [Infinity, '0:00'],
  ])('%d ms is %s', (ms, want) => expect(clock(ms, 'en')).toBe(want));

  test('writes the digits of the reader', () => expect(clock(61_000, 'ar-EG')).toBe('١:٠١'));
});

describe('span', () => {
  test.each([
    [0, '0 seconds'],
    [1_000, '1 second'],
    [6_127_000, '1 hour 42 minutes 7 seconds'],
    [3_600_000, '1 hour'],
  ])('%d ms is %s', (ms, want) => expect(span(ms, 'en')).toBe(want));
});

describe('rough', () => {
  test.each([
    [40_000, '40 sec'],
    [61_000, '2 min'],
    [5_340_000, '89 min'],
    [7_200_000, '2 hr'],
  ])('%d ms is %s', (ms, want) => expect(rough(ms, 'en')).toBe(want));
});

describe('size', () => {
  test.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [41_200_000_000, '41.2 GB'],
    [100_000_000_000, '100 GB'],
    [Number.NaN, '0 bytes'],
  ])('%d is %s', (bytes, want) => expect(size(bytes, 'en')).toBe(want));

  test('uses the marks of the reader', () => expect(size(41_200_000_000, 'de')).toBe('41,2\u00a0GB'));
});

test('percent stays between nothing and all', () => {
  expect([percent(0.62, 'en'), percent(-1, 'en'), percent(2, 'en')]).toEqual(['62%', '0%', '100%']);
});

test('day is empty when it is no date', () => {
  expect([day('', 'en'), day('soon', 'en')]).toEqual(['', '']);
  expect(day('2026-08-22T12:00:00Z', 'en-GB')).toBe('22 Aug 2026');
});

describe('pictureSize', () => {
  test.each([
    [1920, 1080, '1080p'],
    [1920, 800, '1080p'],
    [1080, 1920, '1080p'],
    [3840, 2160, '4K'],
    [1280, 720, '720p'],
    [768, 576, '576p'],
    [640, 360, '360p'],
    [320, 240, '240p'],
    [128, 96, '96p'],
    [0, 0, ''],
  ])('%d by %d is %s', (width, height, want) => expect(pictureSize(width, height)).toBe(want));
});
