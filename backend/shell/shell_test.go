package shell

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/api"
	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

// otherVerbs are those that the fake does not have: calling one panics.
type otherVerbs interface{ api.API }

// fakeCore adds whatever it is given.
type fakeCore struct {
	otherVerbs

	events chan api.Event

	mu     sync.Mutex
	added  [][]string
	heard  bool // somebody subscribed
	unsaid bool // files were added while nobody had
	state  WindowState
	saves  int
	closed int
}

func newCore() *fakeCore { return &fakeCore{events: make(chan api.Event)} }

func (c *fakeCore) API() api.API  { return c }
func (c *fakeCore) URL() string   { return "http://127.0.0.1:1" }
func (c *fakeCore) Token() string { return "t" }

func (c *fakeCore) WindowState() WindowState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *fakeCore) SaveWindowState(_ context.Context, w WindowState) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = w
	c.saves++
	return nil
}

func (c *fakeCore) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	return nil
}

func (c *fakeCore) Subscribe(context.Context) <-chan api.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = true
	return c.events
}

func (c *fakeCore) Pending(context.Context) (api.AddResult, error) {
	return api.AddResult{Added: []api.Added{{Name: "of the core"}}}, nil
}

func (c *fakeCore) Item(_ context.Context, r api.ItemRequest) (api.Item, error) {
	switch r.ID {
	case "nan":
		return api.Item{Progress: &api.Progress{Fraction: math.NaN()}}, nil
	case "gone":
		return api.Item{}, fault.New(fault.NotFound, `No "such" item.`)
	case "bug":
		return api.Item{}, errors.New("/secret/path")
	}
	return api.Item{ID: r.ID}, nil
}

func (c *fakeCore) Add(_ context.Context, r api.AddRequest) (api.AddResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.added = append(c.added, r.Paths)
	c.unsaid = c.unsaid || !c.heard
	var result api.AddResult
	for _, p := range r.Paths {
		result.Added = append(result.Added, api.Added{Path: p})
	}
	return result, nil
}

// fakeWindow is a window that does what it is told, as a window manager with two monitors would.
type fakeWindow struct {
	mu       sync.Mutex
	bounds   WindowState
	monitorX int // what a position is off by
	late     int // how often Bounds still says where the window was before
	before   WindowState
	shown    int
	quit     int
	events   []api.Event
	at       []time.Time
	dialog   chan []string
}

func (w *fakeWindow) Emit(_ string, data any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, data.(api.Event))
	w.at = append(w.at, time.Now())
}

func (w *fakeWindow) Show() { w.mu.Lock(); w.shown++; w.mu.Unlock() }
func (w *fakeWindow) Quit() { w.mu.Lock(); w.quit++; w.mu.Unlock() }

func (w *fakeWindow) Bounds() WindowState {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.late > 0 {
		w.late--
		return w.before
	}
	return w.bounds
}

func (w *fakeWindow) SetBounds(b WindowState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.X += w.monitorX
	w.bounds = b
}

func (w *fakeWindow) PickFiles() ([]string, error) { return <-w.dialog, nil }
func (w *fakeWindow) PickFile() (string, error)    { return "", nil }
func (w *fakeWindow) PickFolder() (string, error)  { return "", nil }

func start(t *testing.T, core *fakeCore, paths ...string) *Shell {
	t.Helper()
	s := New(t.Context(), Options{
		Open:  func(context.Context) (Core, error) { return core, nil },
		Paths: paths, Log: slog.New(slog.DiscardHandler),
	})
	s.Start()
	return s
}

func closeShell(t *testing.T, s *Shell) {
	t.Helper()
	s.BeforeClose()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// TestEarlyFilesArePending: files that arrive before the page are told once, by Pending; later ones by an event.
func TestEarlyFilesArePending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, w := newCore(), &fakeWindow{}
		s := start(t, core, "/early one.mp4", "/early two.mp4")
		s.Attach(w)
		s.Drop([]string{"/dropped.mp4"})
		synctest.Wait()
		got, err := s.Pending()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{"/early one.mp4": true, "/early two.mp4": true, "/dropped.mp4": true, "": true}
		for _, a := range got.Added {
			if !want[a.Path] {
				t.Errorf("pending has %q once too often", a.Path)
			}
			delete(want, a.Path)
		}
		if len(want) > 0 {
			t.Errorf("pending lacks %v", want)
		}
		s.Drop([]string{"/late.mp4"})
		synctest.Wait()
		if again, err := s.Pending(); err != nil || len(again.Added) != 1 {
			t.Errorf("pending again = %+v, %v; want what the core has alone", again, err)
		}
		if len(w.events) != 1 || w.events[0].Kind != api.EventAdded || w.events[0].Added[0].Path != "/late.mp4" {
			t.Errorf("events = %+v, want the late file's", w.events)
		}
		closeShell(t, s)
		if core.closed != 1 {
			t.Errorf("core closed %d times", core.closed)
		}
		if core.unsaid {
			t.Error("files were added before anybody heard the core's events")
		}
		s.Drop([]string{"/too late.mp4"}) // starts nothing: synctest would find the goroutine
	})
}

func TestFailedCoreIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := fault.New(fault.Newer, "Written by a newer one.")
		s := New(t.Context(), Options{
			Open:  func(context.Context) (Core, error) { return nil, refusal },
			Paths: []string{"/a.mp4"}, Log: slog.New(slog.DiscardHandler),
		})
		w := &fakeWindow{}
		s.Start()
		s.Attach(w)
		s.DomReady()
		synctest.Wait()
		if w.shown != 1 {
			t.Error("the window is not shown")
		}
		_, err := Ask(s, api.API.Doctor)
		if err == nil || err.Error() != `{"code":"newer","message":"Written by a newer one."}` {
			t.Errorf("a call = %v", err)
		}
		got, err := s.Pending()
		if err != nil || len(got.Added) != 1 || got.Added[0].Problem == nil || got.Added[0].Problem.Code != "newer" {
			t.Errorf("pending = %+v, %v; want the file with the reason", got, err)
		}
		s.BeforeClose()
		if err := s.Close(); !errors.Is(err, refusal) {
			t.Errorf("close = %v, want the reason", err)
		}
	})
}

func TestCallErrorsAreJSONForThePage(t *testing.T) {
	s := start(t, newCore())
	defer closeShell(t, s)
	for _, c := range []struct{ id, code, message string }{
		{"gone", "not_found", `No "such" item.`},
		{"bug", "internal", fault.MessageOf(errors.New("x"))},
		{"nan", "internal", fault.MessageOf(errors.New("x"))},
	} {
		item, err := Call(s, api.API.Item, api.ItemRequest{ID: c.id})
		var got api.Problem
		if err == nil || json.Unmarshal([]byte(err.Error()), &got) != nil {
			t.Fatalf("%s: error %v is no JSON", c.id, err)
		}
		if diff := cmp.Diff(api.Problem{Code: c.code, Message: c.message}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.id, diff)
		}
		if item.Progress != nil {
			t.Errorf("%s: the answer has a NaN all the same", c.id)
		}
	}
	if item, err := Call(s, api.API.Item, api.ItemRequest{ID: "x"}); err != nil || item.ID != "x" {
		t.Errorf("a good call = %+v, %v", item, err)
	}
	// The fake has no such verb: it panics, and the page hears of it.
	if _, err := Ask(s, api.API.Doctor); err == nil || json.Unmarshal([]byte(err.Error()), &api.Problem{}) != nil {
		t.Errorf("a panic = %v, want an error for the page", err)
	}
}

func TestCallsWaitForTheCoreButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), Options{
			Open: func(ctx context.Context) (Core, error) { <-ctx.Done(); return nil, ctx.Err() },
			Log:  slog.New(slog.DiscardHandler),
		})
		s.Start()
		_, err := Call(s, api.API.Item, api.ItemRequest{})
		var call *CallError
		if !errors.As(err, &call) || call.problem.Code != string(fault.Canceled) {
			t.Errorf("a call that waits too long = %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close while opening: %v", err)
		}
	})
}

func TestWindowComesBackWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, w := newCore(), &fakeWindow{monitorX: 1920}
		core.state = WindowState{X: 40, Y: 30, Width: 900, Height: 700}
		s := start(t, core)
		s.Attach(w)
		s.DomReady()
		s.DomReady() // the page is loaded again
		<-time.After(time.Second)
		synctest.Wait()
		if w.shown != 1 || w.bounds != core.state {
			t.Errorf("shown %d times at %+v, want once at %+v", w.shown, w.bounds, core.state)
		}
		w.mu.Lock()
		w.bounds = WindowState{X: 1, Y: 2, Width: 800, Height: 600}
		w.mu.Unlock()
		<-time.After(2 * placeEvery)
		synctest.Wait()
		if core.state != (WindowState{X: 1, Y: 2, Width: 800, Height: 600}) {
			t.Errorf("while it runs, the place remembered is %+v", core.state)
		}
		saves := core.saves
		<-time.After(10 * placeEvery)
		synctest.Wait()
		if core.saves != saves {
			t.Errorf("a window at rest is saved %d times", core.saves-saves)
		}
		w.mu.Lock()
		w.bounds = WindowState{Width: 1920, Height: 1080, Maximised: true}
		w.mu.Unlock()
		closeShell(t, s)
		if core.state != (WindowState{X: 1, Y: 2, Width: 800, Height: 600, Maximised: true}) {
			t.Errorf("after maximising, the place remembered is %+v", core.state)
		}
	})
}

