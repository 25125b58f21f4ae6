import { type Place, Segments } from './segments.svelte';

/** One rectangle of a screen: where it lies on the canvas, and its picture. */
export interface Drawn {
  x: number;
  y: number;
  width: number;
  height: number;
  url: string;
}

/** What subtitles lay over the picture for a while. */
export interface Screen {
  startMs: number;
  endMs: number;
  /** Of the canvas. */
  width: number;
  height: number;
  forced: boolean;
  pictures: Drawn[];
}

/** Subtitles of one track that are images, fetched as they are needed. */
export class Images {
  #segments: Segments<readonly Screen[]>;

  constructor(place: Place, track: number) {
    this.#segments = new Segments(place, track, 'json', async (answer) => {
      const { screens } = (await answer.json()) as { screens: Screen[] };
      return screens;
    });
  }

  /** Changes whenever there is more to be seen. */
  get version(): number {
    return this.#segments.version;
  }

  /** What is shown at a time. What that needs and is not there yet is on its way. */
  at(ms: number): Screen | undefined {
    return this.#segments.at(ms)?.find(({ startMs, endMs }) => ms >= startMs && ms < endMs);
  }

  destroy(): void {
    this.#segments.destroy();
  }
}

/** A rectangle in CSS pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where the picture lies in its frame, which it fills as far as its shape allows. */
export function pictureBox(
  frame: { width: number; height: number },
  shape: { width: number; height: number },
): Box {
  if (shape.width <= 0 || shape.height <= 0) return { left: 0, top: 0, ...frame };
  const scale = Math.min(frame.width / shape.width, frame.height / shape.height);
  const [width, height] = [shape.width * scale, shape.height * scale];
  return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
}

/**
 * Where the canvas of subtitles lies. One of 16:9 has square pixels: a picture of another shape was cut out of such a
 * one, so the canvas reaches beyond it. Others (of DVD, of television) are as wide and high as the picture, whatever
 * their pixels are like.
 */
export function canvasBox(picture: Box, canvas: { width: number; height: number }): Box {
  const wide = Math.abs((canvas.width * 9) / (canvas.height * 16) - 1) < 0.01;
  if (!wide) return picture;
  const scale = Math.max(picture.width / canvas.width, picture.height / canvas.height);
  const [width, height] = [canvas.width * scale, canvas.height * scale];
  return {
    left: picture.left + (picture.width - width) / 2,
    top: picture.top + (picture.height - height) / 2,
    width,
    height,
  };
}

/** Where one rectangle of a screen lies: on its canvas, but never outside the frame. */
export function drawnBox(
  drawn: Drawn,
  canvas: Box,
  screen: Screen,
  frame: { width: number; height: number },
): Box {
  const [sx, sy] = [canvas.width / screen.width, canvas.height / screen.height];
  const [width, height] = [drawn.width * sx, drawn.height * sy];
  const inside = (at: number, size: number, room: number) => Math.max(Math.min(at, room - size), 0);
  return {
    left: inside(canvas.left + drawn.x * sx, width, frame.width),
    top: inside(canvas.top + drawn.y * sy, height, frame.height),
    width,
    height,
  };
}
