// Package api is the program's verbs as one Go interface of plain data, and its events. The window speaks it over
// Wails bindings, the headless program over HTTP; both say the same things.
//
// The data is made for crossing to JavaScript: strings, numbers and booleans, milliseconds as integers, slices
// never nil, no NaN, times in RFC 3339.
package api

import "context"

// API is what a user can ask of the program. Every method is safe for use by several goroutines; every error is
// a *fault.Error or wraps one.
type API interface {
	// Add takes dropped paths: files and folders, which are walked. Each file is sniffed, indexed and recorded; one
	// Added comes back for each file, in order. A path that is no video is an Added with a Problem, not an error.
	Add(ctx context.Context, r AddRequest) (AddResult, error)
	// Sample makes the sample clip if it is not there yet, and adds it.
	Sample(ctx context.Context) (AddResult, error)
	// Items lists the library, latest first.
	Items(ctx context.Context, r ItemsRequest) (ItemsPage, error)
	// Item gives one item. Not found: fault.NotFound.
	Item(ctx context.Context, r ItemRequest) (Item, error)
	// Remove forgets items and their cached segments, never their sources.
	Remove(ctx context.Context, r RemoveRequest) (RemoveResult, error)
	// Keep has an item stored whole, so that it plays whatever becomes of its source, and gives it. It goes on in the
	// background: Item.Progress says how far it is. Errors: fault.DiskFull when there is no room, fault.Missing.
	Keep(ctx context.Context, r ItemRequest) (Item, error)
	// Unkeep gives up keeping an item, or the storing of it, and gives it. What is stored goes when its room is needed.
	Unkeep(ctx context.Context, r ItemRequest) (Item, error)
	// Locate takes a file for the source of an item, when it is the same one, or looks for it in a folder. Errors:
	// fault.Invalid when it is another file, fault.NotFound when it is not in the folder.
	Locate(ctx context.Context, r LocateRequest) (LocateResult, error)
	// Play gives what a player needs to play an item, for a client that can play what Client says.
	Play(ctx context.Context, r PlayRequest) (Playback, error)
	// SavePosition remembers where a viewer is.
	SavePosition(ctx context.Context, r PositionRequest) (Done, error)
	// Doctor says what works here.
	Doctor(ctx context.Context) (Report, error)
	// ReportClient takes what the window's own webview or browser can decode and answers with a Problem for
	// people when something is missing that an installed package would bring.
	ReportClient(ctx context.Context, r Client) (ClientAdvice, error)
	// Pending takes, once, the results of files that arrived before the page was ready (arguments, a second launch).
	Pending(ctx context.Context) (AddResult, error)
	// Subscribe streams events until ctx ends. A slow reader loses events, never blocks; Event.Seq shows the gap.
	Subscribe(ctx context.Context) <-chan Event
}

// AddRequest is a drop. Paths are absolute, or relative to Dir when that is given.
type AddRequest struct {
	Paths []string `json:"paths"`
	Dir   string   `json:"dir,omitempty"`
}

// AddResult is what became of a drop.
type AddResult struct {
	Added []Added `json:"added"`
}