// TestLateWindowManager: a place that is only told late is not taken for a wrong one, however late.
func TestLateWindowManager(t *testing.T) {
	for late := range 4 {
		synctest.Test(t, func(t *testing.T) {
			core := newCore()
			core.state = WindowState{X: 230, Y: 140, Width: 900, Height: 700}
			w := &fakeWindow{late: late, before: WindowState{X: 100, Y: 70, Width: 1200, Height: 760}}
			s := start(t, core)
			s.Attach(w)
			s.DomReady()
			<-time.After(3 * time.Second)
			synctest.Wait()
			if w.bounds != (WindowState{X: 230, Y: 140, Width: 900, Height: 700}) {
				t.Errorf("told %d times late, the window is at %+v", late, w.bounds)
			}
			closeShell(t, s)
		})
	}
}

func TestWindowShowsWithoutAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWindow{bounds: WindowState{Hidden: true}}
		core := newCore()
		s := start(t, core)
		s.Attach(w)
		<-time.After(showFallback + time.Millisecond)
		synctest.Wait()
		if w.shown != 1 {
			t.Error("a window whose page does not come is not shown")
		}
		closeShell(t, s)
		if core.saves != 0 {
			t.Error("the place of a hidden window was saved")
		}
	})
}

// TestSignalBeforeTheToolkitListens: the window is asked to quit, once it is there.
func TestSignalBeforeTheToolkitListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := context.WithCancel(t.Context())
		cancel()
		core, w := newCore(), &fakeWindow{}
		s := New(outer, Options{
			Open: func(context.Context) (Core, error) { return core, nil }, Log: slog.New(slog.DiscardHandler),
		})
		s.Start()
		s.Attach(w)
		<-time.After(2 * quitGrace)
		synctest.Wait()
		if w.quit != 1 {
			t.Errorf("asked to quit %d times, want once", w.quit)
		}
		closeShell(t, s)
	})
}

func TestSecondLaunchDropsAndShows(t *testing.T) {
	dir := t.TempDir()
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	core, w := newCore(), &fakeWindow{}
	s := New(t.Context(), Options{
		Open: func(context.Context) (Core, error) { return core, nil },
		Lock: lock, Log: slog.New(slog.DiscardHandler),
	})
	s.Attach(w)
	s.Start()
	if _, err := s.Pending(); err != nil { // the core is open
		t.Fatal(err)
	}
	// The record has the core's address, at which nobody listens here: only the control is asked.
	var info instance.Info
	waitFor(t, func() bool { return readRecord(dir, &info) })
	if err := openControl(t.Context(), info.Control, "/b.mp4"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.shown == 1 && len(w.events) == 1 })
	closeShell(t, s)
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneDialogAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, w := newCore(), &fakeWindow{dialog: make(chan []string)}
		s := start(t, core)
		if _, err := s.PickFiles(); err == nil {
			t.Error("a dialog without a window")
		}
		s.Attach(w)
		first := make(chan api.AddResult)
		go func() {
			got, err := s.PickFiles()
			if err != nil {
				t.Error(err)
			}
			first <- got
		}()
		synctest.Wait()
		<-time.After(time.Hour) // a person takes their time
		if _, err := s.PickFiles(); err == nil {
			t.Error("two dialogs at a time")
		}
		w.dialog <- []string{"/chosen.mp4"}
		if got := <-first; len(got.Added) != 1 || got.Added[0].Path != "/chosen.mp4" {
			t.Errorf("chosen = %+v", got)
		}
		if got, err := s.PickFolder(); err != nil || got.Added == nil || len(got.Added) != 0 {
			t.Errorf("a cancelled dialog = %+v, %v; want an empty list", got, err)
		}
		closeShell(t, s)
	})
}
