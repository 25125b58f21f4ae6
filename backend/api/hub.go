package api

import (
	"context"
	"sync"
)

// Bounds of the event hub.
const (
	eventBuffer    = 256 // events a slow reader may be behind
	maxSubscribers = 64
)

// hub passes events on to whoever listens. It never waits for a reader. The zero value is ready.
type hub struct {
	mu   sync.Mutex
	seq  uint64
	subs map[chan Event]struct{}
}

// subscribe gives a channel of events that is closed when ctx ends, or at once when there are too many listeners.
func (h *hub) subscribe(ctx context.Context) <-chan Event {
	ch := make(chan Event, eventBuffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) >= maxSubscribers {
		close(ch)
		return ch
	}
	if h.subs == nil {
		h.subs = make(map[chan Event]struct{})
	}
	h.subs[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, ch)
		close(ch)
	})
	return ch
}

// heard says whether anybody listens.
func (h *hub) heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// publish numbers an event and offers it to every listener. One that is too far behind loses it.
func (h *hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	e.Seq = h.seq
	for ch := range h.subs {
		select {
		case ch <- e:
		default:
		}
	}
}
