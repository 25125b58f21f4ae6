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

export type FailureKind = 'network' | 'media' | 'unsupported';

/** What an engine tells. */
export interface EngineEvents {
  onqualities: (qualities: Quality[]) => void;
  /** The quality of the pictures that are now shown. */
  onquality: (id: number) => void;
  /** Playing cannot go on by itself. */
  onfailure: (kind: FailureKind) => void;
}

/** What feeds one media element from one multivariant playlist. */
export interface Engine {
  load(url: string, startSeconds: number): void;
  /** Takes a quality by its id, or auto. */
  choose(id: number): void;
  /** Rebuilds the decoder after what it was given did not decode. */
  recover(): void;
  /** Asks again for what could not be loaded. */
  restart(): void;
  destroy(): void;
}

export type EngineFactory = (video: HTMLVideoElement, events: EngineEvents) => Engine;
