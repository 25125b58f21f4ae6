package stream

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/proc"
	"dropstream/backend/store"
)

// TestPlaybackStaysSmoothWhileOthersFill: a viewer plays an item that is converted while ten others are being kept.
// No segment comes later than the time at which it is shown, there are never more children than the budget, fill makes
// way while the viewer waits and goes on when it does not, and when all is over nothing runs.
func TestPlaybackStaysSmoothWhileOthersFill(t *testing.T) {
	const others = 10
	tools, err := ffmpeg.Find(t.Context(), ffmpeg.FindOptions{Getenv: os.Getenv})
	if err != nil {
		t.Skipf("ffmpeg is not here: %v", err)
	}
	one := converted(t, "16")
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, _, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "library.db"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	c, err := cache.Open(t.Context(), filepath.Join(dir, "cache"), cache.Options{BudgetBytes: 1 << 30, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	sources := map[string]media.Source{}
	for i := range others + 1 {
		s := one
		s.ItemID = fmt.Sprintf("item%d", i)
		sources[s.ItemID] = s
		stored := s
		stored.Path = fmt.Sprintf("%s.%d", s.Path, i) // paths are unique in the library
		if _, err := db.AddItem(t.Context(), media.Item{Source: stored}); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan string, others)
	e := New(Options{
		Tools: tools, Cache: c, Log: log, Artifacts: db, Fill: func() bool { return true },
		Source:   func(_ context.Context, id string) (media.Source, error) { return sources[id], nil },
		OnStored: func(id string, _ bool) { done <- id },
	})
	defer e.Close()
	e.idle = time.Second
	for i := range others {
		if err := e.Keep(t.Context(), fmt.Sprintf("item%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	budget := 0
	for _, n := range e.sched.budget {
		budget += n
	}
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if n := proc.Live(); n > budget+1 { // and a probe
					t.Errorf("%d children, the budget is %d", n, budget)
					return
				}
			}
		}
	})
	watchOne(t, e, fmt.Sprintf("item%d", others))
	close(stop)
	watch.Wait()
	for range others {
		select {
		case <-done:
		case <-time.After(4 * time.Minute):
			t.Fatal("the others are not stored")
		}
	}
	awaitQuiet(t, e)
}

// watchOne plays an item in real time, and says when a segment comes late.
func watchOne(t *testing.T, e *Engine, id string) {
	t.Helper()
	ti, release, err := e.title(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r := ti.video[ti.rungs[0].Name]
	release()
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	ref := media.Ref{Item: id, Kind: media.Video, Rendition: ti.rungs[0].Name, Plan: p.Hash}
	if _, err := e.Segment(t.Context(), ref, 0); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for n := 1; n < p.Len(); n++ {
		if _, err := e.Segment(t.Context(), ref, n); err != nil {
			t.Fatal(err)
		}
		due := began.Add(p.Time(n))
		if late := time.Since(due); late > 0 {
			t.Errorf("segment %d comes %v after it was to be shown", n, late)
		}
		const buffered = 4 * time.Second // that the player asks ahead
		select {
		case <-time.After(time.Until(due) - buffered):
		case <-t.Context().Done():
		}
	}
}

// awaitQuiet waits until nothing runs, for at most the time that heads have after their viewers have gone.
func awaitQuiet(t *testing.T, e *Engine) {
	t.Helper()
	deadline := time.After(idleFor)
	for {
		e.fill.mu.Lock()
		next, wait := e.fill.next(time.Now())
		e.fill.mu.Unlock()
		if e.Heads() == 0 && proc.Live() == 0 && next == nil {
			if wait != 0 {
				t.Errorf("it wakes up in %v although there is nothing to do", wait)
			}
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d heads and %d children are left, and %v is to be done", e.Heads(), proc.Live(), next)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
