package shell

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dropstream/backend/api"
)

const (
	relayEvery = 100 * time.Millisecond // an item that changes all the time is told at most this often
	maxPending = 10_000                 // results kept for a page that does not come
)

// relay carries events to the page: the core's, and those of files that arrive from outside. Changes of one item
// that come close together become one event, the last; the events are numbered anew, with a gap where the core's
// numbers had one.
type relay struct {
	emit func(api.Event)
	own  chan []api.Added

	listens atomic.Bool // the page has called, before which it listens

	mu      sync.Mutex
	ready   bool // the page has asked for what was pending
	pending []api.Added
}

func newRelay(emit func(api.Event)) *relay {
	return &relay{emit: emit, own: make(chan []api.Added)}
}

// run relays until ctx ends or the events do.
func (r *relay) run(ctx context.Context, events <-chan api.Event) {
	timer := time.NewTimer(0)
	if !timer.Stop() {
		<-timer.C
	}
	var q queue
	waiting := false
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-events:
			if !open {
				return
			}
			if e.Kind == api.EventAdded && r.keep(e.Added) {
				q.skip(e.Seq)
				continue
			}
			q.push(e)
		case added := <-r.own:
			q.pushOwn(api.Event{Kind: api.EventAdded, Added: added})
		case <-timer.C:
			waiting = false
		}
		if wait := relayEvery - time.Since(last); wait > 0 && !q.urgent && !q.empty() {
			if !waiting {
				timer.Reset(wait)
				waiting = true
			}
			continue
		}
		if !q.empty() {
			last = time.Now()
		}
		for _, e := range q.take() {
			if r.listens.Load() { // before that, the page asks for all there is anyway
				r.emit(e)
			}
		}
	}
}

// added tells the page what became of files from outside, now or when it is there.
func (r *relay) added(ctx context.Context, added []api.Added) {
	if len(added) == 0 || r.keep(added) {
		return
	}
	select {
	case r.own <- added:
	case <-ctx.Done():
	}
}

// keep holds results back for Pending while there is no page; false when there is one.
func (r *relay) keep(added []api.Added) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ready {
		return false
	}
	room := max(0, maxPending-len(r.pending))
	r.pending = append(r.pending, added[:min(room, len(added))]...)
	return true
}

// takePending gives what was held back, never nil, and says that the page is there.
func (r *relay) takePending() []api.Added {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = true
	pending := r.pending
	r.pending = nil
	if pending == nil {
		return []api.Added{}
	}
	return pending
}

// queue holds the events of one interval.
type queue struct {
	events  []api.Event
	urgent  bool   // something in it should not wait: it answers to what a person did
	seen    uint64 // the core's last number
	numbers uint64 // the last number given out
}

func (q *queue) empty() bool { return len(q.events) == 0 }

// skip takes note of a core event that goes another way.
func (q *queue) skip(seq uint64) {
	if q.seen != 0 && seq > q.seen+1 {
		q.numbers++ // events were lost: so must the page see
	}
	q.seen = seq
}

func (q *queue) push(e api.Event) {
	q.skip(e.Seq)
	if e.Kind == api.EventItem && e.Item != nil {
		i := slices.IndexFunc(q.events, func(o api.Event) bool {
			return o.Kind == api.EventItem && o.Item.ID == e.Item.ID
		})
		removed := slices.ContainsFunc(q.events, func(o api.Event) bool {
			return o.Kind == api.EventRemoved && o.ID == e.Item.ID
		})
		if i >= 0 && !removed {
			q.events[i].Item = e.Item
			return
		}
	}
	q.pushOwn(e)
}

func (q *queue) pushOwn(e api.Event) {
	q.numbers++
	e.Seq = q.numbers
	q.events = append(q.events, e)
	q.urgent = q.urgent || e.Kind != api.EventItem
}

func (q *queue) take() []api.Event {
	events := q.events
	q.events, q.urgent = nil, false
	return events
}
