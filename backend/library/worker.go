package library

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// worker says when background work may be done: when nothing was asked of the library for a while.
type worker struct {
	idle time.Duration
	wake chan struct{} // something may be to do

	mu   sync.Mutex
	busy int       // drops under way
	last time.Time // when something was last asked
}

func newWorker(idle time.Duration) *worker {
	w := &worker{idle: idle, wake: make(chan struct{}, 1), last: time.Now()}
	w.wake <- struct{}{} // what an earlier run left over
	return w
}

// begin and end stand around work that somebody waits for.
func (w *worker) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
}

func (w *worker) end() {
	w.mu.Lock()
	w.busy--
	w.last = time.Now()
	w.mu.Unlock()
	w.nudge()
}

// touch puts background work off for another while.
func (w *worker) touch() {
	w.mu.Lock()
	w.last = time.Now()
	w.mu.Unlock()
	w.nudge()
}

func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// wait is how long to wait before working; 0 for now. While drops are under way it is the whole while, after which
// they are asked about again.
func (w *worker) wait() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy > 0 {
		return w.idle
	}
	return max(0, w.idle-time.Since(w.last))
}

// quiet waits until nothing was asked for a while. It is false when ctx ended.
func (w *worker) quiet(ctx context.Context) bool {
	for {
		d := w.wait()
		if d == 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}

// work does the background work, one item at a time, until ctx ends. It sleeps when there is none.
func (l *Library) work(ctx context.Context) {
	swept := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.worker.wake:
		}
		for l.worker.quiet(ctx) {
			if !swept {
				l.sweepPosters(ctx)
				swept = true
			}
			it, ok, err := l.o.Store.Unfinished(ctx)
			if err != nil && ctx.Err() == nil {
				l.o.Log.WarnContext(ctx, "Background work not found", slog.Any("error", err))
			}
			if err != nil || !ok {
				break
			}
			if !l.finish(ctx, &it) {
				break // the next nudge tries again
			}
		}
	}
}
