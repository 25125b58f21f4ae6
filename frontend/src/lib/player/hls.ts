import Hls, { type HlsConfig, type Level, type LoadPolicy, type MediaPlaylist } from 'hls.js';
import { auto, type Engine, type EngineEvents, off, type Quality, type Track } from './engine';
import { isNear, linkBitsPerSecond, nearBitsPerSecond } from './place';

/**
 * A segment that is still being made answers late, and after 9 s with 503: wait for it, and ask again. A 4xx is never
 * asked for again.
 */
const patient: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 20_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 8, retryDelayMs: 500, maxRetryDelayMs: 4000 },
  },
};

const config: Partial<HlsConfig> = {
  lowLatencyMode: false,
  startFragPrefetch: true,
  // A first segment of the worst quality is a bad first impression: what is known of the link has to do.
  testBandwidth: false,
  maxBufferLength: 20,
  maxMaxBufferLength: 60,
  maxBufferSize: 150e6,
  backBufferLength: 30,
  manifestLoadPolicy: patient,
  playlistLoadPolicy: patient,
  fragLoadPolicy: patient,
};

/** Plays through Media Source Extensions, or through the webview's own player where it has no such thing. */
export function createEngine(video: HTMLVideoElement, events: EngineEvents): Engine {
  return Hls.isSupported() ? new HlsEngine(video, events) : new NativeEngine(video, events);
}

class HlsEngine implements Engine {
  #video: HTMLVideoElement;
  #events: EngineEvents;
  #hls: Hls | undefined;
  #text = off;
  #emptyText = '';
  /** What automatic stands for where there is no link in between: a level, or auto. */
  #steady = auto;
  /** When the picture last stood still for want of a segment, in milliseconds. */
  #stalledAt = -Infinity;

  constructor(video: HTMLVideoElement, events: EngineEvents) {
    this.#video = video;
    this.#events = events;
  }

