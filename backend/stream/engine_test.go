package stream

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/sniff"
)

// newTestEngine is an engine with the real ffmpeg and a cache of its own. Sources is what its items are.
func newTestEngine(t *testing.T, sources map[string]media.Source) *Engine {
	t.Helper()
	tools, err := ffmpeg.Find(t.Context(), ffmpeg.FindOptions{Getenv: os.Getenv})
	if err != nil {
		t.Skipf("ffmpeg is not here: %v", err)
	}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
	c, err := cache.Open(t.Context(), t.TempDir(), cache.Options{BudgetBytes: 1 << 30, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	e := New(Options{Tools: tools, Cache: c, Log: log, Source: func(_ context.Context, id string) (media.Source, error) {
		return sources[id], nil
	}})
	t.Cleanup(func() {
		e.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) { w.t.Log(string(b)); return len(b), nil }

// sourceOf sniffs a file.
func sourceOf(t *testing.T, path string) media.Source {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c, err := sniff.Reader(f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return media.Source{ItemID: filepath.Base(path), Path: abs, Container: c, SizeBytes: st.Size(), ModTime: st.ModTime()}
}

// frames counts the frames that decode out of an MP4 stream, and fails on any decoding error.
func frames(t *testing.T, data []byte, kind string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", "pipe:0", "-map", "0:"+kind, "-fps_mode",
		"passthrough", "-f", "framemd5", "pipe:1")
	cmd.Stdin = bytes.NewReader(data)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("decode: %v %s", err, errs.String())
	}
	n := 0
	for l := range strings.Lines(out.String()) {
		if !strings.HasPrefix(l, "#") {
			n++
		}
	}
	return n
}

func sourceFrames(t *testing.T, path string) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-select_streams", "V:0",
		"-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.Trim(string(out), " ,\n"))
	if err != nil {
		t.Logf("frames of %s: %q", path, out)
	}
	return n
}

func whole(t *testing.T, r rendition) []byte {
	t.Helper()
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for n := range p.Len() {
		s, err := r.Segment(t.Context(), n)
		if err != nil {
			t.Fatalf("segment %d of %d: %v", n, p.Len(), err)
		}
		all = append(all, s...)
	}
	init, err := r.Init(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return append(init, all...)
}

func TestRealFiles(t *testing.T) {
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = "../../../shared/media"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.*"))
	if len(files) == 0 {
		t.Skip("the folder of real files is not here")
	}
	for _, path := range files {
		if strings.HasSuffix(path, ".txt") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			src := sourceOf(t, path)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			start := time.Now()
			a, err := e.Prepare(t.Context(), src)
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			t.Logf("prepared in %v: %s %s %v", time.Since(start), a.Plays, a.Why, a.Probe.Duration)
			ti, release, err := e.title(t.Context(), src.ItemID)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			for _, r := range ti.rungs {
				start := time.Now()
				n := frames(t, whole(t, ti.video[r.Name]), "v:0")
				p, _ := ti.video[r.Name].Plan()
				if want := sourceFrames(t, path); n != want {
					t.Errorf("%s: %d frames, the source has %d", r.Name, n, want)
				}
				t.Logf("%s: %d frames, %d segments in %v, exact %v", r.Name, n, p.Len(), time.Since(start), p.Exact)
			}
			for _, r := range ti.audio {
				n := frames(t, whole(t, r.rendition), "a:0")
				t.Logf("audio %s: %d frames", r.name, n)
			}
			_ = fmt.Sprint
		})
	}
}
