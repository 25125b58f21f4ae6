package stream

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"dropstream/backend/proc"
)

// TestScrubbing: viewers who seek about leave no more children than the budget, the last target comes, and when they
// are gone so are the heads.
func TestScrubbing(t *testing.T) {
	src := clip(t, "scrub.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=60"}, x264...)...)
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
