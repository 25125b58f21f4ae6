//go:build window && linux

package window

import (
	"path/filepath"
	"testing"

	"dropstream/backend/testkit/clips"
)

// seekTo moves the video that plays, and lies says that it goes on from there.
const (
	seekTo = `(v => { v.currentTime = 7; return true })(document.querySelector("video"))`
	longer = `(v => v && v.duration > 9.5)(document.querySelector("video"))` // than the one before
	lies   = `(v => v && !v.seeking && v.currentTime > 7.3 && v.readyState >= 2)(document.querySelector("video"))`
)

// TestSentCodecs: what the window says that it plays beyond H.264 and AAC, it plays, sought in too. It is not believed
// because it says so.
func TestSentCodecs(t *testing.T) {
	a := start(t, t.TempDir(), h264(t, "first.mp4", 3))
	a.until(t, "the page is ready", playing) // and has said what it plays
	run(t, "xdotool", "key", "Escape")
	a.until(t, "the player closes", `!document.querySelector("video")`)
	for _, clip := range clips.Sent() {
		t.Run(clip.Name, func(t *testing.T) {
			path, err := clip.Path(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if out, err := command(t.Context(), binary(t), "--data", a.data, path).CombinedOutput(); err != nil {
				t.Fatalf("hand over %s: %v\n%s", filepath.Base(path), err, out)
			}
			a.until(t, "the picture runs", longer+" && "+playing)
			ask[bool](t, a, seekTo)
			a.until(t, "it goes on after a seek", lies)
			t.Logf("as it is or converted: %s", ask[string](t, a,
				`performance.getEntriesByType("resource").map(e => e.name)`+
					`.filter(n => n.includes("/init.mp4")).slice(-2)`+
					`.map(n => n.split("/").slice(-4, -2).join(" ")).join(", ")`))
			run(t, "xdotool", "key", "Escape")
			a.until(t, "the player closes", `!document.querySelector("video")`)
		})
	}
}
