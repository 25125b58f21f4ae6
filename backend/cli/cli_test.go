package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dropstream/backend/api"
	"dropstream/backend/cli"
	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a library in memory behind a real HTTP server: a *.mp4 is a video, broken.mp4 one that cannot be played.
type memory struct {
	otherVerbs

	mu      sync.Mutex
	items   []api.Item
	opened  []cli.Options
	closed  int
	healthy bool
	server  *httptest.Server
}

// otherVerbs are those that no command uses.
type otherVerbs interface{ api.API }

const token = "the-token"

func (m *memory) Add(_ context.Context, r api.AddRequest) (api.AddResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var result api.AddResult
	for _, path := range r.Paths {
		added := api.Added{Path: path, Name: filepath.Base(path)}
		if filepath.Ext(path) == ".mp4" {
			it := api.Item{ID: "id" + added.Name[:1], Title: added.Name, State: api.StateLinked}
			it.URL = m.server.URL + "/m"
			if added.Name == "broken.mp4" {
				it.State, it.Problem = api.StateFailed, &api.Problem{Code: "damaged", Message: "It is damaged."}
			}
			m.items, added.Item = append(m.items, it), &it
		} else {
			added.Problem = &api.Problem{Code: "not_video", Message: "This is a text, not a video."}
		}
		result.Added = append(result.Added, added)
	}
	return result, nil
}

func (m *memory) Items(_ context.Context, r api.ItemsRequest) (api.ItemsPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := min(r.Offset, len(m.items))
	to := min(from+r.Limit, len(m.items))
	return api.ItemsPage{Items: slices.Clone(m.items[from:to]), Total: len(m.items)}, nil
}

func (m *memory) Remove(_ context.Context, r api.RemoveRequest) (api.RemoveResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.items)
	m.items = slices.DeleteFunc(m.items, func(it api.Item) bool { return slices.Contains(r.IDs, it.ID) })
	return api.RemoveResult{Removed: before - len(m.items)}, nil
}

func (m *memory) Doctor(context.Context) (api.Report, error) {
	return api.Report{Version: "1", System: "x/y", Healthy: m.healthy, Checks: []api.Check{
		{Name: "ffmpeg", Result: api.CheckFail, Detail: "none", Advice: "Install\x1b[2J it."},
	}}, nil
}

func (m *memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var answer any
	var err error
	switch decoder := json.NewDecoder(r.Body); r.URL.Path {
	case "/api/add":
		var q api.AddRequest
		_ = decoder.Decode(&q)
		answer, err = m.Add(r.Context(), q)
	case "/api/items":
		var q api.ItemsRequest
		_ = decoder.Decode(&q)
		answer, err = m.Items(r.Context(), q)
	case "/api/remove":
		var q api.RemoveRequest
		_ = decoder.Decode(&q)
		answer, err = m.Remove(r.Context(), q)
	case "/api/doctor":
		answer, err = m.Doctor(r.Context())
	}
	if err != nil || json.NewEncoder(w).Encode(answer) != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (m *memory) API() api.API  { return m }
func (m *memory) URL() string   { return m.server.URL }
func (m *memory) Token() string { return token }

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return nil
}

// world is a program with everything outside it replaced.
type world struct {
	cli.Program

	library  *memory
	out, err *syncBuffer
	data     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{library: &memory{healthy: true}, out: newBuffer(), err: newBuffer(), data: t.TempDir()}
	w.library.server = httptest.NewServer(w.library)
	t.Cleanup(w.library.server.Close)
	w.Program = cli.Program{
		Version: "1.2.3", Stdout: w.out, Stderr: w.err, GOOS: "linux",
		Getenv:  func(string) string { return "" },
		Log:     slog.New(slog.DiscardHandler),
		DataDir: func() (string, error) { return w.data, nil },
		Open: func(_ context.Context, o cli.Options) (cli.Core, error) {
			w.library.mu.Lock()
			defer w.library.mu.Unlock()
			w.library.opened = append(w.library.opened, o)
			return w.library, nil
		},
	}
	return w
}

func (w *world) display() {
	w.Getenv = func(key string) string { return map[string]string{"DISPLAY": ":0"}[key] }
}

func (w *world) run(t *testing.T, args ...string) int {
	t.Helper()
	return cli.Run(t.Context(), w.Program, args)
}

// serve runs args until stop, and returns when it has said that it is ready.
func (w *world) serve(t *testing.T, args ...string) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- cli.Run(ctx, w.Program, args) }()
	select {
	case <-w.out.written:
	case got := <-code:
		cancel()
		t.Fatalf("%v ended with %d: %s", args, got, w.err)
	}
	t.Cleanup(cancel)
	return sync.OnceValue(func() int { cancel(); return <-code })
}

// syncBuffer is a buffer that tells of its first write.
type syncBuffer struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	once    sync.Once
	written chan struct{}
}

