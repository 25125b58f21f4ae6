import type { Item } from '../../lib/api';
import { pictureSize } from '../../lib/format';
import { text } from './text';

/** The one thing worth knowing about an item now. */
export interface Status {
  words: string;
  /** Something the person should look at. */
  warn: boolean;
  /** How far it has come, 0 to 1, -1 when nobody knows; undefined when nothing is under way. */
  fraction?: number;
  /** What there is to say of it besides, in a sentence. */
  why?: string;
}

export function statusOf(item: Item): Status {
  if (item.state === 'failed') return { words: text.failed, warn: true };
  if (item.state === 'missing') return { words: text.missing, warn: true };
  const { progress } = item;
  if (progress?.kind === 'storing') {
    const parts = [text.storing];
    if (progress.problem)
      return { words: [...parts, text.waits].join(' · '), warn: true, why: progress.problem.message };
    if (progress.fraction >= 0) parts.push(text.part(progress.fraction));
    if (progress.remainingMs > 0) parts.push(text.left(progress.remainingMs));
    return { words: parts.join(' · '), warn: false, fraction: progress.fraction };
  }
  if (progress?.kind === 'indexing')
    return { words: text.indexing, warn: false, fraction: progress.fraction };
  if (item.state === 'stored')
    return { words: item.sourceMissing ? text.storedAlone : text.stored, warn: false };
  const size = item.width > 0 ? pictureSize(item.width, item.height) : text.soundOnly;
  const plays = item.plays === 'as_it_is' ? text.asItIs : text.converted;
  return { words: [size, plays].filter((part) => part !== '').join(' · '), warn: false };
}

/** How much of an item was watched, 0 to 1; 0 when it was not begun. */
export function watched(item: Item): number {
  if (item.durationMs <= 0 || item.positionMs <= 0) return 0;
  return Math.min(item.positionMs / item.durationMs, 1);
}
