package stream

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// videoFeedOf is the first transcoded rendition of a title, and its maker.
func videoFeedOf(t *testing.T, ti *title) (*feed, *videoMaker) {
	t.Helper()
	for _, r := range ti.video {
		if f, ok := r.(*feed); ok {
			if m, ok := f.maker.(*videoMaker); ok {
				return f, m
			}
		}
	}
	t.Fatal("nothing of it is transcoded")
	return nil, nil
}

// makeOne has a maker make one segment.
func makeOne(t *testing.T, m *videoMaker, n, attempt int) []byte {
	t.Helper()
	var got []byte
	take := func(_ context.Context, k int, data []byte) bool {
		if k != n {
			t.Errorf("segment %d came, %d was asked for", k, n)
		}
		got = data
		return true
	}
	if err := m.run(t.Context(), n, n+1, attempt, take); err != nil || got == nil {
		t.Fatalf("segment %d, try %d: %v", n, attempt, err)
	}
	return got
}

// A viewer's first segments are encoded fast and those of the background well; they follow each other as they come.
func TestSpeedsMix(t *testing.T) {
	src := clip(t, "speeds.ts", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-c:v", "mpeg2video", "-g", "25",
		"-q:v", "4")
	e, ti := prepared(t, src)
	f, m := videoFeedOf(t, ti)
	p, err := f.plan()
	if err != nil {
		t.Fatal(err)
	}
	presets := []string{"ultrafast", "superfast", "veryfast", "faster"}
	segments := make([][]byte, p.Len())
	for i := range p.Len() {
		n := (i*3 + 2) % p.Len()
		if segments[n] != nil {
			n = slices.IndexFunc(segments, func(s []byte) bool { return s == nil })
		}
		e.measured.Store(&Pace{ColdPreset: presets[i%len(presets)]})
		segments[n] = makeOne(t, m, n, tryPlain)
	}
	if got, want := frames(t, slices.Concat(f.init, slices.Concat(segments...)), "v"), 200; got != want {
		t.Errorf("%d frames decode of %d", got, want)
	}
}

// Where nothing can be had of the source any more, the picture is black for as long as it takes.
func TestBlackWhereNothingIs(t *testing.T) {
	src := clip(t, "black.ts", "-f", "lavfi", "-i", "color=c=white:s=320x180:r=25:d=6", "-c:v", "mpeg2video", "-g",
		"25")
	_, ti := prepared(t, src)
	f, m := videoFeedOf(t, ti)
	seg := makeOne(t, m, 2, tryBlack)
	if got := brightness(t, slices.Concat(f.init, seg)); got > 20 {
		t.Errorf("its luma is %v, not black", got)
	}
}

// After the last picture, that one stands still until the sound ends.
func TestTheLastPictureStands(t *testing.T) {
	src := clip(t, "longer.ts", "-f", "lavfi", "-i", "color=c=gray:s=320x180:r=25:d=3", "-f", "lavfi", "-i",
		"sine=d=12", "-c:v", "mpeg2video", "-g", "25", "-c:a", "mp2")
	_, ti := prepared(t, src, func(e *Engine) { e.patience = time.Minute })
	f, m := videoFeedOf(t, ti)
	p, err := f.plan()
	if err != nil {
		t.Fatal(err)
	}
	last := p.Len() - 1
	if !m.beyond(p, last) || m.beyond(p, 0) {
		t.Fatalf("bounds %v, beyond: segment %d %v, segment 0 %v", p.Bounds, last, m.beyond(p, last), m.beyond(p, 0))
	}
	seg := makeOne(t, m, last, tryPlain)
	if got := brightness(t, slices.Concat(f.init, seg)); got < 100 || got > 150 {
		t.Errorf("its luma is %v, the source's last picture has some 126", got)
	}
	if all := whole(t, f); frames(t, all, "v") < 75 {
		t.Errorf("%d frames of 75", frames(t, all, "v"))
	}
}

// brightness is the mean luma of the first picture of an MP4.
func brightness(t *testing.T, data []byte) float64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture.mp4")
	writeFile(t, path, data)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-pix_fmt",
		"yuv420p", "-f", "rawvideo", "-").Output()
	const pixels = 320 * 180
	if err != nil || len(out) < pixels {
		t.Fatalf("decode: %v, %d bytes", err, len(out))
	}
	sum := 0
	for _, b := range out[:pixels] {
		sum += int(b)
	}
	return float64(sum) / pixels
}

// Pictures whose size changes are made uniform, wherever their container lets them.
func TestSizeChangesAreNotPassedThrough(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []string{"320x180", "480x360"} {
		args := []string{
			"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=" + size + ":r=25:d=3", "-c:v", "libx264", "-preset",
			"ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-bsf:v", "h264_mp4toannexb", "-f", "h264",
			filepath.Join(dir, size+".h264"),
		}
		if out, err := exec.CommandContext(t.Context(), "ffmpeg", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	joined := "concat:" + strings.Join([]string{
		filepath.Join(dir, "320x180.h264"), filepath.Join(dir, "480x360.h264"),
	}, "|")
	for _, name := range []string{"size.mkv", "size.mp4"} {
		src := clip(t, name, "-framerate", "25", "-f", "h264", "-i", joined, "-c", "copy")
		_, ti := prepared(t, src)
		if v := ti.survey.video.verdict; v.Passthrough {
			t.Errorf("%s: passed through", name)
		} else {
			t.Logf("%s: %s", name, v.Reason)
		}
	}
}
