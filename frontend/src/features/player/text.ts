import { clock, languageName, number, percent, pictureSize, span } from '../../lib/format';
import type { FailureKind, Quality, Track } from '../../lib/player';

/** The words of the player. */
export const text = {
  player: (title: string) => `Player: ${title}`,
  back: 'Back to the library',
  play: 'Play',
  pause: 'Pause',
  replay: 'Play again',
  back10: 'Back 10 seconds',
  forward10: 'Forward 10 seconds',
  mute: 'Sound off',
  unmute: 'Sound on',
  volume: 'Volume',
  volumeValue: (volume: number) => percent(volume),
  timeline: 'Timeline',
  place: (seconds: number, of: number) => `${span(seconds * 1000)} of ${span(of * 1000)}`,
  time: (seconds: number) => clock(seconds * 1000),
  quality: 'Quality',
  auto: 'Automatic',
  original: 'Original',
  sound: 'Sound',
  now: (name: string) => `now ${name}`,
  asItIs: 'plays as it is',
  soundConverted: 'sound converted',
  converted: 'converted',
  moreDamage: (n: number) => `${number(n)} more parts of it are damaged.`,
  smaller: 'The picture is made smaller than the original.',
  qualityName(quality: Quality): string {
    if (quality.rendition === 'original') return text.original;
    return /^\d+p$/.test(quality.rendition) ? quality.rendition : pictureSize(quality.height, quality.height);
  },
  audio: 'Audio',
  subtitles: 'Subtitles',
  off: 'Off',
  forced: 'foreign parts only',
  audioName: (track: Track) => trackName(track, `Audio ${track.id + 1}`),
  audioDetail(track: Track): string {
    const language = languageName(track.language);
    const named = text.audioName(track).toLowerCase().includes(language.toLowerCase());
    const parts = [
      named ? '' : language,
      layoutName(track.channels),
      track.rendition === 'original' ? 'as it is' : text.converted,
      track.default ? text.usual : '',
    ];
    return parts.filter((part) => part !== '').join(' · ');
  },
  subtitlesName: (track: Track, place = track.id) => trackName(track, `Subtitles ${place + 1}`),
  subtitlesNote({ forced, impaired, commentary }: Track): string | undefined {
    const parts = [
      forced ? text.forced : '',
      impaired ? 'for those who do not hear' : '',
      commentary ? 'commentary' : '',
    ];
    return parts.filter((part) => part !== '').join(' · ') || undefined;
  },
  chapters: 'Chapters',
  chapterName: (title: string, place: number) => title || `Chapter ${number(place + 1)}`,
  speed: 'Speed',
  rate: (rate: number) => `${number(rate)}×`,
  usual: 'usual',
  full: 'Fill the screen',
  unfull: 'Leave the full screen',
  loading: 'Loading',
  tryAgain: 'Try again',
  failedTitle: 'This video stopped',
  failures: {
    network: 'The rest of the video did not arrive. It may help to try again.',
    media: 'The picture could not be decoded here. It may help to try again or to choose another quality.',
    unsupported: 'This browser cannot play what drop.stream sends. A newer one can.',
  } satisfies Record<FailureKind, string>,
  keep: 'Keep a copy',
  unkeep: 'Stop keeping',
  storing: (fraction: number) => (fraction >= 0 ? `storing · ${percent(fraction)}` : 'storing'),
  locate: 'Locate…',
  cannotOpen: 'This video cannot be opened',
};

/** What people call so many channels. */
function layoutName(channels: number): string {
  const known: Record<number, string> = { 0: '', 1: 'mono', 2: 'stereo', 3: '2.1', 6: '5.1', 8: '7.1' };
  return known[channels] ?? `${number(channels)} channels`;
}

/**
 * What a track is called: the title that the file gives it, or else its language. A track without a title comes under
 * its language's code, and a number where there are more of them.
 */
function trackName({ name, language, forced, impaired }: Track, otherwise: string): string {
  let title = (forced ? name.replace(/ \(forced\)(?= \d+$|$)/, '') : name).trim();
  if (impaired) title = title.replace(/ SDH(?= \d+$|$)/, '');
  const code = language || 'und';
  const rest = title.startsWith(code) ? title.slice(code.length) : undefined;
  if (title !== '' && (rest === undefined || !/^( \d+)?$/.test(rest))) return title;
  const known = languageName(language);
  return known === '' ? otherwise : known + (rest ?? '');
}
