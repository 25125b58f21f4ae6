package stream

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dropstream/backend/proc"
)

// TestScrubbing: viewers who seek about leave no more children than the budget, the last target comes, and when they
// are gone so are the heads.
func TestScrubbing(t *testing.T) {
	src := clip(t, "scrub.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=60"}, costly...)...)
	e, ti := prepared(t, src, func(e *Engine) { e.idle = 500 * time.Millisecond })
	r := ti.video[ti.rungs[0].Name]
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	budget := e.sched.budget[pictureSlot] + 1 // and the probe that is refined meanwhile
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			if n := proc.Live(); n > budget {
				t.Errorf("%d children, the budget is %d", n, budget)
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	random := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
		_, _ = r.Segment(ctx, random.IntN(p.Len())) // the viewer seeks on before it comes
		cancel()
	}
	if _, err := r.Segment(t.Context(), p.Len()/2); err != nil {
		t.Errorf("the last target: %v", err)
	}
	close(stop)
	watch.Wait()
	deadline := time.After(10 * time.Second)
	for e.Heads() > 0 || proc.Live() > 0 {
		select {
		case <-deadline:
			t.Fatalf("%d heads and %d children are left", e.Heads(), proc.Live())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestStormStartsFewHeads: of targets that come faster than heads can start, hardly any gets a child.
func TestStormStartsFewHeads(t *testing.T) {
	src := clip(t, "scrub.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=60"}, costly...)...)
	e, ti := prepared(t, src)
	f, ok := ti.video[ti.offer(0).rungs[0].Name].(*feed)
	if !ok {
		t.Fatal("nothing is transcoded")
	}
	p, err := f.Plan()
	if err != nil {
		t.Fatal(err)
	}
	counted := &countingMaker{maker: f.maker}
	f.maker = counted
	const targets = 50
	began := time.Now()
	for i := range targets {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, _ = f.Segment(ctx, (i*7)%p.Len()) // the viewer drags on before it comes
		cancel()
	}
	if _, err := f.Segment(t.Context(), p.Len()/2); err != nil {
		t.Errorf("the last target: %v", err)
	}
	// One that is waited for when its delay is over may run; on a slow machine that are some.
	most := stormSeeks + 1 + int(time.Since(began)/stormDelay)
	if n := int(counted.runs.Load()); n > min(most, targets/2) {
		t.Errorf("%d heads ran for %d targets, want %d at most", n, targets, most)
	}
	e.Close()
}

// countingMaker counts runs.
type countingMaker struct {
	maker

	runs atomic.Int32
}

func (m *countingMaker) run(ctx context.Context, from, to, attempt int, emit emitFunc) error {
	m.runs.Add(1)
	return m.maker.run(ctx, from, to, attempt, emit)
}

func TestAViewerBeatsReadAhead(t *testing.T) {
	s := newScheduler()
	ahead, err := s.acquire(t.Context(), pictureSlot, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ahead.setUrgent(false)
	if held, _ := ahead.held(); held {
		t.Error("read-ahead is held although nobody waits")
	}
	waited, err := s.acquire(t.Context(), pictureSlot, func() {})
	if err != nil {
		t.Fatal(err)
	}
	held, changed := ahead.held()
	if !held {
		t.Error("read-ahead goes on although somebody waits")
	}
	waited.release()
	<-changed
	if held, _ := ahead.held(); held {
		t.Error("read-ahead stays held")
	}
}

func TestReadAheadGivesUpItsSlot(t *testing.T) {
	s := newScheduler()
	s.budget[pictureSlot] = 1
	var ahead *ticket
	asked := make(chan struct{})
	ahead, err := s.acquire(t.Context(), pictureSlot, func() { close(asked) })
	if err != nil {
		t.Fatal(err)
	}
	ahead.setUrgent(false)
	got := make(chan *ticket)
	go func() {
		n, err := s.acquire(context.Background(), pictureSlot, func() {})
		if err != nil {
			t.Error(err)
		}
		got <- n
	}()
	<-asked
	ahead.release()
	n := <-got
	n.release()
	if s.running() != 0 {
		t.Errorf("%d slots are held", s.running())
	}
}

// TestBackgroundWorkMakesWay: it starts only when no viewer needs the machine, is held while one does, comes in the
// order of asking, and ends when the last slot for pictures is taken.
func TestBackgroundWorkMakesWay(t *testing.T) {
	s := newScheduler()
	s.budget[backgroundSlot] = 1
	viewer, err := s.acquire(t.Context(), pictureSlot, func() {})
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		work   context.Context
		ticket *ticket
	}
	ask := func() chan got {
		c := make(chan got, 1)
		go func() {
			work, ticket, err := s.background(t.Context())
			if err != nil {
				t.Error(err)
			}
			c <- got{work, ticket}
		}()
		for { // until it stands in the queue
			s.mu.Lock()
			n := len(s.queue)
			s.mu.Unlock()
			if n > 0 {
				return c
			}
			runtime.Gosched()
		}
	}
	first := ask()
	if len(first) > 0 {
		t.Error("background work starts while a viewer waits")
	}
	viewer.setUrgent(false)
	if len(first) > 0 {
		t.Error("background work starts while a head reads ahead")
	}
	viewer.setParked(true)
	a := <-first
	if held, _ := a.ticket.held(); held {
		t.Error("background work is held although the viewer's head is parked")
	}
	second := ask()
	viewer.setUrgent(true)
	if held, _ := a.ticket.held(); !held {
		t.Error("background work goes on while a viewer waits")
	}
	if len(second) > 0 {
		t.Error("there is more background work than slots")
	}
	more := make([]*ticket, 0, s.budget[pictureSlot])
	for range s.budget[pictureSlot] - 1 {
		m, err := s.acquire(t.Context(), pictureSlot, func() {})
		if err != nil {
			t.Fatal(err)
		}
		more = append(more, m)
	}
	<-a.work.Done()
	a.ticket.release()
	for _, m := range append(more, viewer) {
		m.release()
	}
	b := <-second
	if b.work.Err() != nil {
		t.Error("the next one has ended before it began")
	}
	b.ticket.release()
	if s.running() != 0 || len(s.queue) != 0 {
		t.Errorf("%d slots are held, %d wait", s.running(), len(s.queue))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	holder, err := s.acquire(t.Context(), pictureSlot, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.release()
	if _, _, err := s.background(ctx); err == nil || len(s.queue) != 0 {
		t.Errorf("cancelled: %v, %d wait", err, len(s.queue))
	}
}
