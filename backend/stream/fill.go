package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// fillSpan is how much media one run of fill makes: long enough for the start of its child to be little beside it,
// short enough to be given up at any time.
const fillSpan = 25 * time.Second

// part is one rendition of a title that is stored whole.
type part struct {
	ref   media.Ref // Item, Kind, Track, Rendition
	key   cache.Key // where its segments are kept
	plan  *plan.Plan
	bits  int64 // what it takes, bits a second, at a guess
	span  time.Duration
	asked func() int // the segment that a viewer asked for last
	init  func(ctx context.Context) ([]byte, error)
	// run makes segments [from, to) and gives each to put. An error of put's ends it and is given back.
	run func(ctx context.Context, from, to int, put putFunc) error
}

// putFunc keeps a segment.
type putFunc func(ctx context.Context, n int, data []byte) error

// partOf is a rendition as a part to be stored.
func (t *title) partOf(ref media.Ref, r rendition, bits int64) (part, error) {
	p, err := r.Plan()
	if err != nil {
		return part{}, err
	}
	out := part{ref: ref, plan: p, bits: bits, span: fillSpan, init: r.Init, asked: func() int { return 0 }}
	out.ref.Plan = p.Hash
	if f := feedOf(r); f != nil {
		out.key, out.asked = f.key, f.lastAsked
		out.run = func(ctx context.Context, from, to int, put putFunc) error {
			return f.fill(ctx, from, to, put, t.present)
		}
		if f.maker.weight() != pictureSlot {
			out.span = headSegs * time.Second // sound is light: the fewer starts the better
		}
		return out, nil
	}
	out.key = cache.Key{Title: t.src.ItemID, Rendition: fmt.Sprintf("copy %s %d", p.Hash, ref.Track)}
	out.run = func(ctx context.Context, from, to int, put putFunc) error {
		for n := from; n < to; n++ {
			if err := backgroundTicket(ctx).wait(ctx); err != nil {
				return err
			}
			data, err := r.Segment(ctx, n)
			if err != nil {
				return err
			}
			if err := put(ctx, n, data); err != nil {
				return err
			}
		}
		return nil
	}
	return out, nil
}

// feedOf is the feed of a rendition that a program makes; nil for one that is cut out of the source.
func feedOf(r rendition) *feed {
	switch f := r.(type) {
	case *feed:
		return f
	case *audioFeed:
		return f.feed
	}
	return nil
}

// missing gives the first run that is missing at or after a segment, else the first that is missing at all. It
// begins at a segment's boundary, ends before what is there, and is no longer than the part's span.
func (p part) missing(c *cache.Cache, at int) (from, to int, ok bool) {
	have := make([]bool, p.plan.Len())
	for _, n := range c.Present(p.key) {
		if n < len(have) {
			have[n] = true
		}
	}
	first := func(n int) int {
		for n < len(have) && have[n] {
			n++
		}
		return n
	}
	if from = first(at); from == len(have) {
		from = first(0)
	}
	if from == len(have) {
		return 0, 0, false
	}
	end := p.plan.Bounds[from] + media.FromDuration(p.span, p.plan.Timescale)
	for to = from + 1; to < len(have) && !have[to] && p.plan.Bounds[to] < end; {
		to++
	}
	return from, to, true
}

// left is how much of a part is missing.
func (p part) left(c *cache.Cache) time.Duration {
	total := p.plan.Bounds[p.plan.Len()]
	for _, n := range c.Present(p.key) {
		if n < p.plan.Len() {
			total -= p.plan.Duration(n)
		}
	}
	return media.ToDuration(total, p.plan.Timescale)
}

// whole says whether all of a part is kept.
func (p part) whole(c *cache.Cache) bool {
	return c.Has(p.key, initSegment) && len(c.Present(p.key)) >= p.plan.Len()
}

// bytes is what so much of a part takes, at a guess.
func (p part) bytes(d time.Duration) int64 { return p.bits / 8 * int64(d/time.Millisecond) / 1000 }

func (f *feed) lastAsked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// fill makes segments [from, to) that nobody waits for, under a background ticket. Whoever comes to wait for one of
// them meanwhile gets it, but starts a head all the same. It ends early before a segment that is there by then. Present
// says whether the source is still there: nothing stands in for what could only not be read.
func (f *feed) fill(ctx context.Context, from, to int, put putFunc, present func() error) error {
	next, tries := from, 0
	var failed error
	emit := func(ctx context.Context, n int, data []byte) bool {
		if failed = put(ctx, n, data); failed != nil {
			return false
		}
		f.give(n, data)
		next, tries = n+1, 0
		return next < to && !f.e.cache.Has(f.key, next) && ctx.Err() == nil
	}
	for next < to && ctx.Err() == nil && !f.e.cache.Has(f.key, next) {
		n := next
		if tries > 0 {
			if err := present(); err != nil {
				return err
			}
		}
		if tries >= f.maker.attempts() {
			data, err := f.maker.fill(n)
			if err != nil {
				return fmt.Errorf("fill in segment %d: %w", n, err)
			}
			if emit(ctx, n, data); failed == nil {
				f.spoil(ctx, n)
			}
		} else {
			run := emit
			if f.standsIn(tries) {
				run = func(ctx context.Context, n int, data []byte) bool {
					f.spoil(ctx, n)
					return emit(ctx, n, data)
				}
			}
			err := f.maker.run(ctx, n, to, tries, run)
			if errors.Is(err, errEnough) {
				return failed
			}
			if err != nil && ctx.Err() == nil {
				f.log.LogAttrs(ctx, slog.LevelDebug, "Fill failed", slog.String("rendition", f.key.Rendition),
					slog.Int("segment", next), slog.Int("tries", tries), slog.Any("error", err))
			}
			if next == n {
				tries++
			}
		}
		if failed != nil {
			return failed
		}
	}
	return ctx.Err() //nolint:wrapcheck // the caller's own
}

// spoil tells that a segment had to be stood in for.
func (f *feed) spoil(ctx context.Context, n int) {
	if p, err := f.plan(); err == nil {
		f.note(ctx, p, n)
	}
}

// give hands a segment to whoever waits for it.
func (f *feed) give(n int, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.waiters[n]; w != nil {
		w.data = data
		close(w.done)
		delete(f.waiters, n)
		f.notify()
	}
}
