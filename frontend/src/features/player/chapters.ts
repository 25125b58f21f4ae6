import type { Chapter } from '../../lib/api';

/** So long after its beginning, in seconds, going back means this chapter's beginning and not the one before. */
const again = 3;

/** The chapter at a time in seconds, by its place in the list; -1 before the first. */
export function chapterAt(chapters: readonly Chapter[], seconds: number): number {
  return chapters.findLastIndex(({ startMs }) => startMs <= Math.round(seconds * 1000));
}

/** Where the next chapter (1) or the one before (-1) begins, in seconds; undefined where there is none. */
export function chapterBy(chapters: readonly Chapter[], seconds: number, by: number): number | undefined {
  const now = chapterAt(chapters, seconds);
  const started = (chapters[now]?.startMs ?? 0) / 1000;
  const to = by < 0 && seconds - started > again ? now : now + by;
  const chapter = chapters[to];
  if (chapter) return chapter.startMs / 1000;
  return by < 0 && chapters.length > 0 ? 0 : undefined;
}
