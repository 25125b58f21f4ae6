package stream

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/plan"
)

// How a feed behaves.
const (
	holdFor     = 9 * time.Second        // a request waits so long, then is told to ask again (hls.js gives up at 10 s)
	readAhead   = 20 * time.Second       // a head goes on for so much media past the last request
	idleFor     = 10 * time.Second       // a head that nobody has asked for anything for so long ends
	headSegs    = 100                    // a head's window, at most
	coldCost    = 900 * time.Millisecond // what starting a head costs, when nothing is known yet
	stormSeeks  = 3                      // so many heads started within a second are a viewer who is scrubbing:
	stormDelay  = 120 * time.Millisecond // the next one waits whether its segment is still wanted
	settleDelay = 40 * time.Millisecond  // an init segment waits so long for a segment request to say where to start
	healAfter   = 5 * time.Second        // a rendition of which nothing could be made is tried again after so long
)

// initSegment is the segment number of the init segment in the cache.
const initSegment = cache.InitSegment

// feed is a transcoded rendition: a plan, whatever of it is in the cache, and the heads that make the rest.
type feed struct {
	e     *Engine
	key   cache.Key
	plan  func() (*plan.Plan, error)
	maker maker
	log   *slog.Logger
	// gone says why the source cannot be read now, and spoiled is told of segments that were stood in for. Both may be
	// nil.
	gone    func() error
	spoiled func(ctx context.Context, p *plan.Plan, n int)
	ahead   time.Duration // how far a head goes past the last request
	brief   bool          // segments are cheap to make again: they are kept in memory only

	mu      sync.Mutex
	waiters map[int]*waiter
	heads   []*head
	failed  map[int]int // tries that segment has had
	asked   int         // the segment asked for last
	askedAt time.Time
	moved   chan struct{} // closed and replaced when a request arrives or leaves
	init    []byte
	gotInit chan struct{} // closed when init is there
	perSeg  time.Duration // running mean of what a segment takes a head
	starts  []time.Time   // when the last heads were started, stormSeeks of them at most
	broken  error         // why nothing can be made at all, for now
	since   time.Time     // when it broke
	closed  bool
	side    int // of its pictures, the shorter one; 0 for sound
	late    int // segments that took longer than they play while somebody waited
	guard   guard
	wg      sync.WaitGroup
}

// waiter is a segment that somebody waits for.
type waiter struct {
	count int
	done  chan struct{} // closed with data or err set
	data  []byte
	err   error
}

func newFeed(e *Engine, key cache.Key, p func() (*plan.Plan, error), log *slog.Logger) *feed {
	return &feed{
		e: e, key: key, plan: p, log: log, ahead: readAhead, waiters: map[int]*waiter{}, failed: map[int]int{},
		moved: make(chan struct{}), gotInit: make(chan struct{}),
	}
}

// Plan gives the boundaries.
func (f *feed) Plan() (*plan.Plan, error) { return f.plan() }

// Segment gives segment n from the cache, or waits for a head to make it. Errors: fault.Busy after 9 s, fault.Damaged
// when it cannot be made, the context's.
func (f *feed) Segment(ctx context.Context, n int) ([]byte, error) {
	p, err := f.plan()
	if err != nil {
		return nil, err
	}
	f.watch(p, n)
	if data, ok := f.e.cached(f.key, n); ok {
		f.touch(n)
		return data, nil
	}
	w, err := f.wait(n, p)
	if err != nil {
		return nil, err
	}
	defer f.leave(n, w)
	timer := time.NewTimer(holdFor)
	defer timer.Stop()
	select {
	case <-w.done:
		return w.data, w.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fault.New(fault.Busy, "This part is still being prepared.")
	}
}

