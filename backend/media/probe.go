package media

import "time"

// Probe is what a source says of itself: its tracks and its length. Every field may be zero: files lie and omit.
type Probe struct {
	Container Container
	Start     time.Duration // earliest presentation time of any track, on the source's own clock
	Duration  time.Duration // length of the presentation
	BitRate   int64         // bits per second
	Title     string        // from the file's tags: data, never markup
	Tracks    []Track
	Chapters  []Chapter
}

// Chapter is a named span of a source.
type Chapter struct {
	Start, End time.Duration
	Title      string
}

// FirstVideo is the track that is shown: the default moving picture, else the first one. Nil when there is none.
func (p *Probe) FirstVideo() *Track {
	return p.first(func(t *Track) bool { return t.Kind == Video && !t.Picture })
}

// FirstAudio is the track that is heard first: the default one, else the first one. Nil when there is none.
func (p *Probe) FirstAudio() *Track {
	return p.first(func(t *Track) bool { return t.Kind == Audio })
}

func (p *Probe) first(want func(*Track) bool) *Track {
	var found *Track
	for i := range p.Tracks {
		t := &p.Tracks[i]
		if !want(t) {
			continue
		}
		if t.Default {
			return t
		}
		if found == nil {
			found = t
		}
	}
	return found
}
