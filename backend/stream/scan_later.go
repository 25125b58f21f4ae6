package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// laterScan scans a source that took longer than its viewer could wait, while it is being watched: at low priority,
// one source at a time, and never while anybody waits for a segment. What it tells is kept for when the title is
// opened next.
type laterScan struct {
	t    *title
	task scanTask

	mu      sync.Mutex
	viewed  time.Time     // when a segment was asked for last
	moved   chan struct{} // closed and replaced when one is
	running bool
	done    bool
	closed  bool
}

// parkedFor is how long a scan waits for its viewer to come back before it ends, to begin again when he does.
const parkedFor = time.Minute

var errParked = errors.New("nobody is viewing")

func newLaterScan(t *title, task scanTask) *laterScan {
	return &laterScan{t: t, task: task, moved: make(chan struct{})}
}

// view notes that a segment was asked for, and sees to it that the scan runs.
func (l *laterScan) view(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewed = time.Now()
	close(l.moved)
	l.moved = make(chan struct{})
	if l.running || l.done || l.closed {
		return
	}
	l.running = true
	l.t.wg.Go(func() { l.run(ctx) })
}

// close lets no scan begin any more.
func (l *laterScan) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// replaced says whether the title would be planned better if it were opened anew, and nobody would notice.
func (l *laterScan) replaced() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done && time.Since(l.viewed) >= l.t.e.idle
}

func (l *laterScan) run(ctx context.Context) {
	e, src := l.t.e, l.t.src
	err := l.scan(ctx)
	l.mu.Lock()
	l.running, l.done = false, err == nil
	l.mu.Unlock()
	level := slog.LevelInfo
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, errParked) { // to begin again
			level = slog.LevelDebug
		} else {
			l.close() // it would fail again
		}
	}
	e.log.LogAttrs(ctx, level, "Background scan ended", slog.String("item", src.ItemID), slog.Any("error", err))
}

func (l *laterScan) scan(ctx context.Context) error {
	e := l.t.e
	work, ticket, err := e.sched.background(ctx)
	if err != nil {
		return err
	}
	defer ticket.release()
	gate := func(ctx context.Context) error {
		if err := l.attend(ctx); err != nil {
			return err
		}
		return ticket.wait(ctx)
	}
	found, err := e.scanSource(work, l.t.src, l.task, gate)
	if err != nil {
		return err
	}
	if err := l.t.unchanged(); err != nil {
		return err
	}
	e.keepScan(ctx, l.t.src, l.task, found)
	return nil
}

// attend waits while nobody views the title.
func (l *laterScan) attend(ctx context.Context) error {
	for {
		l.mu.Lock()
		idle, moved := time.Since(l.viewed), l.moved
		l.mu.Unlock()
		switch {
		case idle < l.t.e.idle:
			return nil
		case idle > parkedFor:
			return errParked
		}
		timer := time.NewTimer(parkedFor - idle + time.Millisecond)
		select {
		case <-moved:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err() //nolint:wrapcheck // the caller's own
		}
	}
}

// viewed notes that a segment of a title was asked for.
func (t *title) viewed() {
	if t.later != nil {
		t.later.view(t.background)
	}
}
