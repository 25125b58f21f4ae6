package stream

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"dropstream/backend/media"
)

// h264AAC encodes what every player can play.
var h264AAC = []string{
	"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-bf", "2", "-c:a", "aac", "-ac", "2",
}

// TestRemuxInTime: the clocks of a container may begin anywhere, wrap, and begin apart.
func TestRemuxInTime(t *testing.T) {
	late := []string{
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=11",
		"-itsoffset", "2", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=7",
	}
	early := []string{
		"-itsoffset", "1.5", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=9",
		"-f", "lavfi", "-i", "sine=f=440:r=48000:d=11",
	}
	for name, args := range map[string][]string{
		// The clock of MPEG-TS has 33 bits of 90 kHz: it wraps 95,443.7 s after its zero.
		"wraps.ts":         slices.Concat(eleven, h264AAC, []string{"-output_ts_offset", "95436"}),
		"wraps at once.ts": slices.Concat(eleven, h264AAC, []string{"-output_ts_offset", "95442"}),
		"late sound.flv":   slices.Concat(late, h264AAC),
		"late sound.ts":    slices.Concat(late, h264AAC),
		"early sound.ts":   slices.Concat(early, h264AAC),
		"starts late.ts":   slices.Concat(eleven, h264AAC, []string{"-muxdelay", "0", "-output_ts_offset", "7.3"}),
		"many a packet.ts": slices.Concat(eleven, h264AAC, []string{"-pes_payload_size", "20000"}),
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, args...)
			_, ti := prepared(t, src, patient)
			sameRemuxed(t, src, ti, 1000)
		})
	}
}

// TestPicturesOfTwoPrograms: of several programs the first picture is played.
func TestPicturesOfTwoPrograms(t *testing.T) {
	two := []string{
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=11", "-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=11",
		"-f", "lavfi", "-i", "sine=f=440:r=48000:d=11", "-map", "0:v", "-map", "1:v", "-map", "2:a",
	}
	for name, more := range map[string][]string{
		"two pictures.ts": nil,
		"two programs.ts": {"-program", "title=a:st=0:st=2", "-program", "title=b:st=1"},
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, slices.Concat(two, h264AAC, more)...)
			_, ti := prepared(t, src, patient)
			sameRemuxed(t, src, ti, 1000)
		})
	}
}

// joined makes a transport stream of others, one after the other.
func joined(t *testing.T, name string, parts ...media.Source) media.Source {
	t.Helper()
	var all []byte
	for _, p := range parts {
		data, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	path := t.TempDir() + "/" + name
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return sourceOf(t, path)
}

// TestPictureThatChangesItsSize: one init segment cannot serve it, so it is converted, and said so.
func TestPictureThatChangesItsSize(t *testing.T) {
	first := clip(t, "a.ts", slices.Concat(eleven, h264AAC)...)
	second := clip(t, "b.ts", slices.Concat(eleven, h264AAC, []string{"-s", "160x90", "-output_ts_offset", "11"})...)
	src := joined(t, "changes.ts", first, second)
	_, ti := prepared(t, src, patient)
	if v := ti.survey.video.verdict; v.Passthrough || !strings.Contains(v.Reason, "changes its format midway") {
		t.Fatalf("judged %+v", v)
	}
	r := ti.video[ti.rungs[0].Name]
	init, segments := shuffled(t, r)
	if n := frames(t, append(init, bytes.Join(segments, nil)...), "v:0"); n != 550 {
		t.Errorf("%d frames, want 550", n)
	}
}

// TestInterlacedStreamsAreConverted: players show them with combs.
func TestInterlacedStreamsAreConverted(t *testing.T) {
	src := clip(t, "interlaced.ts", slices.Concat(eleven, h264AAC, []string{
		"-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme", "-top", "1",
	})...)
	_, ti := prepared(t, src, patient)
	if v := ti.survey.video.verdict; v.Passthrough || !strings.Contains(v.Reason, "interlaced") {
		t.Errorf("judged %+v", v)
	}
}
