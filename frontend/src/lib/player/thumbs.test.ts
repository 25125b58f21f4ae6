import { afterEach, expect, test, vi } from 'vitest';
import { Thumbnails } from './thumbnails.svelte';
import { parseThumbs, thumbAt } from './thumbs';

const address = 'http://127.0.0.1:5000/m/token/item/thumbs.vtt';

const index = (...cues: string[]) => ['WEBVTT', ...cues].join('\n\n') + '\n';
const cue = (from: string, to: string, picture: string) => `${from} --> ${to}\n${picture}`;

const two = [
  cue('00:00:00.000', '00:00:02.500', 'thumbs/0.jpg?v=1x#xywh=0,0,240,136'),
  cue('00:00:02.500', '101:00:00.000', 'thumbs/1.jpg?v=2y#xywh=240,136,240,136'),
];

test('an index is read', () => {
  expect(parseThumbs(index(...two), address)).toEqual({
    unfinished: false,
    thumbs: [
      {
        start: 0,
        end: 2.5,
        url: 'http://127.0.0.1:5000/m/token/item/thumbs/0.jpg?v=1x',
        x: 0,
        y: 0,
        width: 240,
        height: 136,
      },
      {
        start: 2.5,
        end: 363_600,
        url: 'http://127.0.0.1:5000/m/token/item/thumbs/1.jpg?v=2y',
        x: 240,
        y: 136,
        width: 240,
        height: 136,
      },
    ],
  });
  expect(parseThumbs(index('NOTE unfinished', ...two), address)).toMatchObject({ unfinished: true });
  expect(parseThumbs(index('NOTE unfinished'), address)).toEqual({ unfinished: true, thumbs: [] });
  expect(parseThumbs(index(...two).replaceAll('\n', '\r\n'), address).thumbs).toHaveLength(2);
});

test.each([
  ['nothing', ''],
  ['a page', '<!doctype html>'],
  ['another place', index(cue('00:00:00.000', '00:00:01.000', 'http://evil/0.jpg#xywh=0,0,9,9'))],
  ['a way out', index(cue('00:00:00.000', '00:00:01.000', 'thumbs/../0.jpg#xywh=0,0,9,9'))],
  ['a style', index(cue('00:00:00.000', '00:00:01.000', 'thumbs/0.jpg");x:url("y#xywh=0,0,9,9'))],
  ['no area', index(cue('00:00:00.000', '00:00:01.000', 'thumbs/0.jpg'))],
  ['an empty area', index(cue('00:00:00.000', '00:00:01.000', 'thumbs/0.jpg#xywh=0,0,0,9'))],
  ['a vast area', index(cue('00:00:00.000', '00:00:01.000', 'thumbs/0.jpg#xywh=0,0,9999,9'))],
  ['no time', index(cue('00:00:01.000', '00:00:01.000', 'thumbs/0.jpg#xywh=0,0,9,9'))],
  ['time in an odd form', index(cue('0:1', '0:2', 'thumbs/0.jpg#xywh=0,0,9,9'))],
  ['too much', index(...two) + ' '.repeat(1_000_000)],
])('nothing is taken of %s', (_, text) => {
  expect(parseThumbs(text, address).thumbs).toEqual([]);
});

test('what goes back in time is passed over, and there is an end', () => {
  const back = cue('00:00:01.000', '00:00:03.000', 'thumbs/2.jpg#xywh=0,0,9,9');
  expect(parseThumbs(index(...two, back), address).thumbs).toHaveLength(2);
  const many = Array.from({ length: 5000 }, (_, i) => {
    const at = (n: number) => `${String(n).padStart(2, '0')}:00:00.000`;
    return cue(at(i), at(i + 1), 'thumbs/0.jpg#xywh=0,0,9,9');
  });
  expect(parseThumbs(index(...many), address).thumbs).toHaveLength(2000);
});

test('the picture of a time is the one that stands for it', () => {
  const { thumbs } = parseThumbs(
    index(
      cue('00:00:01.000', '00:00:02.000', 'thumbs/0.jpg#xywh=0,0,9,9'),
      cue('00:00:02.000', '00:00:03.000', 'thumbs/1.jpg#xywh=0,0,9,9'),
      cue('00:00:05.000', '00:00:06.000', 'thumbs/2.jpg#xywh=0,0,9,9'),
    ),
    address,
  );
  const at = (seconds: number) => thumbs.indexOf(thumbAt(thumbs, seconds) ?? thumbs[9]!);
  expect([0, 0.99, 1, 1.99, 2, 3, 4.9, 5, 6.01, 8].map(at)).toEqual([-1, -1, 0, 0, 1, -1, -1, 2, 2, -1]);
  expect(thumbAt([], 1)).toBeUndefined();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('asks until the index is finished, and no longer than it is wanted', async () => {
  vi.useFakeTimers();
  const answers = [
    new Response('busy', { status: 503 }),
    new Response(index('NOTE unfinished')),
    new Response(index('NOTE unfinished', two[0]!)),
    new Response(index(...two)),
  ];
  const asked = vi.fn(() => Promise.resolve(answers.shift() ?? new Response('', { status: 404 })));
  vi.stubGlobal('fetch', asked);
  vi.stubGlobal('location', { href: 'http://127.0.0.1:5000/' });
  const thumbnails = new Thumbnails();
  thumbnails.follow('http://127.0.0.1:5000/m/token/item/multivariant.m3u8?plays=hevc');
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.mock.calls).toEqual([[address, expect.anything()]]);
  await vi.advanceTimersByTimeAsync(4000);
  expect(thumbnails.at(1)?.start).toBe(0);
  expect(thumbnails.at(3)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(thumbnails.at(3)?.start).toBe(2.5);
  expect(asked).toHaveBeenCalledTimes(4);

  thumbnails.stop();
  expect(thumbnails.all).toEqual([]);
  asked.mockImplementation(() => Promise.reject(new TypeError('no network')));
  thumbnails.follow('/m/token/item/multivariant.m3u8');
  await vi.advanceTimersByTimeAsync(2000);
  thumbnails.stop();
  const before = asked.mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveBeenCalledTimes(before);
});
