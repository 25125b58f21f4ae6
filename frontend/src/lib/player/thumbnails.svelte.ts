import { parseThumbs, type Thumb, thumbAt } from './thumbs';

/** How long to wait before asking again for what is in the making: longer each time, in milliseconds. */
const again = { first: 1500, growth: 1.4, longest: 15_000, tries: 60 };

/** The thumbnails of a video, as they come into being. */
export class Thumbnails {
  all = $state.raw<Thumb[]>([]);
  #life: AbortController | undefined;

  /** The one that stands for a time, in seconds. */
  at(seconds: number): Thumb | undefined {
    return thumbAt(this.all, seconds);
  }

  /** Follows the index that stands beside a multivariant playlist, until it is finished. */
  follow(playlist: string): void {
    this.stop();
    const life = new AbortController();
    this.#life = life;
    const address = new URL('thumbs.vtt', new URL(playlist, location.href)).href;
    let wait = again.first;
    let left = again.tries;
    const ask = async () => {
      const unfinished = await this.#read(address, life.signal);
      if (life.signal.aborted || !unfinished || --left === 0) return;
      const timer = setTimeout(() => void ask(), wait);
      life.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      wait = Math.min(wait * again.growth, again.longest);
    };
    void ask();
  }

  /** Stops asking, and forgets. */
  stop(): void {
    this.#life?.abort();
    this.#life = undefined;
    this.all = [];
  }

  /** Reads the index once; true when it is worth asking again. A video plays without thumbnails: no failure is told. */
  async #read(address: string, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await fetch(address, { signal, cache: 'no-cache' });
      // What is busy comes back; what is not there does not.
      if (!answer.ok) return answer.status >= 500;
      const { thumbs, unfinished } = parseThumbs(await answer.text(), address);
      if (!signal.aborted) this.all = thumbs;
      return unfinished;
    } catch {
      return !signal.aborted;
    }
  }
}
