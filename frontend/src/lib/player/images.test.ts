import { afterEach, describe, expect, test, vi } from 'vitest';
import { canvasBox, drawnBox, Images, pictureBox } from './images.svelte';
import { firstImage, listed } from './subtitles';

describe('where subtitles lie', () => {
  const frame = { width: 1600, height: 900 };
  const picture = { url: '', x: 0, y: 0, width: 100, height: 50 };

  test('on a picture with bars', () => {
    expect(pictureBox(frame, { width: 640, height: 480 })).toEqual({
      left: 200,
      top: 0,
      width: 1200,
      height: 900,
    });
    expect(pictureBox(frame, { width: 0, height: 0 })).toEqual({ left: 0, top: 0, ...frame });
  });

  test('a canvas of other pixels is stretched over the picture', () => {
    const box = { left: 0, top: 100, width: 1600, height: 700 };
    expect(canvasBox(box, { width: 720, height: 576 })).toEqual(box);
  });

  test('a picture that was cut out of its canvas leaves it as it was', () => {
    const box = { left: 0, top: 50, width: 1600, height: 800 };
    expect(canvasBox(box, { width: 1920, height: 1080 })).toEqual({
      left: 0,
      top: 0,
      width: 1600,
      height: 900,
    });
    const square = { left: 200, top: 0, width: 1200, height: 900 };
    expect(canvasBox(square, { width: 1920, height: 1080 })).toEqual({
      left: 0,
      top: 0,
      width: 1600,
      height: 900,
    });
  });

  test('nothing leaves the frame', () => {
    const screen = { startMs: 0, endMs: 1, width: 1920, height: 1080, forced: false, pictures: [] };
    const canvas = { left: 0, top: -100, width: 1600, height: 900 };
    const low = { ...picture, x: 100, y: 1030 };
    expect(drawnBox(low, canvas, screen, { width: 1600, height: 700 }).top).toBeCloseTo(700 - 50 / 1.2);
    expect(drawnBox(picture, canvas, screen, { width: 1600, height: 700 }).top).toBe(0);
  });
});

describe('segments', () => {
  const screen = { startMs: 1000, endMs: 2000, width: 1, height: 1, forced: false, pictures: [] };
  const place = {
    url: 'http://127.0.0.1:1/m/token/item/multivariant.m3u8?plays=hevc',
    segmentMs: 30_000,
    segments: 3,
  };

  afterEach(() => vi.unstubAllGlobals());

  test('are fetched when they are needed, the next one ahead of time', async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (url: URL) => {
      asked.push(url.pathname + url.search);
      return Promise.resolve(new Response(JSON.stringify({ screens: [screen] })));
    });
    const images = new Images(place, 7);
    expect(images.at(1500)).toBeUndefined();
    await vi.waitFor(() => expect(images.at(1500)).toEqual(screen));
    expect(images.at(2000)).toBeUndefined();
    expect(asked).toEqual(['/m/token/item/t/7/0.json']);
    images.at(20_000);
    images.at(99_000);
    expect(asked).toEqual(['0', '1', '2'].map((n) => `/m/token/item/t/7/${n}.json`));
  });

  test('that do not come leave the picture alone', async () => {
    const fetched = vi.fn(() => Promise.resolve(new Response('', { status: 503 })));
    vi.stubGlobal('fetch', fetched);
    const images = new Images(place, 7);
    images.at(0);
    await vi.waitFor(() => expect(fetched).toHaveBeenCalledOnce());
    expect(images.at(0)).toBeUndefined();
  });
});

test('subtitles of every kind are in one list', () => {
  const known = {
    language: 'eng',
    default: false,
    forced: false,
    impaired: false,
    commentary: false,
  };
  const track = {
    name: 'eng SDH',
    language: 'eng',
    forced: false,
    default: false,
    channels: 0,
    rendition: '',
  };
  const all = listed(
    [
      { ...track, id: 0, number: 2 },
      { ...track, id: 1, number: 9 },
    ],
    [
      { ...known, track: 2, kind: 'text', title: '', impaired: true },
      { ...known, track: 3, kind: 'image', title: 'Signs', forced: true },
    ],
  );
  expect(all.map(({ id, name, impaired, forced }) => [id, name, impaired ?? false, forced])).toEqual([
    [0, 'eng SDH', true, false],
    [1, 'eng SDH', false, false],
    [firstImage + 3, 'Signs', false, true],
  ]);
});
