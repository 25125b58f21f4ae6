/**
 * The data of backend/api/api.go, field by field. Times are RFC 3339, durations milliseconds, slices never null.
 */

export type State = 'linked' | 'stored' | 'missing' | 'failed';
export type Plays = 'as_it_is' | 'converted';

/** An error made for people: a stable code and one plain sentence. */
export interface Problem {
  code: string;
  message: string;
}

export interface Track {
  kind: 'video' | 'audio' | 'text' | 'other';
  codec: string;
  language: string;
  title: string;
  detail: string;
  default: boolean;
  /** What it is for, where that is no plain picture, sound or text. */
  role: '' | 'impaired' | 'description' | 'commentary' | 'dub' | 'original';
}

/** A part of an item that could not be read when somebody came to it. */
export interface Damage {
  kind: 'video' | 'audio';
  fromMs: number;
  toMs: number;
  /** One sentence. */
  text: string;
}

export interface Progress {
  kind: string;
  /** 0 to 1; -1 when not known. */
  fraction: number;
  /** -1 when not known. */
  remainingMs: number;
  /** Why it does not go on; not there while it does. */
  problem?: Problem;
}

export interface Item {
  id: string;
  title: string;
  path: string;
  fileName: string;
  container: string;
  durationMs: number;
  sizeBytes: number;
  /** As shown; 0 for sound only. */
  width: number;
  height: number;
  state: State;
  /** The user keeps it: it is stored, or is being stored, and never given up for room. */
  kept: boolean;
  /** The original is not where it was. A stored item plays all the same. */
  sourceMissing: boolean;
  plays: Plays;
  why: string;
  problem?: Problem;
  tracks: Track[];
  posterUrl: string;
  url: string;
  positionMs: number;
  addedAt: string;
  playedAt: string;
  progress?: Progress;
  /** Not there where there is none, and in pages of the library. */
  damage?: Damage[];
}

/** What became of one dropped file: an item, or a problem. */
export interface Added {
  path: string;
  name: string;
  new: boolean;
  item?: Item;
  problem?: Problem;
}

export interface AddRequest {
  paths: string[];
  dir?: string;
}
export interface AddResult {
  added: Added[];
}
export interface ItemsRequest {
  query: string;
  offset: number;
  /** At most 500. */
  limit: number;
}
export interface ItemsPage {
  items: Item[];
  total: number;
  usedBytes: number;
}
export interface ItemRequest {
  id: string;
}
/** Where an item's source may be: a file, or a folder to search. */
export interface LocateRequest {
  id: string;
  path: string;
  dir?: string;
}
export interface LocateResult {
  /** Not there when nothing was chosen in a dialog. */
  item?: Item;
  /** Other items that were missing and lie beside it as they did before. */
  also: string[];
}
export interface RemoveRequest {
  ids: string[];
}
export interface RemoveResult {
  removed: number;
}
export interface PlayRequest {
  id: string;
  /** What the player can do; without it, it is taken for one of the baseline. */
  client?: Client;
}
/** How one track reaches this player. */
export interface Delivery {
  kind: 'video' | 'audio';
  /** Its number in the addresses of its media. */
  track: number;
  passthrough: boolean;
  /** What is done with it and why, in one sentence. */
  text: string;
}
export interface Playback {
  item: Item;
  url: string;
  positionMs: number;
  /** At the best quality, the one of the picture first. */
  deliveries: Delivery[];
  subtitles: Subtitle[];
  chapters: Chapter[];
  subtitlesSegmentMs: number;
  subtitlesSegments: number;
}
/**
 * Subtitles that can be chosen. Text comes as WebVTT by the playlist; what is styled does too, and as t/TRACK/N.ass
 * beside the playlist; images come as t/TRACK/N.json only.
 */
export interface Subtitle {
  /** Its number in addresses. */
  track: number;
  kind: 'text' | 'styled' | 'image';
  language: string;
  title: string;
  default: boolean;
  forced: boolean;
  /** Made for those who do not hear. */
  impaired: boolean;
  commentary: boolean;
}
export interface Chapter {
  startMs: number;
  endMs: number;
  /** Empty where the file gives none. */
  title: string;
}
export interface PositionRequest {
  id: string;
  positionMs: number;
}
export interface Done {
  ok: boolean;
}
/** What a player says it can do; the keys of its types are those of lib/player/capabilities. */
export interface Client {
  window: boolean;
  agent: string;
  types: Record<string, boolean>;
}
export interface ClientAdvice {
  problem?: Problem;
}
export type CheckResult = 'ok' | 'warn' | 'fail';
export interface Check {
  name: string;
  result: CheckResult;
  detail: string;
  advice: string;
}
export interface Report {
  version: string;
  system: string;
  dataDir: string;
  checks: Check[];
  healthy: boolean;
}

interface Numbered {
  /** Counts up by one; a gap means that events were lost. */
  seq: number;
}
export type Event = Numbered &
  ({ kind: 'item'; item: Item } | { kind: 'removed'; id: string } | { kind: 'added'; added: Added[] });

/** The verbs: what each takes and gives. */
export interface Verbs {
  add: [AddRequest, AddResult];
  sample: [undefined, AddResult];
  items: [ItemsRequest, ItemsPage];
  item: [ItemRequest, Item];
  remove: [RemoveRequest, RemoveResult];
  keep: [ItemRequest, Item];
  unkeep: [ItemRequest, Item];
  locate: [LocateRequest, LocateResult];
  locateFile: [ItemRequest, LocateResult];
  play: [PlayRequest, Playback];
  savePosition: [PositionRequest, Done];
  doctor: [undefined, Report];
  reportClient: [Client, ClientAdvice];
  pending: [undefined, AddResult];
  pickFiles: [undefined, AddResult];
  pickFolder: [undefined, AddResult];
}
export type Verb = keyof Verbs;
