export namespace api {
	
	export interface AddRequest {
	    paths: string[];
	    dir?: string;
	}
	export interface Damage {
	    kind: string;
	    fromMs: number;
	    toMs: number;
	    text: string;
	}
	export interface Progress {
	    kind: string;
	    fraction: number;
	    remainingMs: number;
	    problem?: Problem;
	}
	export interface Track {
	    kind: string;
	    codec: string;
	    language: string;
	    title: string;
	    detail: string;
	    default: boolean;
	    role: string;
	}
	export interface Problem {
	    code: string;
	    message: string;
	}
	export interface Item {
	    id: string;
	    title: string;
	    path: string;
	    fileName: string;
	    container: string;
	    durationMs: number;
	    sizeBytes: number;
	    width: number;
	    height: number;
	    state: string;
	    kept: boolean;
	    sourceMissing: boolean;
	    plays: string;
	    why: string;
	    problem?: Problem;
	    tracks: Track[];
	    posterUrl: string;
	    url: string;
	    positionMs: number;
	    addedAt: string;
	    playedAt: string;
	    progress?: Progress;
	    damage?: Damage[];
	}
	export interface Added {
	    path: string;
	    name: string;
	    new: boolean;
	    item?: Item;
	    problem?: Problem;
	}
	export interface AddResult {
	    added: Added[];
	}
	
	export interface Chapter {
	    startMs: number;
	    endMs: number;
	    title: string;
	}
	export interface Check {
	    name: string;
	    result: string;
	    detail: string;
	    advice: string;
	}
	export interface Client {
	    window: boolean;
	    agent: string;
	    types: Record<string, boolean>;
	}
	export interface ClientAdvice {
	    problem?: Problem;
	}
	
	export interface Delivery {
	    kind: string;
	    track: number;
	    passthrough: boolean;
	    text: string;
	}
	export interface Done {
	    ok: boolean;
	}
	
	export interface ItemRequest {
	    id: string;
	}
	export interface ItemsPage {
	    items: Item[];
	    total: number;
	    usedBytes: number;
	}
	export interface ItemsRequest {
	    query: string;
	    offset: number;
	    limit: number;
	}
	export interface LocateRequest {
	    id: string;
	    path: string;
	    dir?: string;
	}
	export interface LocateResult {
	    item?: Item;
	    also: string[];
	}
	export interface PlayRequest {
	    id: string;
	    client?: Client;
	}
	export interface Subtitle {
	    track: number;
	    kind: string;
	    language: string;
	    title: string;
	    default: boolean;
	    forced: boolean;
	    impaired: boolean;
	    commentary: boolean;
	}
	export interface Playback {
	    item: Item;
	    url: string;
	    positionMs: number;
	    deliveries: Delivery[];
	    subtitles: Subtitle[];
	    chapters: Chapter[];
	    subtitlesSegmentMs: number;
	    subtitlesSegments: number;
	}
	export interface PositionRequest {
	    id: string;
	    positionMs: number;
	}
	
	
	export interface RemoveRequest {
	    ids: string[];
	}
	export interface RemoveResult {
	    removed: number;
	}
	export interface Report {
	    version: string;
	    system: string;
	    dataDir: string;
	    checks: Check[];
	    healthy: boolean;
	}
	

}

