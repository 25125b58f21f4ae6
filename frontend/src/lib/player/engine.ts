/** One video quality that can be chosen. */
export interface Quality {
  id: number;
  /** The rendition's name as the program has it: "original", "720p". */
  rendition: string;
  /** Of the pictures, in pixels; 0 when unknown. */
  height: number;
  /** Pictures a second; 0 when unknown. */
  frameRate: number;
}

/** Choose the quality by what arrives in time. */
export const auto = -1;

/** One of several sounds or subtitles that can be chosen: an EXT-X-MEDIA of the multivariant playlist. */
export interface Track {
  id: number;
  /** NAME: the title that the file gives it, or what the program made of its language. It is text, never markup. */
  name: string;
  /** LANGUAGE, BCP 47; empty when unknown. */
  language: string;
  /** Subtitles only of what those who understand the sound would not: signs, other tongues. */
  forced: boolean;
  /** DEFAULT: what the file would have chosen. */
  default: boolean;
  /** CHANNELS of a sound, as it is heard; 0 when unknown. */
  channels: number;
  /** The track's number in the addresses of its media; -1 when there is none. */
  number: number;
  /** Of a sound, the rendition's name as the program has it: "original" for the file's own samples. */
  rendition: string;
  /** Subtitles for those who do not hear. */
  impaired?: boolean;
  commentary?: boolean;
}

/** No subtitles. */
export const off = -1;

export type FailureKind = 'network' | 'media' | 'unsupported';

/** What an engine tells. */
export interface EngineEvents {
  onqualities: (qualities: Quality[]) => void;
  /** The quality of the pictures that are now shown. */
  onquality: (id: number) => void;
  onaudios: (tracks: Track[]) => void;
  /** The sound that is now heard. */
  onaudio: (id: number) => void;
  ontexts: (tracks: Track[]) => void;
  /** The subtitles that are now shown, or off. They are off until some are chosen. */
  ontext: (id: number) => void;
  /** Playing cannot go on by itself. */
  onfailure: (kind: FailureKind) => void;
}

/** What feeds one media element from one multivariant playlist. */
export interface Engine {
  load(url: string, startSeconds: number): void;
  /** Takes a quality by its id, or auto. */
  choose(id: number): void;
  /** Takes a sound by its id. */
  chooseAudio(id: number): void;
  /** Takes subtitles by their id, or off. */
  chooseText(id: number): void;
  /** Rebuilds the decoder after what it was given did not decode. */
  recover(): void;
  /** Asks again for what could not be loaded. */
  restart(): void;
  destroy(): void;
}

export type EngineFactory = (video: HTMLVideoElement, events: EngineEvents) => Engine;
