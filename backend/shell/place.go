package shell

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// The window's size, in pixels of the desktop: the first one, and the least.
const (
	DefaultWidth  = 1200
	DefaultHeight = 760
	MinWidth      = 640
	MinHeight     = 480
	maxEdge       = 1 << 15 // X11 knows no more
)

const (
	placeEvery   = 5 * time.Second        // how often the window's place is looked at: no event tells of a move
	settleAfter  = 400 * time.Millisecond // what a window manager needs to place a window
	showFallback = 4 * time.Second        // the window is shown by then, page or no page
	saveTimeout  = 2 * time.Second
)

// WindowState is the window's size and place, in pixels of the desktop. Width 0: not known yet.
type WindowState struct {
	X, Y, Width, Height int
	Maximised           bool
	// Hidden: minimised or filling the screen for a moment; such a place is not worth remembering.
	Hidden bool
}

// valid says whether a remembered state can be used.
func (w WindowState) valid() bool {
	inside := func(v int) bool { return -maxEdge < v && v < maxEdge }
	return w.Width >= MinWidth && w.Height >= MinHeight && w.Width < maxEdge && w.Height < maxEdge &&
		inside(w.X) && inside(w.Y)
}

// place is what the shell knows of the window's place.
type place struct {
	gone atomic.Bool // the toolkit's loop may have ended: calls into it could hang

	mu     sync.Mutex // held during calls into the toolkit
	saved  WindowState
	loaded bool
}

// DomReady shows the window where it was, now that there is a page to see. It does not block: the toolkit calls it
// on the goroutine that everything else waits for. The page is ready again after each load; only the first counts.
func (s *Shell) DomReady() {
	s.background(s.show)
}

func (s *Shell) show() {
	w := s.attachedWindow()
	if w == nil || !s.showing.CompareAndSwap(false, true) {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, showFallback)
	defer cancel()
	core, err := s.await(ctx)
	if err != nil {
		s.inWindow(w.Show)
		return
	}
	want := core.WindowState()
	s.place.mu.Lock()
	s.place.saved, s.place.loaded = want, true
	s.place.mu.Unlock()
	if !want.valid() {
		s.inWindow(w.Show)
		return
	}
	s.inWindow(func() {
		w.SetBounds(want)
		w.Show()
	})
	s.settle(w, want)
}

// settle mends the place once the window manager has had its say: the toolkit takes a position as relative to the
// window's monitor and gives it as absolute, so with a second monitor the first try may be a monitor off. A busy
// window manager may also just be late: only a place that stays is mended, and what did not help is taken back.
func (s *Shell) settle(w Window, want WindowState) {
	first, off := s.offset(w, want)
	if !off {
		return
	}
	if again, off := s.offset(w, want); !off || again != first {
		return
	}
	mended := want
	mended.X, mended.Y = want.X-(first.X-want.X), want.Y-(first.Y-want.Y)
	s.inWindow(func() { w.SetBounds(mended) })
	if _, off := s.offset(w, want); off {
		s.inWindow(func() { w.SetBounds(want) })
	}
}

// offset gives the window a moment and then says whether it is elsewhere than wanted by more than a frame.
func (s *Shell) offset(w Window, want WindowState) (got WindowState, off bool) {
	const frame = 64
	if want.Maximised || !s.wait(settleAfter) {
		return got, false
	}
	s.inWindow(func() {
		got = w.Bounds()
		dx, dy := got.X-want.X, got.Y-want.Y
		off = !got.Maximised && !got.Hidden && (max(dx, -dx) > frame || max(dy, -dy) > frame)
	})
	return got, off
}

// inWindow calls the toolkit, unless its window is going.
func (s *Shell) inWindow(do func()) {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	if !s.place.gone.Load() {
		do()
	}
}

// wait is false when the shell ended first.
func (s *Shell) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// keepPlace shows the window in any case and remembers its place while it runs, so that a crash forgets little.
func (s *Shell) keepPlace(w Window) {
	if !s.wait(showFallback) {
		return
	}
	s.show()
	for s.wait(placeEvery) {
		s.inWindow(func() { s.savePlace(w) })
	}
}

// BeforeClose remembers the window's place for the last time. The window must not be asked for anything after.
func (s *Shell) BeforeClose() {
	w := s.attachedWindow()
	if w == nil {
		return
	}
	if runtime.GOOS == "windows" {
		// There it is called on the toolkit's own thread, for which whoever holds the lock may be waiting.
		if !s.place.mu.TryLock() {
			s.place.gone.Store(true)
			return
		}
	} else {
		s.place.mu.Lock()
	}
	defer s.place.mu.Unlock()
	s.savePlace(w)
	s.place.gone.Store(true)
}

// savePlace saves the window's place when it has changed. The place's lock is held.
func (s *Shell) savePlace(w Window) {
	core := s.openedCore()
	if core == nil || s.place.gone.Load() || !s.place.loaded {
		return // before it was restored, the place says nothing
	}
	now := w.Bounds()
	if now.Hidden {
		return
	}
	if now.Maximised { // the size to go back to is the one before
		now = s.place.saved
		if !now.valid() {
			now = WindowState{Width: DefaultWidth, Height: DefaultHeight}
		}
		now.Maximised = true
	}
	if now == s.place.saved || !now.valid() {
		return
	}
	// Not the shell's own context: the last place is saved while it ends.
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	if err := core.SaveWindowState(ctx, now); err != nil {
		s.options.Log.WarnContext(ctx, "Window state not saved", slog.Any("error", err))
		return
	}
	s.place.saved = now
}

// openedCore gives the core without waiting for it; nil while it opens and when it cannot be.
func (s *Shell) openedCore() Core {
	select {
	case <-s.opened:
		return s.core
	default:
		return nil
	}
}
