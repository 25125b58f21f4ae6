package stream

import (
	"time"

	"dropstream/backend/media"
)

// moment is a time on the source's clock, exact in a timescale of its own.
type moment struct {
	ticks     media.Ticks
	timescale uint32
}

func at(d time.Duration) moment { return moment{int64(d), uint32(time.Second)} }

// in converts to another timescale, rounded to nearest.
func (m moment) in(timescale uint32) media.Ticks {
	return media.Rescale(m.ticks, m.timescale, timescale)
}

func (m moment) duration() time.Duration { return media.ToDuration(m.ticks, m.timescale) }

// timeline ties a source's clock to its presentation, which begins with the earliest first frame of any track that
// is played and ends with the latest last one.
type timeline struct {
	origin moment        // presentation time 0, on the source's clock
	total  time.Duration // length of the presentation
}

// span is what a track says of its own time.
type span struct{ start, end moment }

// longest is the longest presentation the program takes: a file that says more is lying.
const longest = 100 * 24 * time.Hour

// newTimeline joins the spans of the tracks that are played. Spans of no length do not count.
func newTimeline(spans []span) (timeline, bool) {
	var tl timeline
	var end time.Duration
	found := false
	for _, s := range spans {
		if s.end.duration() <= s.start.duration() {
			continue
		}
		if !found || s.start.duration() < tl.origin.duration() {
			tl.origin = s.start
		}
		end = max(end, s.end.duration())
		found = true
	}
	tl.total = end - tl.origin.duration()
	return tl, found && tl.total > 0 && tl.total < longest
}
