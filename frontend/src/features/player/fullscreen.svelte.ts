/** A key that ended the full screen may still be on its way to the page. */
const echoMs = 400;

/** The whole page fills the screen, so that messages and drops stay to be seen. */
export class Fullscreen {
  on = $state(document.fullscreenElement !== null);
  #endedAt = -Infinity;

  watch(): () => void {
    const follow = () => {
      this.on = document.fullscreenElement !== null;
      if (!this.on) this.#endedAt = performance.now();
    };
    document.addEventListener('fullscreenchange', follow);
    return () => document.removeEventListener('fullscreenchange', follow);
  }

  /** True just after the full screen ended, perhaps by the very key that is asking. */
  get justEnded(): boolean {
    return performance.now() - this.#endedAt < echoMs;
  }

  toggle(): void {
    if (document.fullscreenElement) this.leave();
    else document.documentElement.requestFullscreen().catch(() => undefined);
  }

  leave(): void {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  }
}
