import type { EngineFactory } from './engine';

export {
  canvasBox,
  type Drawn,
  drawnBox,
  Images,
  pictureBox,
  type Place,
  type Screen,
} from './images.svelte';
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
