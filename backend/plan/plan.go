// Package plan decides, purely, how an item is presented: where its segments begin and end, which of its tracks
// are passed through and which are transcoded and why, and at which sizes. It reads no file and runs no program.
//
// Times in a plan are presentation times: ticks of the plan's timescale from the start of the presentation, which
// is the earliest first frame of any track.
package plan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"dropstream/backend/media"
)

// Plan is the immutable list of segment boundaries of one track. Segment n is [Bounds[n], Bounds[n+1]).
type Plan struct {
	Timescale uint32
	Bounds    []media.Ticks // strictly ascending, Bounds[0] is 0, the last is the end of the presentation
	Cuts      []int         // for passthrough: the keyframe (or the audio sample) that begins each segment
	Exact     bool          // every boundary after the first is the presentation time of a frame
	Hash      string        // names the plan in URLs: see Name
}

// version is part of every hash: raise it when the meaning of a plan changes, so that no older segment is taken for
// a new one.
const version = 2

// Len is the number of segments.
func (p *Plan) Len() int { return max(0, len(p.Bounds)-1) }

// Span is where segment n begins and ends.
func (p *Plan) Span(n int) (from, to media.Ticks) { return p.Bounds[n], p.Bounds[n+1] }

// Duration is the length of segment n in ticks.
func (p *Plan) Duration(n int) media.Ticks { return p.Bounds[n+1] - p.Bounds[n] }

// At is the segment that holds time t, clamped to the plan.
func (p *Plan) At(t media.Ticks) int {
	i, found := slices.BinarySearch(p.Bounds, t)
	if !found {
		i--
	}
	return min(max(i, 0), p.Len()-1)
}

// Time converts a boundary to a duration from the start of the presentation.
func (p *Plan) Time(n int) time.Duration { return media.ToDuration(p.Bounds[n], p.Timescale) }

// Name is the hash that a plan of a kind has for a source. It is known before the plan is made, for a plan follows
// from its source alone: the seed names the source's content (size, date) and how much is known of it.
func Name(kind Kind, seed string) string {
	h := sha256.New()
	var word [8]byte
	binary.BigEndian.PutUint64(word[:], version)
	h.Write(word[:])
	h.Write([]byte(string(kind) + "\x00" + seed))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

// Kind is what a plan is made for.
type Kind string

// The kinds of plan.
const (
	KindPassthrough      Kind = "video passthrough"
	KindTranscode        Kind = "video transcode"
	KindAudio            Kind = "audio transcode"
	KindAudioPassthrough Kind = "audio passthrough"
)
