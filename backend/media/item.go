package media

import "time"

// Item is a video in the library, as it is remembered. Its embedded Source says where the original was and what it
// looked like when it was last read.
type Item struct {
	Source

	Fingerprint    string        // SHA-256 over the size and both ends of the source, in hex; "" until it is known
	Title          string        // cleaned for showing, never empty
	Duration       time.Duration // length of the presentation; 0 when not known
	Width, Height  int           // as shown; 0 for sound only
	Plays          Delivery      // "" when it cannot be played
	Why            string        // the reason for Plays, one sentence
	Probe          Probe         // what the source says of itself
	ProblemCode    string        // a fault.Code when the item cannot be played, else ""
	ProblemMessage string        // its sentence
	SourceMissing  bool          // the source was not where it was when it was last asked for
	Position       time.Duration // where the last viewer was
	AddedAt        time.Time     //
	PlayedAt       time.Time     // zero when it was never played
	HasPoster      bool          //
	TriesLeft      int           // how often its background work may still be tried; 0 when there is none left
	Kept           bool          // the user wants it whole in the library, whatever becomes of the source
	Stored         bool          // all that playing needs is in the cache
}

// ItemState is what can be done with an item now.
type ItemState string

// The states of an item.
const (
	StateLinked  ItemState = "linked"  // plays from its source
	StateStored  ItemState = "stored"  // plays without its source
	StateMissing ItemState = "missing" // its source is not where it was, and it is not stored
	StateFailed  ItemState = "failed"  // cannot be played: the problem says why
)

// State follows from what is remembered of the item. A stored item plays whether or not its source is there, which
// SourceMissing says. A failed item whose source is gone is missing: the source
// coming back is what would help first.
func (i *Item) State() ItemState {
	switch {
	case i.Stored:
		return StateStored
	case i.SourceMissing:
		return StateMissing
	case i.ProblemCode != "":
		return StateFailed
	default:
		return StateLinked
	}
}

// ItemQuery asks for a page of the library, latest first.
type ItemQuery struct {
	Text   string // words that must all occur in the title or the file's name; "" for everything
	Offset int    // items to skip
	Limit  int    // items to give at most
}

// ItemSet names some of the items, those played last first.
type ItemSet string

// The sets of items.
const (
	KeptItems   ItemSet = "kept"   // the user keeps them
	StoredItems ItemSet = "stored" // they are whole in the cache
	PlayedItems ItemSet = "played" // they were played
)

// ItemPage is a page of the library.
type ItemPage struct {
	Items []Item
	Total int // of the whole answer, not of this page
}
