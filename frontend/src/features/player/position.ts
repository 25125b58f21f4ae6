import { api, toApiError, unreachable } from '../../lib/api';
import type { Player } from '../../lib/player';

/** How often the place is saved while a video plays, in milliseconds. */
export const saveEveryMs = 5000;

/** Saves where a viewer is in an item, when it has changed. */
export class PositionKeeper {
  #id: string;
  #player: Player;
  #savedMs: number | undefined;

  constructor(id: string, player: Player) {
    this.#id = id;
    this.#player = player;
  }

  /** Saves, and waits until it is. */
  async save(): Promise<void> {
    const positionMs = this.#changed();
    if (positionMs === undefined) return;
    try {
      await api.savePosition({ id: this.#id, positionMs });
    } catch (thrown) {
      // The next one comes in a moment; that nothing answers is shown elsewhere.
      this.#savedMs = undefined;
      if (toApiError(thrown).code !== unreachable) console.warn('save position', thrown);
    }
  }

  /** Saves while the page goes away. */
  farewell(): void {
    const positionMs = this.#changed();
    if (positionMs !== undefined) api.farewell('savePosition', { id: this.#id, positionMs });
  }

  #changed(): number | undefined {
    if (!this.#player.started) return undefined;
    const positionMs = Math.round(this.#player.currentTime * 1000);
    if (this.#savedMs !== undefined && Math.abs(positionMs - this.#savedMs) < 500) return undefined;
    this.#savedMs = positionMs;
    return positionMs;
  }
}
