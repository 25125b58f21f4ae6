package stream

import (
	"bytes"
	"crypto/md5" // it is ffmpeg's framemd5 that this is compared with
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fmp4"
	"dropstream/backend/media"
)

// patient lets a scan take as long as it takes on a machine that is busy with other tests.
func patient(e *Engine) { e.patience = time.Minute }

// remuxed wants a rendition to be made of the source's own samples, and gives it.
func remuxed(t *testing.T, ti *title, r rendition) *feed {
	t.Helper()
	f, ok := r.(*feed)
	if !ok || !f.brief {
		t.Fatalf("not remuxed: %s", ti.assess().Why)
	}
	return f
}

// sameRemuxed wants the pictures of a title to be the source's, each at its time, and its sound to be the source's
// frames.
func sameRemuxed(t *testing.T, src media.Source, ti *title, apart int64) {
	t.Helper()
	v := remuxed(t, ti, ti.video["original"])
	init, segments := shuffled(t, v)
	samplesOf(t, ti.survey.video.scan.timescale, segments)
	got := decoded(t, "pipe:0", append(init, bytes.Join(segments, nil)...))
	want := decoded(t, src.Path, nil)
	if len(got) != len(want) {
		t.Fatalf("%d pictures, the source has %d", len(got), len(want))
	}
	shift := got[len(got)-1].us - want[len(want)-1].us
	for i := range got {
		off := got[i].us - want[i].us - shift
		if got[i].sum != want[i].sum || (off > apart || off < -apart) && i > 0 {
			t.Fatalf("picture %d: at %d (off by %d) %s, want %s", i, got[i].us, off, got[i].sum, want[i].sum)
		}
	}
	for n := range ti.audio {
		a := remuxed(t, ti, ti.audio[n].rendition)
		init, segments := shuffled(t, a)
		samplesOf(t, ti.audio[n].source.scan.rate, segments)
		got := framesOf(t, "pipe:0", "0:a:0", append(init, bytes.Join(segments, nil)...))
		want := framesOf(t, src.Path, fmt.Sprintf("0:a:%d", n), nil)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d frames of sound, the source has %d:\n%.2000s", len(got), len(want), d)
		}
	}
}

// framesOf gives the checksums of the bare AAC frames of a stream; frames of silence at either end are left out.
func framesOf(t *testing.T, input, stream string, stdin []byte) (all []string) {
	t.Helper()
	all = packets(t, input, stream, stdin, "-bsf:a", "aac_adtstoasc")
	silent := func(sum string) bool {
		return slices.ContainsFunc([]int{1, 2}, func(channels int) bool {
			return sum == fmt.Sprintf("%x", md5.Sum(fmp4.SilentAAC(channels)))
		})
	}
	return slices.DeleteFunc(all, silent)
}

var eleven = []string{
	"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=11", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=11",
}

// TestRemux: what no index describes is sent as it is.
func TestRemux(t *testing.T) {
	base := []string{
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-c:a", "aac", "-ac", "2",
	}
	for name, c := range map[string]struct {
		more  []string
		apart int64 // microseconds that a picture may be from the source's own time
	}{
		"plain.ts":      {nil, 20},
		"pyramid.ts":    {[]string{"-bf", "3", "-x264-params", "b-pyramid=normal:b-adapt=0"}, 20},
		"no b.ts":       {[]string{"-bf", "0"}, 20},
		"hour.ts":       {[]string{"-output_ts_offset", "3600"}, 20},
		"plain.flv":     {[]string{"-bf", "2"}, 20},
		"plain.avi":     {[]string{"-bf", "0"}, 20},
		"no cues.mkv":   {[]string{"-live", "1"}, 1000},
		"44100 mono.ts": {[]string{"-ar", "44100", "-ac", "1"}, 20},
		"ntsc.ts":       {[]string{"-vf", "fps=30000/1001", "-g", "60"}, 20},
		"uneven.ts":     {[]string{"-vf", "select='not(mod(n,3))+gt(t,7)'", "-fps_mode", "vfr", "-bf", "2"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, slices.Concat(eleven, base, c.more)...)
			_, ti := prepared(t, src, patient)
			sameRemuxed(t, src, ti, c.apart)
			if a := ti.assess(); a.Plays != media.AsItIs {
				t.Errorf("plays %q: %s", a.Plays, a.Why)
			}
		})
	}
}

// TestFramesWithoutTimes: AVI does not say when its frames are shown, so only what is shown as it is decoded is sent.
func TestFramesWithoutTimes(t *testing.T) {
	src := clip(t, "b-frames.avi", slices.Concat(eleven, h264AAC, []string{"-bf", "3"})...)
	_, ti := prepared(t, src, patient)
	if v := ti.survey.video.verdict; v.Passthrough || !strings.Contains(v.Reason, "times") {
		t.Errorf("judged %+v", v)
	}
	if n := frames(t, whole(t, ti.video[ti.rungs[0].Name]), "v:0"); n != 275 {
		t.Errorf("%d frames, want 275", n)
	}
}
