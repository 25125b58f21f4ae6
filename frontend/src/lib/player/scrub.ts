/** How often a place is asked for while a hand moves along the timeline, in milliseconds. */
const everyMs = 250;

/** Thins out the places that a hand passes: the first at once, then only the newest, a few times a second. */
export class Scrub {
  #go: (seconds: number) => void;
  #wanted: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(go: (seconds: number) => void) {
    this.#go = go;
  }

  to(seconds: number): void {
    this.#wanted = seconds;
    if (this.#timer === undefined) this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
  }

  #next(): void {
    const seconds = this.#wanted;
    this.#wanted = undefined;
    this.#timer = seconds === undefined ? undefined : setTimeout(() => this.#next(), everyMs);
    if (seconds !== undefined) this.#go(seconds);
  }
}
