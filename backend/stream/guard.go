package stream

import (
	"sync"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// What is never evicted around a viewer, and for how long after the last request.
const (
	guardBehind = time.Minute
	guardAhead  = 10 * time.Minute
	guardFor    = 2 * time.Minute
)

// guard keeps the minutes around a playhead in the cache.
type guard struct {
	mu      sync.Mutex
	n       int
	release func()
	timer   *time.Timer
}

// watch moves the guarded range of a feed to segment n.
func (f *feed) watch(p *plan.Plan, n int) {
	g := &f.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.release != nil && g.n == n {
		g.timer.Reset(guardFor)
		return
	}
	g.drop()
	behind, ahead := media.FromDuration(guardBehind, p.Timescale), media.FromDuration(guardAhead, p.Timescale)
	from, to := p.At(p.Bounds[n]-behind), p.At(p.Bounds[n]+ahead)
	f.e.cache.Touch(f.key.Title)
	g.n, g.release = n, f.e.cache.Guard(f.key.Title, f.key.Rendition, from, to+1)
	g.timer = time.AfterFunc(guardFor, g.end)
}

// end lets go of the guarded range.
func (g *guard) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop()
}

// drop is end with the lock held.
func (g *guard) drop() {
	if g.release != nil {
		g.timer.Stop()
		g.release()
		g.release = nil
	}
}
