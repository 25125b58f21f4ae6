package subtitle

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// Bounds on what is read.
const (
	MaxFileBytes = 10 << 20  // of a file of subtitles
	MaxCues      = 1_000_000 // of one track
	MaxTextBytes = 4 << 10   // of one cue, markup included; the rest is left out
	maxLines     = 32        // of one cue
	latestTime   = 100 * 24 * time.Hour
)

// Cue is one text and when it is shown: from Start up to, not including, End.
type Cue struct {
	Start, End time.Duration
	Text       string // WebVTT cue text, safe to write as it is: no blank line, nothing that is not escaped

	// Event is what a Script made of an event of SubStation Alpha. It may be seen where there is no text.
	Event string `json:",omitempty"`
}

// Cues are a track's cues in the order in which they are shown.
type Cues struct {
	all    []Cue
	latest []time.Duration // the latest end of all cues up to this one: where a search may begin
	bytes  int
	script *Script
}

// NewCues puts cues in order. Those without text or length are left out, and so are repeats.
func NewCues(all []Cue) *Cues {
	kept := make([]Cue, 0, len(all))
	for _, c := range all {
		if (c.Text != "" || c.Event != "") && c.End > c.Start && len(kept) < MaxCues {
			kept = append(kept, c)
		}
	}
	slices.SortStableFunc(kept, func(a, b Cue) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	kept = slices.Compact(kept)
	c := &Cues{all: kept, latest: make([]time.Duration, len(kept))}
	end := time.Duration(0)
	for i := range kept {
		end = max(end, kept[i].End)
		c.latest[i] = end
		c.bytes += kept[i].Bytes()
	}
	return c
}

// Bytes is about how much memory a cue takes.
func (c *Cue) Bytes() int {
	const alone = 64
	return alone + len(c.Text) + len(c.Event)
}

// Under says from which script the cues are.
func (c *Cues) Under(s *Script) *Cues {
	c.script = s
	return c
}

// Script is the head of the script that the cues are from; nil where they are from none.
func (c *Cues) Script() *Script { return c.script }

// Bytes is about how much memory the cues take.
func (c *Cues) Bytes() int { return c.bytes }

// Len is how many cues there are.
func (c *Cues) Len() int { return len(c.all) }

// During gives the cues that are shown at some time in [from, to), in order.
func (c *Cues) During(from, to time.Duration) []Cue {
	first := sort.Search(len(c.all), func(i int) bool { return c.latest[i] > from })
	after := sort.Search(len(c.all), func(i int) bool { return c.all[i].Start >= to })
	var out []Cue
	for i := first; i < after; i++ {
		if c.all[i].End > from {
			out = append(out, c.all[i])
		}
	}
	return out
}
