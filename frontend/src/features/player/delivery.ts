import type { Damage, Delivery } from '../../lib/api';
import type { Quality, Track } from '../../lib/player';
import { text } from './text';

/** What is played now: a quality of the pictures (or of sound alone), and a sound beside it. */
export interface Playing {
  quality: Quality;
  audio: Track | undefined;
}

const original = 'original';

/** What is done with it, in two words. */
export function noteOf({ quality, audio }: Playing): string {
  if (quality.rendition !== original) return text.converted;
  return audio && audio.rendition !== original ? text.soundConverted : text.asItIs;
}

/** Why, in sentences, for a sound and the best quality or a lesser one. The deliveries are of the best quality: what is smaller than that says so itself. */
export function whyOf(audio: Track | undefined, best: boolean, deliveries: readonly Delivery[]): string[] {
  const picture = deliveries.find(({ kind }) => kind === 'video');
  const sounds = deliveries.filter(({ kind }) => kind === 'audio');
  const sound =
    sounds.find(({ track }) => track === audio?.number) ?? (sounds.length === 1 ? sounds[0] : undefined);
  const why = [(picture && !best ? text.smaller : picture?.text) ?? '', sound?.text ?? ''];
  // Of picture and sound the same may be said.
  return [...new Set(why)].filter((each) => each !== '');
}

/** The most damaged parts that are told one by one. */
const mostTold = 4;

/** What could not be read, in sentences. */
export function harmOf(damage: readonly Damage[]): string[] {
  const told = [...new Set(damage.slice(0, mostTold).map(({ text }) => text))];
  const more = damage.length - mostTold;
  return more > 0 ? [...told, text.moreDamage(more)] : told;
}
