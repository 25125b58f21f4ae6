/** Where the segments of subtitles are. */
export interface Place {
  /** The multivariant playlist, beside which they lie. */
  url: string;
  segmentMs: number;
  segments: number;
}

interface Segment<T> {
  /** Nothing until it is there. */
  content?: T;
  /** When it may be asked for again, after it could not be had. */
  retryAt: number;
}

const retryMs = 3000;
/** How long before its end the next segment is fetched. */
const aheadMs = 15_000;
const kept = 6;

/** The segments of one track of subtitles that the page draws itself, fetched as they are needed. */
export class Segments<T> {
  /** Changes whenever there is more to be seen. */
  version = $state(0);
  #place: Place;
  #track: number;
  #form: string;
  #read: (answer: Response) => Promise<T>;
  #segments = new Map<number, Segment<T>>();
  #stop = new AbortController();

  constructor(place: Place, track: number, form: 'json' | 'ass', read: (answer: Response) => Promise<T>) {
    this.#place = place;
    this.#track = track;
    this.#form = form;
    this.#read = read;
  }

  /** The segment of a time, as far as it is there. What that needs and is not there yet is on its way. */
  at(ms: number): T | undefined {
    const { segmentMs, segments } = this.#place;
    if (segmentMs <= 0 || segments <= 0) return undefined;
    const n = Math.min(Math.max(Math.floor(ms / segmentMs), 0), segments - 1);
    this.#want(n);
    if (n + 1 < segments && ms > (n + 1) * segmentMs - aheadMs) this.#want(n + 1);
    return this.#segments.get(n)?.content;
  }

  destroy(): void {
    this.#stop.abort();
  }

  #want(n: number): void {
    const known = this.#segments.get(n);
    if (known && performance.now() < known.retryAt) return;
    this.#segments.delete(n);
    this.#segments.set(n, { retryAt: Infinity });
    const oldest = this.#segments.keys().next().value;
    if (this.#segments.size > kept && oldest !== undefined) this.#segments.delete(oldest);
    void this.#fetch(n);
  }

  async #fetch(n: number): Promise<void> {
    const url = new URL(`t/${this.#track}/${n}.${this.#form}`, new URL(this.#place.url, location.href));
    try {
      const answer = await fetch(url, { signal: this.#stop.signal });
      if (!answer.ok) throw new Error(`subtitles: ${answer.status}`);
      this.#segments.set(n, { content: await this.#read(answer), retryAt: Infinity });
      this.version++;
    } catch {
      // A video plays without them; they are asked for again.
      if (!this.#stop.signal.aborted) this.#segments.set(n, { retryAt: performance.now() + retryMs });
    }
  }
}
