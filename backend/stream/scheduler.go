package stream

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// slotKind is a class of child processes with a budget of its own.
type slotKind int

const (
	pictureSlot slotKind = iota // decodes and encodes video: takes whole cores and hundreds of megabytes
	soundSlot                   // decodes and encodes audio: short and light
	slotKinds
)

// scheduler keeps the number of heads within the budget and lets those that somebody waits for go first. A head that
// nobody waits for is held up while any other is waited for, and gives up its slot when one is short.
type scheduler struct {
	mu      sync.Mutex
	budget  [slotKinds]int
	tickets []*ticket     // held slots, oldest first
	changed chan struct{} // closed and replaced whenever a slot is freed or urgency changes
}

// ticket is a held slot.
type ticket struct {
	s      *scheduler
	kind   slotKind
	urgent bool // somebody waits for this head's next segments
	yield  context.CancelFunc
}

// newScheduler allows so many heads at once: two for pictures, more on large machines.
func newScheduler() *scheduler {
	s := &scheduler{changed: make(chan struct{})}
	s.budget[pictureSlot] = max(2, runtime.NumCPU()/4)
	s.budget[soundSlot] = 2
	return s
}

// acquire waits for a slot. When none is free the longest-held one that nobody waits for is asked to end. Yield is
// what ends the head that gets this slot.
func (s *scheduler) acquire(ctx context.Context, kind slotKind, yield context.CancelFunc) (*ticket, error) {
	for {
		s.mu.Lock()
		held := 0
		var victim *ticket
		for _, t := range s.tickets {
			if t.kind != kind {
				continue
			}
			held++
			if victim == nil && !t.urgent {
				victim = t
			}
		}
		if held < s.budget[kind] {
			t := &ticket{s: s, kind: kind, urgent: true, yield: yield}
			s.tickets = append(s.tickets, t)
			s.mu.Unlock()
			return t, nil
		}
		if victim != nil {
			victim.yield()
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// release gives the slot back. It may be called once.
func (t *ticket) release() {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.tickets = slices.DeleteFunc(t.s.tickets, func(x *ticket) bool { return x == t })
	t.s.wake()
}

// setUrgent says whether somebody waits for this head.
func (t *ticket) setUrgent(urgent bool) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.urgent != urgent {
		t.urgent = urgent
		t.s.wake()
	}
}

// held says whether this head must let others go first, and gives a channel that closes when that may have changed.
func (t *ticket) held() (bool, <-chan struct{}) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.urgent {
		return false, t.s.changed
	}
	urgent := func(x *ticket) bool { return x.urgent && x.kind == pictureSlot }
	return slices.ContainsFunc(t.s.tickets, urgent), t.s.changed
}

func (s *scheduler) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// running is how many heads hold a slot.
func (s *scheduler) running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tickets)
}