func newBuffer() *syncBuffer { return &syncBuffer{written: make(chan struct{})} }

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.once.Do(func() { close(b.written) })
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *syncBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

func TestAddWithoutAnInstance(t *testing.T) {
	w := newWorld(t)
	code := w.run(t, "add", "--json", "/v/a b.mp4", "/v/notes.txt", "/v/broken.mp4")
	if code != cli.ExitFailed {
		t.Errorf("exit code = %d, want 1: one of the files is no video", code)
	}
	want := `{"id":"ida","title":"a b.mp4","state":"linked","url":"","error":""}
{"id":"","title":"notes.txt","state":"","url":"","error":"This is a text, not a video."}
{"id":"idb","title":"broken.mp4","state":"failed","url":"","error":"It is damaged."}
`
	if diff := cmp.Diff(want, w.out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if w.library.closed != 1 || w.library.opened[0] != (cli.Options{DataDir: w.data, Listen: "127.0.0.1:0"}) {
		t.Errorf("opened %+v, closed %d times", w.library.opened, w.library.closed)
	}
	lock, err := instance.Claim(w.data)
	if err != nil {
		t.Fatalf("the folder is still held: %v", err)
	}
	_ = lock.Close()
	if code := w.run(t, "add", "/v/ok.mp4"); code != cli.ExitOK {
		t.Errorf("exit code = %d, want 0", code)
	}
}

func TestCommandsTalkToTheRunningInstance(t *testing.T) {
	w := newWorld(t)
	stop := w.serve(t, "serve", "--json")
	var ready instance.Info
	if err := json.Unmarshal([]byte(w.out.take()), &ready); err != nil {
		t.Fatal(err)
	}
	if want := (instance.Info{URL: w.library.server.URL, Token: token, PID: os.Getpid()}); ready != want {
		t.Errorf("ready = %+v, want %+v", ready, want)
	}
	if code := w.run(t, "add", "--json", "/v/a.mp4"); code != cli.ExitOK {
		t.Errorf("add = %d: %s", code, w.err)
	}
	url := w.library.server.URL + "/m"
	added := `{"id":"ida","title":"a.mp4","state":"linked","url":"` + url + `","error":""}` + "\n"
	if diff := cmp.Diff(added, w.out.take()); diff != "" {
		t.Errorf("add (-want +got):\n%s", diff)
	}
	if code := w.run(t, "list", "--json"); code != cli.ExitOK || w.out.String() != added {
		t.Errorf("list = %d, %s", code, w.out)
	}
	w.out.take()
	if code := w.run(t, "remove", "--json", "ida", "nope"); code != cli.ExitFailed {
		t.Errorf("remove of one that is not there = %d, want 1", code)
	}
	want := `{"id":"ida","removed":true,"error":""}
{"id":"nope","removed":false,"error":"There is no such item."}
`
	if diff := cmp.Diff(want, w.out.take()); diff != "" {
		t.Errorf("remove (-want +got):\n%s", diff)
	}
	if code := w.run(t, "serve"); code != cli.ExitFailed || !strings.Contains(w.err.take(), "running already") {
		t.Errorf("a second serve = %d", code)
	}
	// A launch with files, here without a display, goes to the running one as well.
	if code := w.run(t, "/v/b.mp4"); code != cli.ExitOK || !strings.Contains(w.err.take(), "/#token="+token) {
		t.Errorf("a launch = %d", code)
	}
	if len(w.library.opened) != 1 {
		t.Errorf("opened %d times, want once", len(w.library.opened))
	}
	if code := stop(); code != cli.ExitOK || w.library.closed != 1 {
		t.Errorf("serve ended with %d, closed %d times", code, w.library.closed)
	}
}

func TestListTurnsThePages(t *testing.T) {
	w := newWorld(t)
	for range 1201 {
		w.library.items = append(w.library.items, api.Item{ID: "x", Title: "t", State: api.StateStored})
	}
	if code := w.run(t, "list", "--json"); code != cli.ExitOK {
		t.Fatalf("list = %d", code)
	}
	if got := strings.Count(w.out.String(), "\n"); got != 1201 {
		t.Errorf("%d lines, want 1201", got)
	}
}

func TestLaunch(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var launched []cli.Launch
	window := func(result error) func(context.Context, cli.Launch) error {
		return func(_ context.Context, l cli.Launch) error {
			if _, err := instance.Claim(l.DataDir); !errors.Is(err, instance.ErrHeld) {
				t.Errorf("the window opens without the lock: %v", err)
			}
			l.Lock = nil
			launched = append(launched, l)
			return result
		}
	}
	t.Run("opens the window", func(t *testing.T) {
		w := newWorld(t)
		w.display()
		w.Window = window(nil)
		launched = nil
		if code := w.run(t, "my film.mp4", "file:///v/%25s%20%F0%9F%8E%AC.mkv"); code != cli.ExitOK {
			t.Fatalf("exit code %d: %s", code, w.err)
		}
		paths := []string{filepath.Join(here, "my film.mp4"), "/v/%s 🎬.mkv"}
		want := []cli.Launch{{DataDir: w.data, Paths: paths}}
		if diff := cmp.Diff(want, launched); diff != "" {
			t.Errorf("launch (-want +got):\n%s", diff)
		}
	})
	t.Run("serves where the display cannot be opened", func(t *testing.T) {
		w := newWorld(t)
		w.display()
		w.Window = window(cli.ErrNoDisplay)
		stop := w.serve(t, "/v/a.mp4")
		if code := stop(); code != cli.ExitOK {
			t.Errorf("exit code %d: %s", code, w.err)
		}
		if !strings.Contains(w.err.String(), "There is no display here") {
			t.Errorf("said %q", w.err)
		}
	})
	t.Run("serves without a display", func(t *testing.T) {
		w := newWorld(t)
		w.Window = func(context.Context, cli.Launch) error { t.Error("opened a window"); return nil }
		stop := w.serve(t)
		if code := stop(); code != cli.ExitOK {
			t.Errorf("exit code %d", code)
		}
		if !strings.Contains(w.out.String(), w.library.server.URL+"/#token="+token) || !w.library.opened[0].Headless {
			t.Errorf("said %q, opened %+v", w.out, w.library.opened)
		}
	})
	t.Run("says how to build a window", func(t *testing.T) {
		w := newWorld(t)
		w.display()
		if code := w.run(t); code != cli.ExitFailed || !strings.Contains(w.err.String(), "make build") {
			t.Errorf("exit code %d: %s", code, w.err)
		}
	})
}

func TestHandOverToTheWindow(t *testing.T) {
	w := newWorld(t)
	lock, err := instance.Claim(w.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	opened := make(chan []string, 1)
	show := func(_ context.Context, paths []string) { opened <- paths }
	if err := lock.Publish(instance.Info{URL: w.library.server.URL, Token: token}, show); err != nil {
		t.Fatal(err)
	}
	w.display()
	w.Window = func(context.Context, cli.Launch) error { t.Error("opened a second window"); return nil }
	if code := w.run(t, "/v/a.mp4", "/v/b.mp4"); code != cli.ExitOK {
		t.Errorf("exit code %d: %s", code, w.err)
	}
	if diff := cmp.Diff([]string{"/v/a.mp4", "/v/b.mp4"}, <-opened); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"add"},
		{"remove"},
		{"list", "extra"},
		{"serve", "file.mp4"},
		{"serve", "--listen", "0.0.0.0:80"},
		{"serve", "--listen", "[::]:0"},
		{"serve", "--listen", "somewhere.example:1"},
		{"serve", "--listen", "8080"},
		{"--no-such-flag"},
		{"lsit"},
		{"doctor", "now"},
	} {
		w := newWorld(t)
		if code := w.run(t, args...); code != cli.ExitUsage || w.err.String() == "" {
			t.Errorf("%q = %d, said %q; want 2 and a sentence", args, code, w.err)
		}
		if w.out.String() != "" || len(w.library.opened) > 0 {
			t.Errorf("%q printed %q, opened %v", args, w.out, w.library.opened)
		}
	}
}