// Init gives the init segment, which the first head brings.
func (f *feed) Init(ctx context.Context) ([]byte, error) {
	if data, ok := f.e.cached(f.key, initSegment); ok {
		return data, nil
	}
	timer := time.NewTimer(settleDelay)
	defer timer.Stop()
	select {
	case <-f.gotInit:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		f.mu.Lock()
		idle := len(f.heads) == 0 && len(f.waiters) == 0
		f.mu.Unlock()
		if idle {
			if _, err := f.Segment(ctx, 0); err != nil {
				return nil, fmt.Errorf("make init segment: %w", err)
			}
		}
	}
	hold := time.NewTimer(holdFor)
	defer hold.Stop()
	for {
		f.mu.Lock()
		data, broken := f.init, f.broken
		moved := f.moved
		f.mu.Unlock()
		if data != nil {
			return data, nil
		}
		if broken != nil {
			return nil, broken
		}
		select {
		case <-f.gotInit:
		case <-moved:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-hold.C:
			return nil, fault.New(fault.Busy, "This video is still being prepared.")
		}
	}
}

// touch notes that segment n was asked for, which moves the window of read-ahead.
func (f *feed) touch(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.askedAt = n, time.Now()
	f.notify()
}

// wait joins those who wait for segment n and sees to it that a head makes it.
func (f *feed) wait(n int, p *plan.Plan) (*waiter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fault.New(fault.NotFound, "This video is not open any more.")
	}
	if f.broken != nil {
		if time.Since(f.since) < healAfter {
			return nil, f.broken
		}
		f.broken = nil // a drive may be back, and a disk have room again
		clear(f.failed)
	}
	f.asked, f.askedAt = n, time.Now()
	w := f.waiters[n]
	if w == nil {
		w = &waiter{done: make(chan struct{})}
		f.waiters[n] = w
	}
	w.count++
	f.ensureHead(n, p)
	f.notify()
	return w, nil
}

func (f *feed) leave(n int, w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.count--; w.count == 0 && f.waiters[n] == w {
		delete(f.waiters, n)
		f.notify()
	}
}

// notify wakes heads that are held up and refreshes which of them are urgent. The lock is held.
func (f *feed) notify() {
	close(f.moved)
	f.moved = make(chan struct{})
	for _, h := range f.heads {
		if h.ticket != nil {
			h.ticket.setUrgent(f.waitedFor(h))
		}
	}
}

// waitedFor says whether somebody waits for a segment in a head's window. The lock is held.
func (f *feed) waitedFor(h *head) bool {
	for n := range f.waiters {
		if n >= h.next && n < h.stop {
			return true
		}
	}
	return false
}

// ensureHead joins a running head when it will be there sooner than a new one, and starts a new one otherwise. The
// lock is held.
func (f *feed) ensureHead(n int, p *plan.Plan) {
	for _, h := range f.heads {
		if n < h.next || n >= h.stop {
			continue
		}
		per := f.perSeg
		if per == 0 {
			per = coldCost / 2
		}
		if n-h.next <= 1 || time.Duration(n-h.next)*per < coldCost {
			return
		}
	}
	stop := min(n+headSegs, p.Len())
	for k := n + 1; k < stop; k++ {
		if f.e.has(f.key, k) {
			stop = k
			break
		}
	}
	ctx, cancel := context.WithCancel(f.e.ctx)
	h := &head{next: n, stop: stop, cancel: cancel, done: make(chan struct{})}
	f.heads = append(f.heads, h)
	f.wg.Add(1)
	go f.drive(ctx, h, p)
}

// fail ends all that waits: nothing can be made.
func (f *feed) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken, f.since = err, time.Now()
	for n, w := range f.waiters {
		w.err = err
		close(w.done)
		delete(f.waiters, n)
	}
	f.notify()
}

// close ends the heads and waits for them.
func (f *feed) close() {
	f.fail(fault.New(fault.NotFound, "This video is not open any more."))
	f.mu.Lock()
	f.closed = true
	for _, h := range f.heads {
		h.cancel()
	}
	f.mu.Unlock()
	f.wg.Wait()
	f.guard.end()
}
