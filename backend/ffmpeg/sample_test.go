package ffmpeg

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

func TestMakeSample(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "Sample 100%d.mp4")
	if err := os.WriteFile(path, []byte("what was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tools(t).MakeSample(ended, path); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("canceled: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "what was there" {
		t.Errorf("a stopped one left %q, %v", b, err)
	}
	if err := tools(t).MakeSample(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	got, err := tools(t).ProbeFull(t.Context(), source(t, path))
	if err != nil {
		t.Fatal(err)
	}
	want := "0s+12s\n0 video h264 (avc1.64001f) 1280x720 8-bit 4:2:0 30 fps 1/15360 s\n" +
		"1 audio aac (mp4a.40.2) 48000 Hz stereo 1/48000 s"
	if diff := cmp.Diff(want, brief(got)); diff != "" {
		t.Error(diff)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Index(file, []byte("moov")) > bytes.Index(file, []byte("mdat")) {
		t.Error("the index is not in front")
	}
	if len(file) > maxSampleBytes/2 {
		t.Errorf("%d bytes", len(file))
	}
	err = tools(t).MakeSample(t.Context(), filepath.Join(dir, "none", "x.mp4"))
	if fault.CodeOf(err) != fault.Missing {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

func TestWaves(t *testing.T) {
	n, err := io.Copy(io.Discard, iotest.OneByteReader(io.LimitReader(&waves{}, 10)))
	if err != nil || n != 10 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	n, err = io.Copy(io.Discard, &waves{})
	if err != nil || n != waveFrames*waveFrameBytes {
		t.Errorf("%d bytes, %v; want %d frames", n, err, waveFrames)
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.000000", 1500 * time.Millisecond: "1.500000", -time.Microsecond: "-0.000001", 499: "0.000000",
		500: "0.000001", 30 * time.Hour: "108000.000000", -1500 * time.Millisecond: "-1.500000",
	} {
		if got := Seconds(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestInputArgsNameOneDemuxer(t *testing.T) {
	got := InputArgs(media.Source{Path: "/a/-i x.mp4", Container: media.WebM})
	if tail := got[len(got)-2:]; tail[0] != "-i" || tail[1] != "file:/a/-i x.mp4" {
		t.Errorf("ends in %q", tail)
	}
	want := map[string]string{
		"-protocol_whitelist": "file", "-f": "matroska", "-format_whitelist": "matroska",
		"-max_streams": "64", "-max_pixels": "67108864",
	}
	for i := 0; i+1 < len(got); i += 2 {
		if w, ok := want[got[i]]; ok && got[i+1] != w {
			t.Errorf("%s %s, want %s", got[i], got[i+1], w)
		}
		delete(want, got[i])
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
