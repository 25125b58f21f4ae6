import type { Subtitle } from '../api';
import { sameLanguage } from '../format';
import {
  auto,
  type Engine,
  type EngineFactory,
  type FailureKind,
  off,
  type Quality,
  type Track,
} from './engine';
import { Scrub } from './scrub';
import { firstImage, listed } from './subtitles';
import { keptSound, keepSound } from './sound';

/** A stretch of time, in seconds. */
export interface Span {
  start: number;
  end: number;
}

/** Two failures of decoding closer than this, in seconds, are one that could not be helped. */
const recoverySpacing = 30;

/**
 * What a media element does, as state. Requests go to the element; state comes from its events and is never assumed.
 * Times are in seconds, as the element has them.
 */
export class Player {
  paused = $state(true);
  seeking = $state(false);
  /** A hand is on the timeline: the picture follows it, and nothing plays meanwhile. */
  scrubbing = $state(false);
  waiting = $state(true);
  ended = $state(false);
  /** True from the first picture (or sound) on. */
  started = $state(false);
  currentTime = $state(0);
  duration = $state(0);
  buffered = $state.raw<Span[]>([]);
  volume = $state(1);
  muted = $state(false);
  rate = $state(1);
  /** The pictures are this large; 0 for sound only. */
  videoHeight = $state(0);

  qualities = $state.raw<Quality[]>([]);
  /** The quality that was asked for: an id, or auto. */
  chosen = $state(auto);
  /** The quality that is shown; undefined before the first picture. */
  shown = $state<number | undefined>();
  audios = $state.raw<Track[]>([]);
  /** The sound that was asked for, or else is heard; undefined before there is any. */
  audio = $state<number | undefined>();
  texts = $state.raw<Track[]>([]);
  /** The subtitles that are shown, or off. */
  text = $state(off);
  /** The track, by its number in addresses, whose images are to be drawn over the picture. */
  image = $state<number | undefined>();
  /** The same of a track whose script is to be drawn. */
  styled = $state<number | undefined>();
  failure = $state<FailureKind | undefined>();

  #video: HTMLVideoElement;
  #create: EngineFactory;
  #engine: Engine | undefined;
  #listening = new AbortController();
  #recoveredAt: number | undefined;
  /** The viewer has chosen subtitles, or none: from then on nothing else does. */
  #textByHand = false;
  /** The subtitles that were chosen last. */
  #lastText = off;
  #subtitles: readonly Subtitle[] = [];
  /** Scripts could not be drawn: their text is shown plainly. */
  #plain = false;
  #scrub = new Scrub((seconds) => this.#goTo(seconds));
  /** Where the hand took hold, and whether it played there. */
  #before = { seconds: 0, playing: false };

  constructor(video: HTMLVideoElement, create: EngineFactory) {
    this.#video = video;
    this.#create = create;
    const { volume, muted } = keptSound();
    video.volume = volume;
    video.muted = muted;
    this.#listen();
    this.#readSound();
  }

  /** The quality that is shown. */
  readonly quality = $derived(this.qualities.find(({ id }) => id === this.shown));

  /** Where the video is just now; state follows it four times a second. */
  get now(): number {
    return this.#video.currentTime;
  }

