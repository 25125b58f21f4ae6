import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../lib/api';
import type { Quality, Track } from '../../lib/player';
import { harmOf, noteOf, whyOf } from './delivery';

const quality = (rendition: string): Quality => ({ id: 0, rendition, height: 1080, frameRate: 25 });
const audio = (rendition: string, number = 1): Track => ({
  ...{ id: 0, name: '', language: '', forced: false, default: true, channels: 2 },
  number,
  rendition,
});

describe('noteOf', () => {
  test.each([
    ['original', 'original', 'plays as it is'],
    ['original', '', 'plays as it is'],
    ['original', 'aac', 'sound converted'],
    ['720p', 'original', 'converted'],
    ['720p', 'aac', 'converted'],
  ])('%s with %j', (picture, sound, want) => {
    expect(noteOf({ quality: quality(picture), audio: sound === '' ? undefined : audio(sound) })).toBe(want);
  });
});

describe('whyOf', () => {
  const deliveries: Delivery[] = [
    { kind: 'video', track: 0, passthrough: true, text: 'The picture plays as it is.' },
    { kind: 'audio', track: 1, passthrough: false, text: 'Dolby Digital sound is converted to AAC.' },
    { kind: 'audio', track: 2, passthrough: true, text: 'The sound plays as it is.' },
  ];
  const why = (best: boolean, number: number, from = deliveries) => whyOf(audio('aac', number), best, from);

  test('the sound is the one that is heard', () => {
    expect(why(true, 1)).toEqual([deliveries[0]?.text, deliveries[1]?.text]);
    expect(why(true, 2)).toEqual([deliveries[0]?.text, deliveries[2]?.text]);
  });
  test('of several sounds, one that is not known is not guessed', () =>
    expect(why(true, 7)).toEqual([deliveries[0]?.text]));
  test('the only sound needs no number', () =>
    expect(why(true, -1, deliveries.slice(0, 2))).toEqual([deliveries[0]?.text, deliveries[1]?.text]));
  test('a smaller picture is smaller, whatever the best one is', () =>
    expect(why(false, 2)).toEqual(['The picture is made smaller than the original.', deliveries[2]?.text]));
  test('of sound alone nothing is said of a picture', () =>
    expect(why(false, 2, deliveries.slice(1))).toHaveLength(1));
  test('what is the same for both is said once', () => {
    const same = deliveries.map((each) => ({ ...each, text: 'It plays as it is.' }));
    expect(why(true, 2, same)).toEqual(['It plays as it is.']);
  });
  test('nothing is known, nothing is said', () => expect(why(true, 1, [])).toEqual([]));
});

describe('harmOf', () => {
  const damage = (n: number) =>
    Array.from({ length: n }, (_, i) => ({
      kind: 'video' as const,
      fromMs: i,
      toMs: i + 1,
      text: `Part ${i}.`,
    }));

  test('none is not spoken of', () => expect(harmOf([])).toEqual([]));
  test('a few are told', () => expect(harmOf(damage(2))).toEqual(['Part 0.', 'Part 1.']));
  test('many are counted', () =>
    expect(harmOf(damage(40))).toEqual([
      ...['Part 0.', 'Part 1.', 'Part 2.', 'Part 3.'],
      '36 more parts of it are damaged.',
    ]));
});
