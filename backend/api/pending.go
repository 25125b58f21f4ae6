package api

import "sync"

// maxPending bounds what is kept for a page that does not come.
const maxPending = 1000

// pending keeps what became of files from outside until the page asks for the first time.
type pending struct {
	mu    sync.Mutex
	ready bool // the page asked
	kept  []Added
}

// deliver hands results to the page when it is ready, and keeps them otherwise, the latest first to be dropped.
func (p *pending) deliver(added []Added, page func([]Added)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready {
		page(append([]Added(nil), added...))
		return
	}
	p.kept = append(p.kept, added[:min(len(added), maxPending-len(p.kept))]...)
}

// take gives what was kept, once.
func (p *pending) take() []Added {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.kept
	p.kept, p.ready = nil, true
	if out == nil {
		out = []Added{}
	}
	return out
}