  /** Starts a presentation, at a place in seconds; the length is what is known of it until the element says. */
  load(url: string, start: number, duration: number, subtitles: readonly Subtitle[] = []): void {
    this.#engine?.destroy();
    this.failure = undefined;
    this.started = false;
    this.waiting = true;
    this.ended = false;
    this.chosen = auto;
    this.shown = undefined;
    this.qualities = [];
    this.audios = [];
    this.audio = undefined;
    this.texts = listed([], subtitles);
    this.text = off;
    this.image = undefined;
    this.styled = undefined;
    this.#subtitles = subtitles;
    this.#plain = false;
    this.scrubbing = false;
    this.#scrub.stop();
    this.#textByHand = false;
    this.#lastText = off;
    this.currentTime = start;
    this.duration = duration;
    this.#recoveredAt = undefined;

    let engine: Engine | undefined = undefined;
    const current = () => engine !== undefined && this.#engine === engine;
    engine = this.#create(this.#video, {
      onqualities: (qualities) => {
        if (current()) this.qualities = qualities;
      },
      onquality: (id) => {
        if (current()) this.shown = id;
      },
      onaudios: (tracks) => {
        if (!current()) return;
        this.audios = tracks;
        this.#chooseForced();
      },
      onaudio: (id) => {
        if (!current()) return;
        this.audio = id;
        this.#chooseForced();
      },
      ontexts: (tracks) => {
        if (!current()) return;
        this.texts = listed(tracks, subtitles);
        this.#chooseForced();
      },
      ontext: (id) => {
        if (current() && this.image === undefined && this.styled === undefined) this.text = id;
      },
      onfailure: (kind) => {
        if (current()) this.#fail(kind);
      },
    });
    this.#engine = engine;
    engine.load(url, start);
    this.play();
  }

  play(): void {
    // Refused when nobody has touched the page yet: then it stays paused, which is shown.
    this.#video.play()?.catch(() => undefined);
  }

  pause(): void {
    this.#video.pause();
  }

  toggle(): void {
    if (this.#video.paused) this.play();
    else this.pause();
  }

  seek(seconds: number): void {
    if (!Number.isFinite(seconds)) return;
    // The end has paused it; who goes back from there wants to see.
    const resume = this.#video.ended;
    this.#goTo(seconds);
    if (resume && this.#video.currentTime < this.duration) this.play();
  }

  /** Follows a hand along the timeline, until endScrub. */
  scrub(seconds: number): void {
    const video = this.#video;
    if (!this.scrubbing) {
      this.scrubbing = true;
      this.#before = { seconds: video.currentTime, playing: !video.paused || video.ended };
      video.pause();
    }
    this.#scrub.to(seconds);
  }

  /** The hand lets go: of this place exactly, or (without one) of nothing, and all is as it was. */
  endScrub(seconds = this.#before.seconds): void {
    if (!this.scrubbing) return;
    this.#scrub.stop();
    if (this.#video.currentTime !== seconds) this.#goTo(seconds);
    this.scrubbing = false;
    if (this.#before.playing) this.play();
    else this.paused = this.#video.paused;
  }

  skip(seconds: number): void {
    this.seek(this.#video.currentTime + seconds);
  }

  /** Shows the next or an earlier picture. */
  step(frames: number): void {
    this.pause();
    this.skip(frames / (this.quality?.frameRate || 25));
  }

  setVolume(volume: number): void {
    this.#video.volume = Math.min(Math.max(volume, 0), 1);
    this.#video.muted = this.#video.volume === 0;
  }

  /** Louder or quieter than it is, which the state may not have heard of yet: keys come faster than events. */
  changeVolume(by: number): void {
    this.setVolume(this.#video.volume + by);
  }

  toggleMuted(): void {
    this.#video.muted = !this.#video.muted;
    if (!this.#video.muted && this.#video.volume === 0) this.#video.volume = 0.5;
  }

  setRate(rate: number): void {
    this.#video.playbackRate = rate;
  }

  choose(id: number): void {
    this.chosen = id;
    this.#engine?.choose(id);
  }

  chooseAudio(id: number): void {
    this.audio = id;
    this.#engine?.chooseAudio(id);
  }

  chooseText(id: number): void {
    this.#textByHand = true;
    if (id !== off) this.#lastText = id;
    this.#showText(id);
  }

  /** What is styled could not be drawn: from now on it is shown as text alone. */
  showPlain(): void {
    this.#plain = true;
    if (this.styled !== undefined) this.#showText(this.text);
  }

  /** Those of the engine are shown by it, images and scripts by whoever draws them. */
  #showText(id: number): void {
    const drawn = this.image !== undefined || this.styled !== undefined;
    this.image = id >= firstImage ? id - firstImage : undefined;
    this.styled = this.#scriptOf(id);
    const draws = this.image !== undefined || this.styled !== undefined;
    if (draws || drawn) this.text = id;
    this.#engine?.chooseText(draws ? off : id);
  }

  /** The number of a track whose script is drawn; undefined for all others. */
  #scriptOf(id: number): number | undefined {
    if (this.#plain) return undefined;
    const number = this.texts.find((track) => track.id === id)?.number;
    return this.#subtitles.find(({ track, kind }) => kind === 'styled' && track === number)?.track;
  }

  /** Subtitles on (those of the last time, or the first) and off. */
  toggleText(): void {
    const has = (id: number) => this.texts.some((track) => track.id === id);
    const first = this.texts.find(({ forced }) => !forced) ?? this.texts[0];
    if (!first) return;
    if (this.text !== off) this.chooseText(off);
    else this.chooseText(has(this.#lastText) ? this.#lastText : first.id);
  }

  /** Tries to go on after a failure. */
  retry(): void {
    const kind = this.failure;
    this.failure = undefined;
    this.#recoveredAt = undefined;
    this.waiting = true;
    if (kind === 'media') this.#engine?.recover();
    else this.#engine?.restart();
    this.play();
  }

  destroy(): void {
    this.#scrub.stop();
    this.#listening.abort();
    this.#engine?.destroy();
    this.#engine = undefined;
  }

  #goTo(seconds: number): void {
    this.#video.currentTime = Math.min(Math.max(seconds, 0), this.duration || 0);
  }

  #fail(kind: FailureKind): void {
    const at = this.#video.currentTime;
    const again = this.#recoveredAt !== undefined && Math.abs(at - this.#recoveredAt) < recoverySpacing;
    if (kind === 'media' && !again) {
      this.#recoveredAt = at;
      this.#engine?.recover();
      this.play();
      return;
    }
    this.failure = kind;
    this.waiting = false;
    this.pause();
  }

  /** Nobody asked for subtitles: only those are shown without which the sound is not to be understood. */
  #chooseForced(): void {
    if (this.#textByHand) return;
    const heard = this.audios.find(({ id }) => id === this.audio)?.language ?? '';
    const fits = this.texts.find(({ forced, language }) => forced && sameLanguage(language, heard));
    const want = fits?.id ?? off;
    if (want !== this.text) this.#showText(want);
  }

  #listen(): void {
    const video = this.#video;
    const on = (names: string, run: () => void) => {
      for (const name of names.split(' '))
        video.addEventListener(name, run, { signal: this.#listening.signal });
    };
    on('play pause ended', () => {
      // A hand on the timeline holds it, which is not a wish to stop.
      if (!this.scrubbing) this.paused = video.paused;
      this.ended = video.ended;
    });
    on('waiting stalled', () => (this.waiting = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA));
    on('playing canplay seeked loadeddata', () => {
      this.waiting = false;
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.started = true;
    });
    on('seeking seeked', () => {
      this.seeking = video.seeking;
      this.ended = video.ended;
    });
    on('timeupdate seeking seeked ended', () => {
      // Before its first frame the element says 0, wherever it was told to start.
      if (this.started) this.currentTime = video.currentTime;
    });
    on('durationchange', () => {
      if (Number.isFinite(video.duration) && video.duration > 0) this.duration = video.duration;
    });
    on('progress timeupdate seeked', () => (this.buffered = spans(video.buffered)));
    on('ratechange', () => (this.rate = video.playbackRate));
    on('resize loadedmetadata', () => (this.videoHeight = video.videoHeight));
    on('volumechange', () => {
      this.#readSound();
      keepSound({ volume: video.volume, muted: video.muted });
    });
  }

  #readSound(): void {
    this.volume = this.#video.volume;
    this.muted = this.#video.muted;
  }
}

function spans(ranges: TimeRanges): Span[] {
  return Array.from({ length: ranges.length }, (_, i) => ({ start: ranges.start(i), end: ranges.end(i) }));
}
