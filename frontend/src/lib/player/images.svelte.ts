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

/** Where the segments of subtitles are. */
export interface Place {
  /** The multivariant playlist, beside which they lie. */
  url: string;
  segmentMs: number;
  segments: number;
}

interface Segment {
  screens: readonly Screen[];
  /** When it may be asked for again, after it could not be had. */
  retryAt: number;
}

const retryMs = 3000;
/** How long before its end the next segment is fetched. */
const aheadMs = 15_000;
const kept = 6;

/** Subtitles of one track that are images, fetched as they are needed. */
export class Images {
  /** Changes whenever there is more to be seen. */
  version = $state(0);
  #place: Place;
  #track: number;
  #segments = new Map<number, Segment>();
  #stop = new AbortController();

  constructor(place: Place, track: number) {
    this.#place = place;
    this.#track = track;
  }

  /** What is shown at a time. What that needs and is not there yet is on its way. */
  at(ms: number): Screen | undefined {
    const { segmentMs, segments } = this.#place;
    if (segmentMs <= 0 || segments <= 0) return undefined;
    const n = Math.min(Math.max(Math.floor(ms / segmentMs), 0), segments - 1);
    this.#want(n);
    if (n + 1 < segments && ms > (n + 1) * segmentMs - aheadMs) this.#want(n + 1);
    return this.#segments.get(n)?.screens.find(({ startMs, endMs }) => ms >= startMs && ms < endMs);
  }

  destroy(): void {
    this.#stop.abort();
  }

  #want(n: number): void {
    const known = this.#segments.get(n);
    if (known && performance.now() < known.retryAt) return;
    this.#segments.delete(n);
    this.#segments.set(n, { screens: [], retryAt: Infinity });
    const oldest = this.#segments.keys().next().value;
    if (this.#segments.size > kept && oldest !== undefined) this.#segments.delete(oldest);
    void this.#fetch(n);
  }

  async #fetch(n: number): Promise<void> {
    const url = new URL(`t/${this.#track}/${n}.json`, new URL(this.#place.url, location.href));
    try {
      const answer = await fetch(url, { signal: this.#stop.signal });
      if (!answer.ok) throw new Error(`subtitles: ${answer.status}`);
      const { screens } = (await answer.json()) as { screens: Screen[] };
      this.#segments.set(n, { screens, retryAt: Infinity });
      this.version++;
    } catch {
      // A video plays without them; they are asked for again.
      if (!this.#stop.signal.aborted)
        this.#segments.set(n, { screens: [], retryAt: performance.now() + retryMs });
    }
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
