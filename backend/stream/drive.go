package stream

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/plan"
)

// drive runs a head, and runs it again from where it failed, until its window is done or nobody needs it.
func (f *feed) drive(ctx context.Context, h *head, p *plan.Plan) {
	defer f.wg.Done()
	defer close(h.done)
	defer h.cancel()
	defer f.drop(h)
	if !f.settled(ctx, h) {
		return
	}
	t, err := f.e.sched.acquire(ctx, f.maker.weight(), h.cancel)
	if err != nil {
		return
	}
	f.mu.Lock()
	h.ticket = t
	waited := f.waitedFor(h)
	wanted := waited || f.asked == h.next // the viewer may have seeked on while this head waited for its slot
	t.setUrgent(waited)
	f.mu.Unlock()
	defer t.release()
	if !wanted {
		return
	}
	for ctx.Err() == nil {
		f.mu.Lock()
		from := h.next
		attempt := f.failed[from]
		f.mu.Unlock()
		if from >= h.stop {
			return
		}
		if attempt >= f.maker.attempts() {
			if !f.fillIn(ctx, h, p, from) {
				return
			}
			continue
		}
		emit := func(ctx context.Context, n int, data []byte) bool {
			if f.standsIn(attempt) {
				f.note(ctx, p, n)
			}
			return f.emit(ctx, h, p, n, data)
		}
		err := f.maker.run(ctx, from, h.stop, attempt, emit)
		if ctx.Err() != nil || errors.Is(err, errEnough) {
			return
		}
		if err != nil && f.gone != nil {
			if gone := f.gone(); gone != nil {
				f.fail(gone)
				return
			}
		}
		f.mu.Lock()
		if h.next < h.stop {
			f.failed[h.next]++
		}
		n, tries := h.next, f.failed[h.next]
		f.mu.Unlock()
		if err != nil {
			f.log.LogAttrs(ctx, slog.LevelWarn, "Head failed", slog.String("rendition", f.key.Rendition),
				slog.Int("segment", n), slog.Int("tries", tries), slog.Any("error", err))
		}
	}
}

// settled holds a head back that is one of many started in a short time, and says whether its first segment is wanted
// still. A viewer who drags along the timeline asks for far more than is ever shown.
func (f *feed) settled(ctx context.Context, h *head) bool {
	f.mu.Lock()
	now := time.Now()
	storm := len(f.starts) == stormSeeks && now.Sub(f.starts[0]) < time.Second
	if len(f.starts) == stormSeeks {
		f.starts = f.starts[1:]
	}
	f.starts = append(f.starts, now)
	f.mu.Unlock()
	if !storm {
		return true
	}
	timer := time.NewTimer(stormDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// Not waitedFor: a target further on in its window gets a head of its own, which is there sooner.
	return f.waiters[h.next] != nil || f.asked == h.next
}

// fillIn puts a stand-in where a segment could not be made.
func (f *feed) fillIn(ctx context.Context, h *head, p *plan.Plan, n int) bool {
	data, err := f.maker.fill(n)
	if err != nil {
		f.fail(fault.Wrap(err, fault.Damaged, "This video cannot be decoded."))
		return false
	}
	f.note(ctx, p, n)
	return f.emit(ctx, h, p, n, data)
}

// standsIn says whether what an attempt makes is a stand-in for the source's own.
func (f *feed) standsIn(attempt int) bool {
	_, video := f.maker.(*videoMaker)
	return video && attempt >= tryHold
}

// note tells that a segment had to be stood in for.
func (f *feed) note(ctx context.Context, p *plan.Plan, n int) {
	if f.spoiled != nil {
		f.spoiled(ctx, p, n)
	}
}

// drop takes a head off the list and starts another one when somebody still waits for what it left.
func (f *feed) drop(h *head) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.heads {
		if x == h {
			f.heads = append(f.heads[:i], f.heads[i+1:]...)
			break
		}
	}
	if f.closed || f.broken != nil {
		return
	}
	p, err := f.plan()
	if err != nil {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(f.waiters)) {
		f.ensureHead(n, p)
	}
}
