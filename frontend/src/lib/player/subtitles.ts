import type { Subtitle } from '../api';
import type { Track } from './engine';

/** Images have ids of their own from here on, above those of the engine: their number in addresses is added. */
export const firstImage = 1_000_000;

/**
 * All subtitles that can be chosen: the engine's, with what the program says of them, and those that are images, which
 * no engine knows.
 */
export function listed(tracks: readonly Track[], known: readonly Subtitle[]): Track[] {
  const texts = tracks.map((track) => {
    const subtitle = known.find((each) => each.track === track.number);
    return subtitle ? { ...track, ...told(subtitle), name: subtitle.title || track.name } : track;
  });
  const images = known
    .filter(({ kind }) => kind === 'image')
    .map((subtitle) => ({
      id: firstImage + subtitle.track,
      name: subtitle.title,
      default: subtitle.default,
      channels: 0,
      number: subtitle.track,
      rendition: '',
      ...told(subtitle),
    }));
  return [...texts, ...images];
}

function told({
  language,
  forced,
  impaired,
  commentary,
}: Subtitle): Omit<Track, 'id' | 'name' | 'default' | 'channels' | 'number' | 'rendition'> {
  return { language, forced, impaired, commentary };
}
