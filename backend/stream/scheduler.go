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
	pictureSlot    slotKind = iota // decodes and encodes video: takes whole cores and hundreds of megabytes
	soundSlot                      // decodes and encodes audio: short and light
	copySlot                       // takes samples out of a container: reads a disk and no more
	backgroundSlot                 // nobody waits for it: fill, thumbnails, scans
	slotKinds
)

// scheduler keeps the number of heads within the budget and lets those that somebody waits for go first. A head that
// nobody waits for is held up while any other is waited for, and gives up its slot when one is short. Background work
// is held up by both, and gives up its slot when those for pictures are all taken: by then memory is short.
type scheduler struct {
	mu      sync.Mutex
	budget  [slotKinds]int
	tickets []*ticket     // held slots, oldest first
	queue   []*int        // who waits for a background slot, in order
	changed chan struct{} // closed and replaced whenever a slot is freed or urgency changes
}

// ticket is a held slot.
type ticket struct {
	s      *scheduler
	kind   slotKind
	urgent bool // somebody waits for this head's next segments
	parked bool // it is far enough ahead, and does nothing
	yield  context.CancelFunc
}

// newScheduler allows so many heads at once: two for pictures, more on large machines.
func newScheduler() *scheduler {
	s := &scheduler{changed: make(chan struct{})}
	s.budget[pictureSlot] = max(2, runtime.NumCPU()/4)
	s.budget[soundSlot] = 2
	s.budget[backgroundSlot] = backgroundSlots(runtime.NumCPU())
	s.budget[copySlot] = 6
	return s
}

// backgroundSlots is how much goes on at once that nobody waits for.
func backgroundSlots(cores int) int {
	switch {
	case cores >= 16:
		return 3
	case cores >= 8:
		return 2
	}
	return 1
}

// background waits for a slot for work that nobody waits for, in the order of asking, and until no viewer needs the
// machine. The work goes on under the context that is given, which ends when the slot is wanted back; children that
// runHead starts under it run at low priority and are held up by their unread pipe while a viewer waits. Other work
// calls ticket.wait between its steps. Release must be called.
func (s *scheduler) background(ctx context.Context) (work context.Context, t *ticket, err error) {
	work, yield := context.WithCancel(ctx)
	turn := new(int)
	s.mu.Lock()
	s.queue = append(s.queue, turn)
	s.mu.Unlock()
	leave := func() {
		s.queue = slices.DeleteFunc(s.queue, func(x *int) bool { return x == turn })
		s.wake()
	}
	for {
		s.mu.Lock()
		held := s.held(backgroundSlot)
		if s.queue[0] == turn && held < s.budget[backgroundSlot] && !s.busy() {
			t = &ticket{s: s, kind: backgroundSlot, yield: yield}
			s.tickets = append(s.tickets, t)
			leave()
			s.mu.Unlock()
			return context.WithValue(work, ticketKey{}, t), t, nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			yield()
			s.mu.Lock()
			defer s.mu.Unlock()
			leave()
			return nil, nil, ctx.Err()
		}
	}
}

type ticketKey struct{}

// backgroundTicket is the ticket that work goes on under; nil for what somebody waits for.
func backgroundTicket(ctx context.Context) *ticket {
	t, _ := ctx.Value(ticketKey{}).(*ticket)
	return t
}

// held is how many slots of a kind are held. The lock is held.
func (s *scheduler) held(kind slotKind) (n int) {
	for _, t := range s.tickets {
		if t.kind == kind {
			n++
		}
	}
	return n
}

// busy says whether a viewer needs the machine: a head is waited for, or reads ahead. The lock is held.
func (s *scheduler) busy() bool {
	return slices.ContainsFunc(s.tickets, func(t *ticket) bool {
		return t.kind != backgroundSlot && (t.urgent || t.kind == pictureSlot && !t.parked)
	})
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
			s.makeWay(kind)
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

// makeWay ends background work when a viewer's head has taken the last slot for pictures. The lock is held.
func (s *scheduler) makeWay(kind slotKind) {
	s.wake() // background work is held from now on
	if kind != pictureSlot || s.held(pictureSlot) < s.budget[pictureSlot] {
		return
	}
	for _, t := range s.tickets {
		if t.kind == backgroundSlot {
			t.yield()
		}
	}
}

// release gives the slot back. It may be called once.
func (t *ticket) release() {
	if t.kind == backgroundSlot {
		t.yield() // the work is over
	}
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

// setParked says whether this head is far enough ahead to do nothing.
func (t *ticket) setParked(parked bool) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.parked != parked {
		t.parked = parked
		t.s.wake()
	}
}

// wait waits while others must go first.
func (t *ticket) wait(ctx context.Context) error {
	for {
		held, changed := t.held()
		if !held {
			return ctx.Err() //nolint:wrapcheck // the caller's own
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller's own
		}
	}
}

// held says whether this head must let others go first, and gives a channel that closes when that may have changed.
func (t *ticket) held() (bool, <-chan struct{}) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	switch {
	case t.urgent:
		return false, t.s.changed
	case t.kind == backgroundSlot:
		return t.s.busy(), t.s.changed
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

// quiet gives a function that says whether nothing has begun, ended or become urgent since.
func (s *scheduler) quiet() func() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.changed
	return func() bool {
		select {
		case <-changed:
			return false
		default:
			return true
		}
	}
}