func TestDoctor(t *testing.T) {
	w := newWorld(t)
	w.library.healthy = false
	if code := w.run(t, "doctor"); code != cli.ExitFailed {
		t.Errorf("exit code of an ill program = %d, want 1", code)
	}
	if out := w.out.take(); !strings.Contains(out, "Install\ufffd[2J it.") {
		t.Errorf("report = %q, want the advice with its escape disarmed", out)
	}
	w.library.healthy = true
	if code := w.run(t, "doctor", "--json"); code != cli.ExitOK || strings.Count(w.out.String(), "\n") != 1 {
		t.Errorf("doctor --json = %d, %s", code, w.out)
	}
}

func TestFailureToOpen(t *testing.T) {
	w := newWorld(t)
	w.Open = func(context.Context, cli.Options) (cli.Core, error) {
		return nil, fault.New(fault.Newer, "This library was written by a newer drop.stream.")
	}
	for _, args := range [][]string{{"serve"}, {"list"}, {"add", "/v/a.mp4"}, {}} {
		code := w.run(t, args...)
		if msg := w.err.take(); code != cli.ExitFailed || !strings.Contains(msg, "newer drop.stream") {
			t.Errorf("%q = %d, said %q", args, code, msg)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	w := newWorld(t)
	if code := w.run(t, "--version"); code != cli.ExitOK || w.out.take() != "dropstream 1.2.3\n" {
		t.Errorf("--version = %d", code)
	}
	if code := w.run(t, "--help"); code != cli.ExitOK || !strings.Contains(w.out.take(), "dropstream [FILE...]") {
		t.Errorf("--help = %d", code)
	}
}
