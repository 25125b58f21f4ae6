package media

import "time"

// Source is an item's original file as it was when it was sniffed.
type Source struct {
	ItemID    string
	Path      string // absolute, links resolved
	Container Container
	SizeBytes int64
	ModTime   time.Time
}

// Assessment is what the engine says of a source when it is ready to be played.
type Assessment struct {
	Probe Probe // may be refined later, see Refined
	Plays Delivery
	Why   string // one sentence for people: why it is passed through or transcoded
	// Refined gives a fuller probe when the first one came from the index alone; it gives at most one value and is
	// then closed. Nil when there is nothing to wait for.
	Refined <-chan Probe
}

// Delivery is how an item's tracks reach a viewer.
type Delivery string

// The deliveries.
const (
	AsItIs    Delivery = "as_it_is"  // passthrough: the source's own samples
	Converted Delivery = "converted" // some track is transcoded
)

// Ref names one rendition of one track of an item, as the media URLs do. It holds names, never paths.
type Ref struct {
	Item      string
	Kind      TrackKind
	Track     int    // the audio or text track's Index; unused for video
	Rendition string // "original", "720p", "aac"; of text the form of its segments: "vtt", "ass", "json"
	Plan      string // the plan's hash
}
