import type { Item } from '../api';

/** Where a card was when it was opened, in CSS pixels: the player grows out of it. */
export interface Origin {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Scene {
  /** Counts openings: the same item opened again is another scene. */
  number: number;
  item: Item;
  origin: Origin | undefined;
}

/** What is open over everything: an item in the player, a panel, or nothing. */
class Stage {
  scene = $state.raw<Scene | undefined>();
  panel = $state<'settings' | 'path' | 'locate' | undefined>();
  /** The item whose original is looked for, and whether it is to be played then. */
  locating = $state.raw<{ item: Item; play: boolean } | undefined>();

  #number = 0;
  #returnTo: HTMLElement | undefined;

  play(item: Item, origin?: Origin): void {
    if (!this.scene) this.#remember();
    this.panel = undefined;
    this.scene = { number: ++this.#number, item, origin };
  }

  /** Closes the player and gives the focus back to where it came from. */
  stop(): void {
    this.scene = undefined;
    this.#giveBack();
  }

  show(panel: 'settings' | 'path'): void {
    if (!this.panel && !this.scene) this.#remember();
    this.panel = panel;
  }

  /** Asks for the place of an item's original. */
  locate(item: Item, play: boolean): void {
    if (!this.panel && !this.scene) this.#remember();
    this.scene = undefined;
    this.locating = { item, play };
    this.panel = 'locate';
  }

  hide(): void {
    this.panel = undefined;
    this.locating = undefined;
    if (!this.scene) this.#giveBack();
  }

  #remember(): void {
    const active = document.activeElement;
    this.#returnTo = active instanceof HTMLElement && active !== document.body ? active : undefined;
  }

  #giveBack(): void {
    const target = this.#returnTo;
    this.#returnTo = undefined;
    // The page is inert until the change has been drawn.
    requestAnimationFrame(() => {
      if (target?.isConnected) target.focus({ preventScroll: true });
    });
  }
}

export const stage = new Stage();
