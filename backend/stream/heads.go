package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/proc"
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

// stuckAfter is how long a head may go without a new frame.
const stuckAfter = 20 * time.Second

// child is a head's process while what it writes is read.
type child struct {
	out   io.Reader
	ended func() error         // waits for its end and says whether it was a good one
	used  func() time.Duration // waits for its end and says how much processor time it took
	watch func() *time.Timer   // starts the timer that ends a head without progress; stop it when a frame arrives
}

// runHead runs ffmpeg and lets read take what it writes. It gives read's error, with ffmpeg's last words, or ffmpeg's
// own. No error means that ffmpeg came to its end by itself: a head that was ended ends its pipe too, and what it had
// written by then is no whole segment.
func (e *Engine) runHead(ctx context.Context, args ffmpeg.Args, read func(child) error) error {
	return e.runChild(ctx, e.tools.Spec(args), stuckAfter, read)
}

// runChild is runHead for a child that is run in a way of its own, and may be without progress for so long.
func (e *Engine) runChild(ctx context.Context, s proc.Spec, patience time.Duration, read func(child) error) error {
	proceed, stuck := context.WithCancelCause(ctx)
	defer stuck(nil)
	background := backgroundTicket(ctx)
	s.Low = s.Low || background != nil
	p, err := proc.Start(proceed, s)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() {
		p.Kill()
		_ = p.Wait() // its end is known already
	}()
	watch := func() *time.Timer { return time.AfterFunc(patience, func() { stuck(errStuck) }) }
	out := io.Reader(p.Stdout())
	if background != nil { // it may be held for long: it is watched while it is read, and not meanwhile
		out = &heldReader{ctx: proceed, ticket: background, r: out, watch: watch}
		watch = func() *time.Timer { return time.NewTimer(patience) }
	}
	err = read(child{out: out, ended: p.Wait, used: p.Used, watch: watch})
	switch {
	case errors.Is(err, errEnough), ctx.Err() != nil:
		return errors.Join(err, ctx.Err())
	case proceed.Err() != nil:
		return context.Cause(proceed)
	case err != nil:
		p.Kill()
		return errors.Join(err, p.Wait())
	}
	if err := p.Wait(); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	return ctx.Err() //nolint:wrapcheck // the caller's own
}

// heldReader reads what a background head writes, and leaves it unread while the head is held.
type heldReader struct {
	ctx    context.Context //nolint:containedctx // the head's life, which Read has no argument for
	ticket *ticket
	r      io.Reader
	watch  func() *time.Timer
}

func (h *heldReader) Read(b []byte) (int, error) {
	if err := h.ticket.wait(h.ctx); err != nil {
		return 0, err
	}
	timer := h.watch()
	defer timer.Stop()
	return h.r.Read(b) //nolint:wrapcheck // io.EOF has to stay what it is
}
