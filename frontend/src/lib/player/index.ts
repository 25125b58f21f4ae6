import type { EngineFactory } from './engine';
import type { createDrawer } from './script';

export { canvasBox, type Drawn, drawnBox, Images, pictureBox, type Screen } from './images.svelte';
export { type Place, Segments } from './segments.svelte';
export type { Clock, Drawer } from './script';
export { auto, type FailureKind, off, type Quality, type Track } from './engine';
export { Player, type Span } from './player.svelte';
export { Thumbnails } from './thumbnails.svelte';
export type { Thumb } from './thumbs';
export { requestOf, type Request, shortcuts } from './shortcuts';

let engine: Promise<EngineFactory> | undefined;

/**
 * The engine, loaded once. It is larger than the rest of the page and not needed to show the library, so it comes
 * after the first paint; calling this early makes the first drop as quick as the second.
 */
export function loadEngine(): Promise<EngineFactory> {
  engine ??= import('./hls').then((module) => module.createEngine);
  // A failed load is tried again the next time.
  engine.catch(() => (engine = undefined));
  return engine;
}

let drawers: Promise<typeof createDrawer> | undefined;

/** What draws scripts of subtitles, loaded when the first one is chosen. */
export function loadDrawer(): Promise<typeof createDrawer> {
  drawers ??= import('./script').then((module) => module.createDrawer);
  drawers.catch(() => (drawers = undefined));
  return drawers;
}
