//go:build window && linux

package window

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestTimeToPicture measures, and prints, how long it takes from handing a 1080p file over to its first picture in the
// window: the launch of a second process that hands it over is part of it. It fails only when no picture comes.
func TestTimeToPicture(t *testing.T) {
	a := start(t, t.TempDir())
	for name, codec := range map[string][]string{
		"passthrough":     {"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"},
		"transcoded HEVC": {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:keyint=50"},
	} {
		source := filepath.Join(t.TempDir(), "source.mp4")
		run(t, "ffmpeg", slices.Concat([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d=6"},
			codec, []string{source})...)
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		const times = 5
		took := make([]time.Duration, 0, times)
		for i := range times {
			path := filepath.Join(t.TempDir(), fmt.Sprintf("picture %d.mp4", i))
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			ask[bool](t, a, `(() => {
				window.firstPicture = 0;
				const old = document.querySelector("video")?.currentSrc;
				const look = () => {
					const v = document.querySelector("video");
					if (v && v.currentSrc !== old && v.readyState >= 2 && v.videoWidth > 0 && v.currentTime > 0)
						window.firstPicture = Date.now();
					else requestAnimationFrame(look);
				};
				look();
				return true;
			})()`)
			began := time.Now()
			if out, err := command(t.Context(), binary(t), "--data", a.data, path).CombinedOutput(); err != nil {
				t.Fatalf("hand over: %v\n%s", err, out)
			}
			a.until(t, "a picture comes", "window.firstPicture > 0")
			took = append(took, time.UnixMilli(ask[int64](t, a, "window.firstPicture")).Sub(began))
			run(t, "xdotool", "key", "Escape")
			a.until(t, "the player closes", `!document.querySelector("video")`)
		}
		slices.Sort(took)
		t.Logf("drop to first picture, 1080p %s: median %v of %v", name, took[times/2].Round(time.Millisecond), took)
	}
}
