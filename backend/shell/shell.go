// Package shell is what the window's program does, apart from the toolkit that draws the window: it opens the core
// beside it, guards the calls that come from the page, carries files that arrive from outside to the page, and keeps
// the window's place. It imports no toolkit, so that all of it is tested without a display.
package shell

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

// Core is what the shell needs of the running program.
type Core interface {
	API() api.API
	URL() string   // http://127.0.0.1:PORT
	Token() string // of the HTTP API
	WindowState() WindowState
	SaveWindowState(context.Context, WindowState) error
	Close() error
}

// Window is the toolkit's side. Its methods may be called from any goroutine, between Attach and the end of
// BeforeClose; only Emit may come later, and does nothing then.
type Window interface {
	Emit(name string, data any) // an event to the page; lost when nobody listens yet
	Show()                      // visible, not minimised, in front where the desktop allows it
	Bounds() WindowState
	SetBounds(WindowState)
	PickFiles() ([]string, error) // nothing when the person cancels
	PickFile() (string, error)    // "" when the person cancels
	PickFolder() (string, error)
	Quit()
}

// quitGrace is what the toolkit is left to see a signal itself.
const quitGrace = time.Second

// Options are what a Shell is made of.
type Options struct {
	Open  func(context.Context) (Core, error)
	Lock  *instance.Lock // published on once the core runs; nil: not published
	Paths []string       // from the command line, as if dropped
	Log   *slog.Logger
}

// Shell is the window's program. Make it with New, Start it, Attach the window when there is one, Close it.
type Shell struct {
	options Options
	outer   context.Context // ends when the program should; the window is then asked to quit
	ctx     context.Context // ends when the shell closes, which is later
	cancel  context.CancelFunc

	workMu sync.Mutex
	closed bool
	work   sync.WaitGroup

	opened chan struct{} // closed when core and openErr are set
	core   Core
	err    error

	attached chan struct{} // closed when window is set
	window   Window

	relay    *relay
	place    place
	showing  atomic.Bool
	picking  sync.Mutex
	closing  sync.Once
	closeErr error
}

// New makes a Shell. When outer ends, the window is asked to quit; what runs ends with Close.
func New(outer context.Context, o Options) *Shell {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Shell{
		options: o, outer: outer, ctx: ctx, cancel: cancel,
		opened: make(chan struct{}), attached: make(chan struct{}),
	}
	s.relay = newRelay(s.emit)
	return s
}

// Start opens the core in the background, while the toolkit makes its window. A core that cannot be opened is no
// reason to have no window: every call then says why.
func (s *Shell) Start() {
	s.background(func() {
		s.core, s.err = s.options.Open(s.ctx)
		var events <-chan api.Event
		if s.err == nil {
			// Before the first call can reach the core: what it has to tell from then on has a listener.
			events = s.core.API().Subscribe(s.ctx)
		}
		close(s.opened)
		s.Drop(s.options.Paths)
		if s.err != nil {
			s.options.Log.ErrorContext(s.ctx, "Core not opened", slog.Any("error", s.err))
		} else if err := s.publish(); err != nil {
			s.options.Log.ErrorContext(s.ctx, "Instance not published", slog.Any("error", err))
		}
		s.relay.run(s.ctx, events)
	})
}

// background runs do in a goroutine that Close waits for; not at all when the shell is closed.
func (s *Shell) background(do func()) {
	s.workMu.Lock()
	defer s.workMu.Unlock()
	if !s.closed {
		s.work.Go(do)
	}
}

// publish lets a second launch find this process.
func (s *Shell) publish() error {
	if s.options.Lock == nil {
		return nil
	}
	info := instance.Info{URL: s.core.URL(), Token: s.core.Token(), PID: os.Getpid()}
	err := s.options.Lock.Publish(info, func(_ context.Context, paths []string) {
		s.Drop(paths)
		if w := s.attachedWindow(); w != nil {
			w.Show()
		}
	})
	if err != nil {
		return fmt.Errorf("publish instance: %w", err)
	}
	return nil
}

// Attach gives the shell its window, once it can be called.
func (s *Shell) Attach(w Window) {
	s.window = w
	close(s.attached)
	s.background(func() { s.keepPlace(w) })
	s.background(func() {
		select {
		case <-s.outer.Done():
		case <-s.ctx.Done():
		}
		// The toolkit quits by itself on a signal, but not on one that came before it listened.
		if s.wait(quitGrace) && !s.place.gone.Load() {
			w.Quit()
		}
	})
}

// emit is where the relay's events leave.
func (s *Shell) emit(e api.Event) {
	if w := s.attachedWindow(); w != nil {
		w.Emit("event", e)
	}
}

func (s *Shell) attachedWindow() Window {
	select {
	case <-s.attached:
		return s.window
	default:
		return nil
	}
}

// await gives the core, when it is open.
func (s *Shell) await(ctx context.Context) (Core, error) {
	select {
	case <-s.opened:
		return s.core, s.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the core: %w", ctx.Err())
	}
}

// Close ends everything and waits for it; the core is closed last. It is called when the window has gone, or when
// none could be made. It is idempotent.
func (s *Shell) Close() error {
	s.closing.Do(func() {
		s.workMu.Lock()
		s.closed = true
		s.workMu.Unlock()
		s.cancel()
		s.work.Wait()
		select {
		case <-s.opened:
		default:
			return // never started
		}
		if s.core != nil {
			s.closeErr = s.core.Close()
		}
		if fault.CodeOf(s.err) != fault.Canceled {
			s.closeErr = errors.Join(s.closeErr, s.err)
		}
	})
	return s.closeErr
}
