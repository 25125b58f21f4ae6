//go:build hls

package suite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/testkit/clips"
	"dropstream/backend/testkit/hls"
	"dropstream/backend/testkit/program"
)

// perFile is how long one file may take, checks included.
const perFile = 4 * time.Minute

// refusals are the files of the media folder that cannot be played, with a word that the sentence must hold.
var refusals = map[string]string{
	"sample_vvc.mp4":                    "",
	"subsample_encrypted_noaltref.webm": "",
}

// line is what became of one file.
type line struct {
	file, what, why string
	took, cold      time.Duration
}

// run is the program and what it did so far.
type run struct {
	program *program.Program
	query   string // what the player says of itself
	mu      sync.Mutex
	lines   []line
}

func start(t *testing.T) *run {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg here")
	}
	log := &tail{}
	p, err := program.Start(context.WithoutCancel(t.Context()), program.Options{DataDir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{program: p}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("the program's last words:\n%s", log)
		}
		r.print(t)
	})
	return r
}

// drop drops one file and checks what comes of it.
func (r *run) drop(t *testing.T, path string, o hls.Options, refused, mayBeRefused bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), perFile)
	defer cancel()
	began := time.Now()
	l := line{file: filepath.Base(path)}
	defer func() {
		l.took = time.Since(began)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lines = append(r.lines, l)
	}()
	added, err := r.program.Add(ctx, path)
	if err != nil {
		l.what, l.why = "FAILED", err.Error()
		t.Fatal(err)
	}
	if sentence, is := problemOf(added); is {
		l.what, l.why = "refused", sentence
		if !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, filepath.Dir(path)) {
			t.Errorf("no sentence for people: %q", sentence)
		}
		if !refused && !mayBeRefused {
			l.what = "FAILED"
			t.Errorf("refused: %s", sentence)
		}
		return
	}
	defer func() {
		if err := r.program.Remove(context.WithoutCancel(ctx), added.Item.ID); err != nil {
			t.Errorf("remove: %v", err)
		}
	}()
	o.Source = path
	report := hls.Check(ctx, added.Item.URL+r.query, o)
	l.cold, l.what, l.why = report.Cold, "plays", added.Item.Why
	for _, note := range report.Notes {
		t.Logf("note: %s", note)
	}
	t.Logf("%d segments, %d pictures, %v, cold %v", report.Segments, report.Frames, report.Duration, report.Cold)
	if refused {
		l.what = "FAILED"
		t.Error("plays, and had to be refused")
	}
	if r.query == "" && added.Item.Plays == api.PlaysAsItIs && !report.Passthrough() {
		t.Errorf("the item says %q, the presentation has %q", added.Item.Plays, report.Variants)
	}
	if !report.OK() {
		l.what = "FAILED"
		t.Errorf("\n%s", report)
	}
}

// problemOf gives the sentence of a file that is refused, or of an item that cannot be played.
func problemOf(a api.Added) (string, bool) {
	switch {
	case a.Problem != nil:
		return a.Problem.Message, true
	case a.Item == nil:
		return "neither an item nor a problem", true
	case a.Item.Problem != nil:
		return a.Item.Problem.Message, true
	case a.Item.State == api.StateFailed:
		return "failed without a problem", true
	}
	return "", false
}

func TestClips(t *testing.T) {
	r := start(t)
	t.Run("files", func(t *testing.T) {
		for _, c := range clips.All() {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				path, err := c.Path(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				o := hls.Options{
					Passthrough: c.Passthrough, Pattern: c.Pattern, Damaged: c.Damaged, Resized: c.Resized,
					Shuffled: c.Shuffled, Untimed: strings.HasSuffix(c.Name, ".avi"), Seed: 1,
				}
				r.drop(t, path, o, c.Refused, c.Damaged)
			})
		}
	})
}

// TestSent plays what is passed through to a player that can play it, as such a player.
func TestSent(t *testing.T) {
	r := start(t)
	r.query = "?plays=hevc.hevc10.av1.av110.vp9.vp910.opus.flac.ac3.eac3.surround.hdr.upright"
	t.Run("files", func(t *testing.T) {
		for _, c := range clips.Sent() {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				path, err := c.Path(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				r.drop(t, path, hls.Options{Passthrough: c.Passthrough, Pattern: c.Pattern, Seed: 3}, false, false)
			})
		}
	})
}

func TestRealFiles(t *testing.T) {
	dir := mediaDir(t)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("SKIPPED: no media folder: %v", err)
	}
	r := start(t)
	t.Run("files", func(t *testing.T) {
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasSuffix(name, ".txt") {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, refused := refusals[name]
				r.drop(t, filepath.Join(dir, name), hls.Options{Seed: 2}, refused, refused)
			})
		}
	})
}

// mediaDir is the folder of real files.
func mediaDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DROPSTREAM_MEDIA"); dir != "" {
		return dir
	}
	root, err := program.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(filepath.Dir(root), "shared", "media")
}

// print says what became of every file, and keeps it.
func (r *run) print(t *testing.T) {
	t.Helper()
	slices.SortFunc(r.lines, func(a, b line) int { return strings.Compare(a.file, b.file) })
	var b strings.Builder
	counts := map[string]int{}
	for _, l := range r.lines {
		counts[l.what]++
		fmt.Fprintf(&b, "%-8s %-52s %6.1fs cold %4dms  %s\n",
			l.what, l.file, l.took.Seconds(), l.cold.Milliseconds(), l.why)
	}
	fmt.Fprintf(&b, "%s: %d files, %d play, %d refused, %d failed\n",
		t.Name(), len(r.lines), counts["plays"], counts["refused"], counts["FAILED"])
	fmt.Print(b.String())
	root, err := program.Root()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(root, "test-output")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "hls-"+t.Name()+".txt"), []byte(b.String()), 0o600); err != nil {
		t.Error(err)
	}
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (w *tail) Write(p []byte) (int, error) {
	const most = 16 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data = append(w.data, p...)
	if len(w.data) > most {
		w.data = slices.Clone(w.data[len(w.data)-most:])
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.data)
}
