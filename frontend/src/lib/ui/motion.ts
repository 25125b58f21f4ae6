import { cubicOut } from 'svelte/easing';

/** Whether the reader asks for things to stay where they are. */
export function still(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Parameters of a transition that takes as long as it should, or no time at all. */
export function moving<T extends object>(duration: number, more?: T) {
  return { easing: cubicOut, ...more, duration: still() ? 0 : duration } as T & {
    duration: number;
    easing: typeof cubicOut;
  };
}
