import type { Item } from '../../lib/api';

/** What is being stored: how many items, how far together, and how long it will take. */
export interface Summary {
  count: number;
  /** 0 to 1; -1 when not known of any. */
  fraction: number;
  /** 0 when not known. */
  remainingMs: number;
}

export function summarise(items: Iterable<Item>): Summary {
  const all = [...items].flatMap((item) => (item.progress?.kind === 'storing' ? [item.progress] : []));
  const known = all.filter(({ fraction }) => fraction >= 0);
  const done = known.reduce((sum, { fraction }) => sum + Math.min(fraction, 1), 0);
  return {
    count: all.length,
    fraction: known.length > 0 ? done / known.length : -1,
    // They are stored side by side: the last one to be done says when all are.
    remainingMs: Math.max(0, ...all.map(({ remainingMs }) => remainingMs)),
  };
}
