/** How long after the last movement the controls go, in milliseconds. */
const idleMs = 2500;

/** Whether anybody has moved lately. */
export class Idle {
  idle = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  poke(): void {
    this.idle = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.idle = true), idleMs);
  }

  /** The hand has left the window. */
  leave(): void {
    clearTimeout(this.#timer);
    this.idle = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
