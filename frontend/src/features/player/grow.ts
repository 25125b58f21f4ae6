import { cubicOut } from 'svelte/easing';
import type { TransitionConfig } from 'svelte/transition';
import type { Origin } from '../../lib/state/stage.svelte';
import { still } from '../../lib/ui';

/** Grows out of a card to the whole window, and back into it; without a card it comes out of the middle. */
export function grow(_: Element, origin: Origin | undefined): TransitionConfig {
  if (still()) return { duration: 0 };
  const { innerWidth: width, innerHeight: height } = window;
  const from = origin ?? { x: width * 0.03, y: height * 0.03, width: width * 0.94, height: height * 0.94 };
  const scaleX = from.width / width;
  const scaleY = from.height / height;
  return {
    duration: 220,
    easing: cubicOut,
    css: (t) => {
      const rest = 1 - t;
      const scale = (s: number) => (s + (1 - s) * t).toFixed(4);
      return (
        `transform-origin: 0 0; transform: translate(${(from.x * rest).toFixed(2)}px, ${(from.y * rest).toFixed(2)}px) ` +
        `scale(${scale(scaleX)}, ${scale(scaleY)}); border-radius: ${(10 * rest).toFixed(1)}px; opacity: ${Math.min(1, t * 2.5).toFixed(3)}`
      );
    },
  };
}