// Added is what became of one dropped file: an item, or a problem.
type Added struct {
	Path    string   `json:"path"` // as it was found, for showing
	Name    string   `json:"name"` // the file's name
	New     bool     `json:"new"`  // false when the library had it already
	Item    *Item    `json:"item,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// Problem is an error made for people.
type Problem struct {
	Code    string `json:"code"`    // fault.Code
	Message string `json:"message"` // one plain sentence
}

// Item states.
const (
	StateLinked  = "linked"  // plays from its source
	StateStored  = "stored"  // plays without its source, whether or not that is there
	StateMissing = "missing" // its source is not where it was, and it is not stored
	StateFailed  = "failed"  // cannot be played: Problem says why
)

// Ways an item is delivered.
const (
	PlaysAsItIs    = "as_it_is"  // passthrough: nothing is encoded
	PlaysConverted = "converted" // video, audio or both are transcoded
)

// Item is a video in the library.
type Item struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Path       string `json:"path"`
	FileName   string `json:"fileName"`
	Container  string `json:"container"` // as people know it: "Matroska"
	DurationMS int64  `json:"durationMs"`
	SizeBytes  int64  `json:"sizeBytes"`
	Width      int    `json:"width"`  // as shown; 0 for sound only
	Height     int    `json:"height"` //
	State      string `json:"state"`
	// Kept says that the user keeps it: it is stored, or is being stored, and never given up for room.
	Kept bool `json:"kept"`
	// SourceMissing says that the original is not where it was. A stored item plays all the same.
	SourceMissing bool      `json:"sourceMissing"`
	Plays         string    `json:"plays"` // PlaysAsItIs or PlaysConverted
	Why           string    `json:"why"`   // the reason, in words
	Problem       *Problem  `json:"problem,omitempty"`
	Tracks        []Track   `json:"tracks"`
	PosterURL     string    `json:"posterUrl"` // "" until there is one
	URL           string    `json:"url"`       // the multivariant playlist
	PositionMS    int64     `json:"positionMs"`
	AddedAt       string    `json:"addedAt"`
	PlayedAt      string    `json:"playedAt"` // "" when never
	Progress      *Progress `json:"progress,omitempty"`
	// Damage is what turned out to be unreadable, by time: a player's info shows it. Left out where there is none, and
	// in pages of the library.
	Damage []Damage `json:"damage,omitempty"`
}

// Track is one track of an item, for showing.
type Track struct {
	Kind     string `json:"kind"` // "video", "audio", "text"
	Codec    string `json:"codec"`
	Language string `json:"language"`
	Title    string `json:"title"`
	Detail   string `json:"detail"` // "1920×1080 · 25 fps", "5.1 · 48 kHz"
	Default  bool   `json:"default"`
	Role     string `json:"role"` // one of the roles below, "" for the plain thing
}

// Roles of a track.
const (
	RoleImpaired    = "impaired"    // for those who do not hear: sounds are described
	RoleDescription = "description" // for those who do not see: pictures are described
	RoleCommentary  = "commentary"
	RoleDub         = "dub"
	RoleOriginal    = "original" // in the language of the original
)

// Progress is how far a long thing has come.
type Progress struct {
	Kind        string  `json:"kind"`        // "indexing", "storing", "poster"
	Fraction    float64 `json:"fraction"`    // 0 to 1; -1 when not known
	RemainingMS int64   `json:"remainingMs"` // -1 when not known
	// Problem says why it does not go on; nil while it does.
	Problem *Problem `json:"problem,omitempty"`
}

// ItemsRequest asks for a page of the library.
type ItemsRequest struct {
	Query  string `json:"query"`
	Offset int    `json:"offset"`
	Limit  int    `json:"limit"` // at most 500; 0 means 100
}

// ItemsPage is a page of the library.
type ItemsPage struct {
	Items     []Item `json:"items"`
	Total     int    `json:"total"`     // of the whole answer, not of this page
	UsedBytes int64  `json:"usedBytes"` // of disk, by cached segments
}

// ItemRequest names an item.
type ItemRequest struct {
	ID string `json:"id"`
}

// LocateRequest says where an item's source may be: a file, or a folder to search. Path is absolute, or relative to
// Dir when that is given.
type LocateRequest struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	Dir  string `json:"dir,omitempty"`
}

// LocateResult is what was found. Item is nil when nothing was chosen in a dialog.
type LocateResult struct {
	Item *Item `json:"item,omitempty"`
	// Also names other items that were missing and lie beside it as they did before.
	Also []string `json:"also"`
}

// RemoveRequest names the items to forget.
type RemoveRequest struct {
	IDs []string `json:"ids"`
}

// RemoveResult says how many were there to forget.
type RemoveResult struct {
	Removed int `json:"removed"`
}

// PlayRequest asks to play an item.
type PlayRequest struct {
	ID string `json:"id"`
	// Client is what the player says it can do. Without it the player is taken for the window as it last reported
	// itself, else for one of the baseline.
	Client *Client `json:"client,omitempty"`
}

// Playback is what a player needs.
type Playback struct {
	Item       Item   `json:"item"`
	URL        string `json:"url"`
	PositionMS int64  `json:"positionMs"` // where to start
	// Deliveries say how each track reaches this player at its best quality, the one of the picture first.
	Deliveries []Delivery `json:"deliveries"`

	Subtitles []Subtitle `json:"subtitles"`
	Chapters  []Chapter  `json:"chapters"`
	// Segments of subtitles that are not plain text are t/TRACK/N.ass of what is styled, and t/TRACK/N.json of images,
	// beside the multivariant playlist. Each covers SubtitlesSegmentMS; N is below SubtitlesSegments.
	SubtitlesSegmentMS int64 `json:"subtitlesSegmentMs"`
	SubtitlesSegments  int   `json:"subtitlesSegments"`
}

// Damage is a part of an item that could not be read when somebody came to it. It is found while an item plays: what
// is known so far comes with Item, and an "item" event with each part that is found.
type Damage struct {
	Kind   string `json:"kind"` // "video", "audio"
	FromMS int64  `json:"fromMs"`
	ToMS   int64  `json:"toMs"`
	Text   string `json:"text"` // one plain sentence: "From 0:41 to 0:43 the file is damaged; ..."
}

// Delivery is how one track reaches a player.
type Delivery struct {
	Kind        string `json:"kind"`  // "video", "audio"
	Track       int    `json:"track"` // its number in the addresses of its media
	Passthrough bool   `json:"passthrough"`
	Text        string `json:"text"` // what is done with it and why, as one plain sentence
}

// Subtitle kinds.
const (
	SubtitleText   = "text"   // WebVTT, by the multivariant playlist
	SubtitleStyled = "styled" // the same, and to be drawn as the file says
	SubtitleImage  = "image"  // to be drawn only
)

// Subtitle is one track of subtitles that can be chosen.
type Subtitle struct {
	Track      int    `json:"track"` // its number in URLs
	Kind       string `json:"kind"`
	Language   string `json:"language"`
	Title      string `json:"title"` // text from the file: data, never markup
	Default    bool   `json:"default"`
	Forced     bool   `json:"forced"`
	Impaired   bool   `json:"impaired"` // made for those who do not hear
	Commentary bool   `json:"commentary"`
}

// Chapter is a named part of a video.
type Chapter struct {
	StartMS int64  `json:"startMs"`
	EndMS   int64  `json:"endMs"`
	Title   string `json:"title"` // "" where the file gives none
}

// PositionRequest says where a viewer is.
type PositionRequest struct {
	ID         string `json:"id"`
	PositionMS int64  `json:"positionMs"`
}

// Done is the answer of a verb that has nothing to say.
type Done struct {
	OK bool `json:"ok"`
}

// Client is what a webview or browser says it can do.
//
// The keys of Types are MIME types with codecs (RFC 6381): true when MediaSource.isTypeSupported and
// mediaCapabilities.decodingInfo both say so, and, for HEVC, when a picture of it was shown. The pages ask for exactly
// those of frontend/src/lib/player/capabilities.ts. "TYPE; smooth" and "TYPE; efficient" (with true only where TYPE is
// true) are what decodingInfo says besides; `audio/mp4; codecs="mp4a.40.2"; channels=6` is AAC of 5.1. Two keys are
// words: "hdr", a screen and a decoder for HDR10, and "upright", a player that was seen to turn a picture as the track
// header's matrix says.
type Client struct {
	Window bool            `json:"window"` // the program's own window
	Agent  string          `json:"agent"`
	Types  map[string]bool `json:"types"`
}

// ClientAdvice is nil Problem when all is well.
type ClientAdvice struct {
	Problem *Problem `json:"problem,omitempty"`
}

// Report is what the doctor found.
type Report struct {
	Version string  `json:"version"`
	System  string  `json:"system"` // "linux/amd64"
	DataDir string  `json:"dataDir"`
	Checks  []Check `json:"checks"`
	Healthy bool    `json:"healthy"` // no check failed
}

// Check results.
const (
	CheckOK   = "ok"
	CheckWarn = "warn"
	CheckFail = "fail"
)

// Check is one thing the doctor looked at.
type Check struct {
	Name   string `json:"name"`   // "ffmpeg"
	Result string `json:"result"` // CheckOK, CheckWarn or CheckFail
	Detail string `json:"detail"` // what was found
	Advice string `json:"advice"` // what to do about it; "" when nothing
}

// Event kinds.
const (
	EventItem    = "item"    // Item was added or changed
	EventRemoved = "removed" // ID is gone
	EventAdded   = "added"   // files arrived from outside the page; Added says what became of them
)

// Event is something that happened. Exactly the fields of its Kind are set.
type Event struct {
	Seq   uint64  `json:"seq"` // counts up by one; a gap means that events were lost
	Kind  string  `json:"kind"`
	Item  *Item   `json:"item,omitempty"`
	ID    string  `json:"id,omitempty"`
	Added []Added `json:"added,omitempty"`
}