  load(url: string, startSeconds: number): void {
    this.destroy();
    const near = isNear(url);
    const hls = new Hls({
      ...config,
      abrEwmaDefaultEstimate: near ? nearBitsPerSecond : linkBitsPerSecond(),
      startPosition: startSeconds,
    });
    this.#hls = hls;
    this.#steady = auto;
    this.#stalledAt = -Infinity;
    this.#text = off;
    this.#emptyText = URL.createObjectURL(new Blob(['WEBVTT\n'], { type: 'text/vtt' }));
    // A callback of an instance that was left behind must not speak for the one that came after it.
    const current = () => this.#hls === hls;

    hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
      if (!current()) return;
      if (near) {
        // The first variant as listed is the one that fits; levels are sorted, so its place has to be asked for.
        this.#steady = hls.firstLevel;
        hls.startLevel = hls.loadLevel = this.#steady;
      } else {
        hls.startLevel = auto;
        for (const level of levels) makeComparable(level);
      }
      // Said before there are tracks, this keeps it from taking the one with DEFAULT=YES.
      hls.subtitleTrack = off;
      this.#events.onqualities(levels.map(toQuality));
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => {
      if (current()) this.#events.onquality(level);
    });
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => {
      if (current()) this.#events.onaudios(audioTracks.map(toTrack));
    });
    hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_, { id }) => {
      if (current()) this.#events.onaudio(id);
    });
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => {
      if (!current()) return;
      this.#giveNodes(subtitleTracks);
      this.#events.ontexts(subtitleTracks.map(toTrack));
    });
    // It has taken them away where it let go of the element before.
    hls.on(Hls.Events.MEDIA_ATTACHING, () => {
      if (current()) this.#giveNodes(hls.subtitleTracks);
    });
    hls.on(Hls.Events.SUBTITLE_TRACK_SWITCH, (_, { id }) => {
      if (!current()) return;
      // Some webviews turn subtitles on by themselves, by the system's settings, and hls.js follows them.
      if (id !== off && id !== this.#text) hls.subtitleTrack = this.#text;
      else this.#events.ontext(id);
    });
    hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
      if (!current()) return;
      if (details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#stall(hls);
      if (!fatal) return;
      this.#events.onfailure(type === Hls.ErrorTypes.NETWORK_ERROR ? 'network' : 'media');
    });
    hls.loadSource(url);
    hls.attachMedia(this.#video);
  }

  /** Track elements as hls.js would make them, but for their address: its own is of data:, which our policy refuses. */
  #giveNodes(tracks: MediaPlaylist[]): void {
    for (const track of tracks) {
      if (track.trackNode) continue;
      const node = document.createElement('track');
      node.kind = 'subtitles';
      node.label = track.name;
      node.srclang = track.lang ?? '';
      node.src = this.#emptyText;
      this.#video.append(node);
      track.trackNode = node;
    }
  }

  /**
   * On this computer the best quality stays, unless it is made while it plays and that takes too long: where it stands
   * still twice within a minute, the next lower one is taken.
   */
  #stall(hls: Hls): void {
    const now = performance.now();
    const again = now - this.#stalledAt < 60_000;
    this.#stalledAt = now;
    const level = hls.levels[this.#steady];
    const shown = hls.loadLevel === this.#steady;
    if (!again || !shown || this.#steady <= 0 || !level || toQuality(level, 0).rendition === 'original')
      return;
    this.#steady--;
    this.#stalledAt = -Infinity;
    hls.loadLevel = this.#steady;
  }

  choose(id: number): void {
    if (this.#hls) this.#hls.nextLevel = id === auto ? this.#steady : id;
  }

  chooseAudio(id: number): void {
    if (this.#hls) this.#hls.audioTrack = id;
  }

  chooseText(id: number): void {
    this.#text = id;
    if (this.#hls) this.#hls.subtitleTrack = id;
  }

  recover(): void {
    this.#hls?.recoverMediaError();
  }

  restart(): void {
    this.#hls?.startLoad();
  }

  destroy(): void {
    const hls = this.#hls;
    this.#hls = undefined;
    hls?.destroy();
    URL.revokeObjectURL(this.#emptyText);
    this.#emptyText = '';
  }
}

class NativeEngine implements Engine {
  #video: HTMLVideoElement;
  #events: EngineEvents;

  constructor(video: HTMLVideoElement, events: EngineEvents) {
    this.#video = video;
    this.#events = events;
  }

  load(url: string, startSeconds: number): void {
    if (this.#video.canPlayType('application/vnd.apple.mpegurl') === '') {
      this.#events.onfailure('unsupported');
      return;
    }
    this.#video.src = url;
    if (startSeconds > 0) this.#video.currentTime = startSeconds;
  }

  choose(): void {
    // The webview chooses by itself.
  }

  chooseAudio(): void {
    // It offers none, so none is asked for.
  }

  chooseText(): void {
    // As with the sound.
  }

  recover(): void {
    this.#video.load();
  }

  restart(): void {
    this.#video.load();
  }

  destroy(): void {
    this.#video.removeAttribute('src');
    this.#video.load();
  }
}

/**
 * Lets a level take the place of any other: hls.js stays among those of one codec and one dynamic range. Here each
 * item has one original and rungs made of it, and every player that is offered both can change over.
 */
function makeComparable(level: Level): void {
  Object.defineProperties(level, { codecSet: { value: 'any' }, videoRange: { value: 'SDR' } });
}

function toQuality(level: Level, id: number): Quality {
  return {
    id,
    rendition: placeOf(level.url[0] ?? '').rendition,
    height: level.height,
    frameRate: level.frameRate,
  };
}

/** A track's id is its place in the list. */
function toTrack(track: MediaPlaylist, id: number): Track {
  const { name, lang, forced, channels, url } = track;
  const { number, rendition } = placeOf(url);
  return {
    id,
    name,
    language: lang ?? '',
    forced,
    default: track.default,
    channels: Number.parseInt(channels ?? '', 10) || 0,
    number,
    rendition,
  };
}

/** Media addresses name the rendition: …/v/RENDITION/PLAN/media.m3u8, …/a/TRACK/RENDITION/PLAN/media.m3u8, …/t/TRACK/media.m3u8. */
function placeOf(url: string): { number: number; rendition: string } {
  const found = /\/(?:v|a\/(\d+))\/([^/]+)\/[^/]+\/[^/]+$/.exec(url) ?? /\/t\/(\d+)\/[^/]+$/.exec(url);
  return { number: Number.parseInt(found?.[1] ?? '-1', 10), rendition: found?.[2] ?? '' };
}
