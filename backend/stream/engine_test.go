package stream

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dropstream/backend/cache"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/proc"
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
	source := func(_ context.Context, id string) (media.Source, error) { return sources[id], nil }
	e := New(Options{Tools: tools, Cache: c, Log: log, Source: source})
	e.thumbsAfter = 0
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
	defer func() { _ = f.Close() }()
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
	return media.Source{
		ItemID: filepath.Base(path), Path: abs, Container: c, SizeBytes: st.Size(), ModTime: st.ModTime(),
	}
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

// clip makes a source with ffmpeg: arguments after the inputs, a file name last.
func clip(t *testing.T, name string, args ...string) media.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-v", "error", "-y"}, args...)
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", append(all, path)...).CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v %s", name, err, out)
	}
	return sourceOf(t, path)
}

const (
	picture = "testsrc2=s=320x180:r=25:d=8"
	sound   = "sine=f=440:r=48000:d=8"
)

// x264 encodes with keyframes every 100 frames.
var x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "100", "-bf", "2"}

// costly is what a client cannot play, so that it is transcoded whatever the container.
var costly = append(slices.Clip(x264), "-pix_fmt", "yuv422p")

func av(more ...string) []string {
	return append([]string{"-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound}, more...)
}

// check plays a source whole, in order, and compares the number of frames.
func check(t *testing.T, src media.Source, wantFrames int) *title {
	t.Helper()
	_, ti := prepared(t, src)
	for _, r := range ti.rungs {
		if n := frames(t, whole(t, ti.video[r.Name]), "v:0"); n != wantFrames {
			t.Errorf("%s: %d frames, want %d", r.Name, n, wantFrames)
		}
	}
	for _, a := range ti.audio {
		if n := frames(t, whole(t, a.rendition), "a:0"); n == 0 {
			t.Errorf("audio %d: silent", a.source.track.Index)
		}
	}
	return ti
}

func TestEveryFrameOfEveryContainer(t *testing.T) {
	for name, args := range map[string][]string{
		"mkv.mkv":     av(append(x264, "-c:a", "libopus")...),
		"mp4.mp4":     av(append(x264, "-c:a", "aac")...),
		"hevc.mp4":    av("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", "-c:a", "aac"),
		"offset.ts":   av(append(x264, "-c:a", "mp2", "-output_ts_offset", "3600")...),
		"mpeg4.avi":   av("-c:v", "mpeg4", "-g", "50", "-c:a", "mp3"),
		"flash.flv":   av(append(x264, "-c:a", "aac")...),
		"silent.webm": {"-f", "lavfi", "-i", picture, "-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k"},
		"long.mkv":    av(append(x264, "-g", "9999", "-c:a", "aac")...),
		"trimmed.mp4": av(append(x264, "-c:a", "aac", "-ss", "0")...),
	} {
		t.Run(name, func(t *testing.T) { check(t, clip(t, name, args...), 200) })
	}
}

// TestEvenGrid: sources whose packets take too long to list are planned without.
func TestEvenGrid(t *testing.T) {
	for name, args := range map[string][]string{
		"grid.ts":  av(append(x264, "-c:a", "mp2", "-output_ts_offset", "3600")...),
		"grid.avi": av("-c:v", "mpeg4", "-g", "50", "-c:a", "mp3"),
		"grid.flv": av(append(x264, "-c:a", "aac")...),
		"grid.mpg": av("-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2", "-f", "mpeg"),
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, args...)
			_, ti := prepared(t, src, func(e *Engine) { e.patience = 0 })
			r := ti.video[ti.rungs[0].Name]
			p, err := r.Plan()
			if err != nil {
				t.Fatal(err)
			}
			if p.Exact || p.Len() < 3 {
				t.Fatalf("%d segments, exact %v: not a grid", p.Len(), p.Exact)
			}
			segs := make([][]byte, p.Len())
			for n := p.Len() - 1; n >= 0; n-- { // backwards: every segment is a cold seek
				if segs[n], err = r.Segment(t.Context(), n); err != nil {
					t.Fatalf("segment %d: %v", n, err)
				}
			}
			init, err := r.Init(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := frames(t, append(init, bytes.Join(segs, nil)...), "v:0"); n != 200 {
				t.Errorf("%d frames, want 200", n)
			}
		})
	}
}

func TestUnevenFramesAreAllKept(t *testing.T) {
	src := clip(t, "vfr.mkv", append([]string{
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=8", "-vf",
		"select='lt(t,3)*not(mod(n,3))+between(t,3,5)*not(mod(n,7))+gte(t,5)'", "-fps_mode", "vfr",
	}, costly...)...)
	check(t, src, sourceFrames(t, src.Path))
}

// TestStillPictures: a source without a frame for many segments shows the last one.
func TestStillPictures(t *testing.T) {
	src := clip(t, "slides.mkv", append([]string{
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=21", "-vf",
		"select='lt(n,5)+eq(n,260)+eq(n,500)'", "-fps_mode", "vfr",
	}, costly...)...)
	_, ti := prepared(t, src)
	for _, r := range ti.rungs {
		if n := frames(t, whole(t, ti.video[r.Name]), "v:0"); n < 7 {
			t.Errorf("%s: %d frames, the source has 7", r.Name, n)
		}
	}
}

func TestSegmentsInAnyOrderFromManyHeads(t *testing.T) {
	src := clip(t, "any.mkv", av(append(costly, "-c:a", "ac3")...)...)
	_, ti := prepared(t, src)
	r := ti.video[ti.rungs[0].Name]
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	segs := make([][]byte, p.Len())
	for _, n := range []int{2, 0, p.Len() - 1, 1, 3} {
		if n < p.Len() {
			if segs[n], err = r.Segment(t.Context(), n); err != nil {
				t.Fatalf("segment %d: %v", n, err)
			}
		}
	}
	init, err := r.Init(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := frames(t, append(init, bytes.Join(segs, nil)...), "v:0"); n != 200 {
		t.Errorf("%d frames, want 200", n)
	}
}

func TestTruncatedSourcesKeepTheirTimeline(t *testing.T) {
	for name, args := range map[string][]string{
		"cut.mkv": av(append(x264, "-c:a", "aac")...),
		"cut.ts":  av(append(x264, "-c:a", "aac")...),
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, args...)
			if err := os.Truncate(src.Path, src.SizeBytes*6/10); err != nil {
				t.Fatal(err)
			}
			src = sourceOf(t, src.Path)
			_, ti := prepared(t, src)
			r := ti.video[ti.rungs[0].Name]
			p, err := r.Plan()
			if err != nil {
				t.Fatal(err)
			}
			for n := range p.Len() {
				if _, err := r.Segment(t.Context(), n); err != nil {
					t.Errorf("segment %d of %d: %v", n, p.Len(), err)
				}
			}
		})
	}
}

func TestNoChildOutlivesTheEngine(t *testing.T) {
	src := clip(t, "close.mkv", av(append(costly, "-c:a", "ac3")...)...)
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	if _, err := e.Prepare(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	e.Warm(src.ItemID, 0, 0)
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := ti.video[ti.rungs[0].Name].Segment(ctx, 2); err == nil {
		t.Log("the segment was quicker than its request's end")
	}
	release()
	e.Close()
	if n := proc.Live(); n != 0 {
		t.Errorf("%d children are left", n)
	}
}
