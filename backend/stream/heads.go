package stream

import (
	"context"
	"errors"
	"time"
)

// maker makes the segments of one feed with runs of ffmpeg.
type maker interface {
	// run makes segments from, from+1, … up to, not including, to, and gives each to emit in order. It ends early,
	// without error, when emit says no more. Attempt counts the tries to make segment from, from 0; each try costs
	// more and tolerates more.
	run(ctx context.Context, from, to, attempt int, emit emitFunc) error
	// attempts is how many tries there are before a segment is filled.
	attempts() int
	// fill makes a stand-in for a segment that could not be made: the right length, nothing wrong to see or hear.
	fill(n int) ([]byte, error)
	// weight says which slots of the scheduler a run takes.
	weight() slotKind
}

// emitFunc takes a finished segment. It may wait, which holds the run up: its pipe stays unread. False ends the run.
type emitFunc func(ctx context.Context, n int, data []byte) bool

// The ways in which a run fails short of an error of ffmpeg's own.
var (
	errLate     = errors.New("the first picture is later than the segment's start")
	errNoOutput = errors.New("the encoder wrote nothing")
	errChanged  = errors.New("the encoder's configuration differs from the rendition's")
	errStuck    = errors.New("no progress")
)

// head is one run of a maker over a window of segments. Its feed's lock guards the fields.
type head struct {
	next, stop int // the segment being made, and where the window ends
	cancel     context.CancelFunc
	done       chan struct{}
	ticket     *ticket
	began      time.Time // when it began on the segment being made; zero for its first, which costs the start too
}
