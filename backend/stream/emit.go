package stream

import (
	"context"
	"errors"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// errEnough ends a run that nobody needs any more.
var errEnough = errors.New("nobody needs more")

// emit takes segment n from a head: first to whoever waits for it, then to the cache. Then it decides whether the head
// goes on: at once while somebody waits or the read-ahead is not full, later while others are waited for, never when
// nobody has asked for anything for a while. It gives false when the head shall end.
func (f *feed) emit(ctx context.Context, h *head, p *plan.Plan, n int, data []byte) bool {
	f.mu.Lock()
	if w := f.waiters[n]; w != nil {
		f.struggle(ctx, h, p, n)
		w.data = data
		close(w.done)
		delete(f.waiters, n)
	}
	delete(f.failed, n)
	h.next = n + 1
	f.learn(h)
	f.notify()
	f.mu.Unlock()
	f.keep(ctx, n, data)
	if n+1 >= h.stop || f.e.has(f.key, n+1) {
		return n+1 < h.stop && f.needsMore(h)
	}
	if !f.mayGoOn(ctx, h, p, n+1) {
		return false
	}
	f.mu.Lock()
	h.began = time.Now()
	f.mu.Unlock()
	return true
}

// keep puts a segment where it is found again.
func (f *feed) keep(ctx context.Context, n int, data []byte) {
	if f.brief {
		f.e.recent.put(recentKey{f.key, n}, data)
		return
	}
	f.e.keep(ctx, f.key, n, data)
}

// learn takes the time a head took for a segment into the running mean. The lock is held.
func (f *feed) learn(h *head) {
	if h.began.IsZero() {
		return
	}
	took := time.Since(h.began)
	if f.perSeg == 0 {
		f.perSeg = took
	}
	f.perSeg += (took - f.perSeg) / 4
}

// needsMore says whether somebody waits for a segment in what is left of a head's window.
func (f *feed) needsMore(h *head) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waitedFor(h)
}

// mayGoOn waits until the head may make segment n.
func (f *feed) mayGoOn(ctx context.Context, h *head, p *plan.Plan, n int) bool {
	defer func() { h.ticket.setParked(false) }()
	for {
		f.mu.Lock()
		waited := f.waitedFor(h)
		idle := time.Since(f.askedAt)
		asked := min(f.asked, p.Len()-1)
		moved := f.moved
		t := h.ticket
		f.mu.Unlock()
		if waited {
			return true
		}
		if f.e.has(f.key, n) { // filled meanwhile
			return false
		}
		if idle >= f.e.idle {
			return false
		}
		within := media.ToDuration(p.Bounds[n]-p.Bounds[asked], p.Timescale) < f.ahead && n >= asked
		held, changed := t.held()
		if within && !held {
			return true
		}
		t.setParked(true)
		timer := time.NewTimer(f.e.idle - idle)
		select {
		case <-moved:
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return false
		}
	}
}

// takeInit takes the init segment of a head's encoder. Every head of a rendition must bring the same one, for all its
// segments are decoded with it.
func (f *feed) takeInit(ctx context.Context, data []byte) error {
	f.mu.Lock()
	known := f.init
	f.mu.Unlock()
	if known == nil {
		known, _ = f.e.cached(f.key, initSegment)
	}
	if known == nil {
		f.keep(ctx, initSegment, data)
		known = data
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.init == nil {
		f.init = known
		close(f.gotInit)
		f.notify()
	}
	if string(f.init) != string(data) {
		return errChanged
	}
	return nil
}

// near gives a segment that is there already, the one before n first.
func (f *feed) near(n int) ([]byte, bool) {
	p, err := f.plan()
	if err != nil {
		return nil, false
	}
	for d := 1; d < p.Len(); d++ {
		for _, k := range []int{n - d, n + d} {
			if k >= 0 && k < p.Len() && f.e.has(f.key, k) {
				if data, ok := f.e.cached(f.key, k); ok {
					return data, true
				}
			}
		}
	}
	return nil, false
}
