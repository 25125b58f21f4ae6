/** A picture of some time of a video: a part of a sheet of such pictures. */
export interface Thumb {
  /** When it begins to stand for what is shown, and until when it does, in seconds. */
  start: number;
  end: number;
  /** The sheet. */
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface ThumbIndex {
  /** In the order of time; none overlaps another. */
  thumbs: Thumb[];
  /** More are in the making. */
  unfinished: boolean;
}

/** What is read of an index at most: many times as much as there is. */
const most = { characters: 1_000_000, thumbs: 2_000, side: 4096 };

const timing = /^(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})$/;
const picture =
  /^(thumbs\/\d{1,3}\.jpg(?:\?v=[0-9a-z]{1,16})?)#xywh=(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})$/;

/** Reads the WebVTT index at an address. What is not of the form that is expected is passed over. */
export function parseThumbs(text: string, address: string): ThumbIndex {
  const index: ThumbIndex = { thumbs: [], unfinished: false };
  if (text.length > most.characters || !/^WEBVTT(\s|$)/.test(text)) return index;
  let last = 0;
  for (const block of text.split(/(?:\r?\n){2,}/)) {
    const lines = block.trim().split(/\r?\n/);
    if (lines[0] === 'NOTE unfinished') index.unfinished = true;
    const when = timing
      .exec(lines[0] ?? '')
      ?.slice(1)
      .map(Number);
    const found = picture.exec(lines[1] ?? '');
    if (!when || !found || lines.length !== 2) continue;
    const [path, ...area] = found.slice(1);
    const [x, y, width, height] = area.map(Number) as [number, number, number, number];
    const start = seconds(when.slice(0, 4));
    const end = seconds(when.slice(4));
    if (start < last || end <= start || !path || Math.min(width, height) < 1) continue;
    if (Math.max(width, height) > most.side || index.thumbs.length === most.thumbs) continue;
    index.thumbs.push({ start, end, url: new URL(path, address).href, x, y, width, height });
    last = end;
  }
  return index;
}

function seconds([hours = 0, minutes = 0, seconds = 0, thousandths = 0]: number[]): number {
  return hours * 3600 + minutes * 60 + seconds + thousandths / 1000;
}

/** The picture that stands for a time, if there is one. */
export function thumbAt(thumbs: Thumb[], seconds: number): Thumb | undefined {
  let low = 0;
  let high = thumbs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((thumbs[middle] as Thumb).start <= seconds) low = middle + 1;
    else high = middle;
  }
  const found = thumbs[low - 1];
  // The end of the video is a time, too, and rounded.
  const slack = low === thumbs.length ? 0.25 : 0;
  return found && seconds < found.end + slack ? found : undefined;
}
