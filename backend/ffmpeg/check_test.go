package ffmpeg

import (
	"bytes"
	"testing"

	"dropstream/backend/proc"
)

// TestLimitsLeaveRoomFor4K makes the largest thing that is asked for inside the limits every run has.
func TestLimitsLeaveRoomFor4K(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	src := generate(t, "4k.mp4", "-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=24:duration=0.25",
		"-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
	args := Base().Source(src).Map(0).Bare().
		Add("-vf", "format=yuv420p", "-c:v", "libx264", "-preset", "veryfast").
		Add("-movflags", "+frag_keyframe+empty_moov").To("mp4", "pipe:1")
	out, err := proc.Output(t.Context(), tools(t).Spec(args), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte("moof")) {
		t.Errorf("%d bytes, no fragment", len(out))
	}
}

func TestSpecMayWriteNoFile(t *testing.T) {
	path := t.TempDir() + "/x.mp4"
	args := Base().Generated("color=size=64x64:duration=0.2").Add("-c:v", "libx264").To("mp4", "file:"+path)
	if _, err := proc.Output(t.Context(), tools(t).Spec(args), 0); err == nil {
		t.Error("a file was written")
	}
}
