package library

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Files of the tests begin with what they are: "VIDEO" passes the gate, anything else does not. What follows tells
// the engine what to find.
func testSniff(r io.ReaderAt, _ int64) (media.Container, error) {
	b := make([]byte, 5)
	if n, _ := r.ReadAt(b, 0); string(b[:n]) != "VIDEO" {
		return "", fault.New(fault.NotVideo, "This is a text, not a video file.")
	}
	return media.MP4, nil
}

// fakeEngine prepares what its files say. It keeps count.
type fakeEngine struct {
	mu       sync.Mutex
	prepared []media.Source
	forgot   []string
	kept     []string
	keepErr  error
	running  int
	most     int // highest number of Prepares at once
	// hook, when set, runs inside Prepare.
	hook func(ctx context.Context, src media.Source) error
	// refined, when set, is what Prepare promises.
	refined chan media.Probe
}

var _ Engine = (*fakeEngine)(nil)

func (e *fakeEngine) Prepare(ctx context.Context, src media.Source) (media.Assessment, error) {
	e.mu.Lock()
	e.prepared = append(e.prepared, src)
	e.running++
	e.most = max(e.most, e.running)
	hook, refined := e.hook, e.refined
	e.mu.Unlock()
	defer func() { e.mu.Lock(); e.running--; e.mu.Unlock() }()
	if hook != nil {
		if err := hook(ctx, src); err != nil {
			return media.Assessment{}, err
		}
	}
	b := make([]byte, 64)
	f, err := os.Open(src.Path)
	if err != nil {
		return media.Assessment{}, err
	}
	defer func() { _ = f.Close() }()
	n, _ := f.Read(b) // an empty file says nothing
	b = b[:n]
	a := media.Assessment{Plays: media.AsItIs, Why: "It is played as it is.", Probe: testProbe(), Refined: refined}
	for code, word := range map[fault.Code]string{
		fault.Damaged: "damaged", fault.Encrypted: "encrypted", fault.Unsupported: "unsupported",
		fault.Unavailable: "unavailable",
	} {
		if strings.Contains(string(b), word) {
			return a, fault.New(code, "It is "+word+".")
		}
	}
	if strings.Contains(string(b), "panic") {
		panic("a box of size zero")
	}
	return a, nil
}

func testProbe() media.Probe {
	return media.Probe{
		Container: media.MP4, Duration: time.Minute,
		Tracks: []media.Track{{
			Index: 0, Kind: media.Video, Codec: media.H264, CodecString: "avc1.64001f",
			Video: media.VideoFormat{Width: 320, Height: 180, Rotation: 90},
		}},
	}
}

func (e *fakeEngine) Forget(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgot = append(e.forgot, id)
	return nil
}

func (e *fakeEngine) Keep(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keepErr == nil {
		e.kept = append(e.kept, id)
	}
	return e.keepErr
}

func (e *fakeEngine) Unkeep(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = slices.DeleteFunc(e.kept, func(x string) bool { return x == id })
}

func (e *fakeEngine) UsedBytes() int64 { return 42 }

func (e *fakeEngine) prepares() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.prepared)
}

func (e *fakeEngine) setHook(hook func(context.Context, media.Source) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hook = hook
}

// posterFunc draws posters.
type posterFunc func(src media.Source, at time.Duration) ([]byte, error)

func (f posterFunc) Poster(
	_ context.Context, src media.Source, _ media.Probe, at time.Duration, _ int,
) ([]byte, error) {
	return f(src, at)
}

// rig is a library on a real database with a fake engine.
type rig struct {
	*Library
	engine  *fakeEngine
	store   *store.Store
	files   string
	changed chan string
	removed chan string
}

// newRig makes a rig; background work waits for idle, which is for ever unless options say otherwise.
func newRig(tb testing.TB, options ...func(*Options)) *rig {
	tb.Helper()
	r := &rig{
		engine: &fakeEngine{}, files: tb.TempDir(), changed: make(chan string, 10_000),
		removed: make(chan string, 1000),
	}
	dir := tb.TempDir()
	var err error
	if r.store, _, err = store.Open(tb.Context(), store.Options{Path: filepath.Join(dir, "library.db")}); err != nil {
		tb.Fatal(err)
	}
	o := Options{
		Store: r.store, Engine: r.engine, Sniff: testSniff, Dir: dir, Idle: time.Hour,
		OnChange:  func(id string) { r.changed <- id },
		OnRemoved: func(id string) { r.removed <- id },
	}
	for _, f := range options {
		f(&o)
	}
	r.Library = New(o)
	tb.Cleanup(func() {
		if err := errors.Join(r.Close(), r.store.Close()); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// file writes a file and gives its path.
func (r *rig) file(tb testing.TB, name, content string) string {
	tb.Helper()
	path := filepath.Join(r.files, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

func (r *rig) drop(t *testing.T, paths ...string) []Added {
	t.Helper()
	d, err := r.Add(t.Context(), paths)
	if err != nil {
		t.Fatalf("add: %v", err)
	}
	return d.Added
}

// one adds a file that must become an item.
func (r *rig) one(t *testing.T, path string) media.Item {
	t.Helper()
	added := r.drop(t, path)
	if len(added) != 1 || added[0].Err != nil {
		t.Fatalf("added %+v", added)
	}
	return added[0].Item
}

// drain forgets what was told so far.
func (r *rig) drain() {
	for len(r.changed) > 0 {
		<-r.changed
	}
	for len(r.removed) > 0 {
		<-r.removed
	}
}

func (r *rig) item(t *testing.T, id string) media.Item {
	t.Helper()
	it, err := r.Item(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func (r *rig) total(t *testing.T) int {
	t.Helper()
	p, err := r.Items(t.Context(), media.ItemQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Total
}

// until waits for changes until the item is as wanted.
func (r *rig) until(t *testing.T, id string, want func(media.Item) bool) media.Item {
	t.Helper()
	for {
		if it := r.item(t, id); want(it) {
			return it
		}
		select {
		case <-r.changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("never came: %+v", r.item(t, id))
		}
	}
}
