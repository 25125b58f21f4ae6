//go:build window && linux

package window

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/instance"
)

// playing is true in the page when the picture is there and its time has advanced.
const playing = `(v => v && v.readyState >= 2 && v.videoWidth > 0 && v.currentTime > 0.5)` +
	`(document.querySelector("video"))`

// lasts is true in the page when the video that plays has about so many seconds.
func lasts(seconds string) string {
	return `(v => v && Math.abs(v.duration - ` + seconds + `) < 0.3)(document.querySelector("video"))`
}

// TestDrops drags files from a file manager onto one window, one after the other.
func TestDrops(t *testing.T) {
	a := start(t, t.TempDir())
	place(t, a.window, 520, 60, 860, 700)
	ask[bool](t, a, `window.sameOld = true`)
	alive := func(t *testing.T) {
		t.Helper()
		a.until(t, "the page is the same as before", `window.sameOld === true && location.href.startsWith("wails://")`)
	}

	t.Run("plays", func(t *testing.T) {
		a.drag(t, openFolder(t, h264(t, "A clip.mp4", 8)))
		a.until(t, "the picture runs", playing)
		a.until(t, "it is the clip", lasts("8"))
		a.screenshot(t, "playing")
		alive(t)
	})
	t.Run("a second one, converted", func(t *testing.T) {
		a.drag(t, openFolder(t, mpeg4(t, "another.avi", 5)))
		a.until(t, "the second clip runs", lasts("5")+" && "+playing)
		a.screenshot(t, "second")
		alive(t)
	})
	t.Run("a name that shells and formats trip over", func(t *testing.T) {
		names := []string{`100%s "of" 'it' %20 #1 🎬 ü&;$(x).mp4`, strings.Repeat("long ", 40) + "name.mp4"}
		for _, name := range names {
			path := h264(t, name, 3)
			a.drag(t, openFolder(t, path))
			if !eventually(t, 30*time.Second, func() bool { return a.has(t, path) }) {
				t.Errorf("%q did not arrive whole; the library has %q", path, a.paths(t))
			}
		}
		alive(t)
	})
	t.Run("not a video", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "letter.mp4")
		if err := os.WriteFile(path, []byte("Dear reader,\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		a.drag(t, openFolder(t, path))
		a.until(t, "it is said what it is", `document.body.innerText.includes("text")`)
		a.screenshot(t, "refused")
		alive(t)
	})
	t.Run("a drag that is cancelled", func(t *testing.T) {
		before := len(a.paths(t))
		folder := openFolder(t, h264(t, "cancelled.mp4", 3))
		overlay := `document.querySelector(".over, .overlay, [data-drop-overlay]")`
		a.press(t, folder)
		a.until(t, "the page says that it takes the file", overlay)
		a.screenshot(t, "over")
		run(t, "xdotool", "key", "Escape")
		run(t, "xdotool", "mouseup", "1")
		a.until(t, "nothing of the drag is left", "!"+overlay)
		if after := a.paths(t); len(after) != before {
			t.Errorf("a cancelled drag added something: %q", after)
		}
		alive(t)
	})
}

// TestSecondLaunch: files of a second launch play in the window that is open.
func TestSecondLaunch(t *testing.T) {
	a := start(t, t.TempDir(), h264(t, "first.mp4", 8))
	a.until(t, "the file of the command line plays", playing)
	second := command(t.Context(), binary(t), "--data", a.data, "it's the second %s.mp4")
	clip := h264(t, "it's the second %s.mp4", 4)
	second.Dir = filepath.Dir(clip) // its name is relative
	began := time.Now()
	if out, err := second.CombinedOutput(); err != nil {
		t.Fatalf("the second launch: %v\n%s", err, out)
	}
	t.Logf("the second launch took %v", time.Since(began))
	a.until(t, "the second file plays in the first window", lasts("4")+" && "+playing)
	if !a.has(t, clip) {
		t.Errorf("the library has %q, not %q", a.paths(t), clip)
	}
	a.screenshot(t, "second-launch")
	if code := a.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d after SIGTERM; it said:\n%s", code, a.log)
	}
}

// TestPlaceIsRemembered: the window opens where it was closed.
func TestPlaceIsRemembered(t *testing.T) {
	data := t.TempDir()
	a := start(t, data)
	place(t, a.window, 230, 140, 910, 640)
	geometry := func(a *app) string {
		_, where, _ := strings.Cut(run(t, "xdotool", "getwindowgeometry", a.window), "\n")
		return where
	}
	if !eventually(t, 5*time.Second, func() bool { return strings.Contains(geometry(a), "910x640") }) {
		t.Fatalf("the window manager did not do as told: %s", geometry(a))
	}
	want := geometry(a)
	run(t, "xdotool", "key", "alt+F4") // as the window manager closes it
	if code := a.ends(t); code != 0 {
		t.Errorf("exit code %d after closing the window", code)
	}
	for range 2 { // a place that crept would creep again
		b := start(t, data)
		if !eventually(t, 5*time.Second, func() bool { return geometry(b) == want }) {
			t.Errorf("the window is at %s, want %s", geometry(b), want)
		}
		if code := b.end(t, syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
}

// TestNothingOutlivesTheProgram: ended in the middle of a conversion, politely or not, it leaves no process.
func TestNothingOutlivesTheProgram(t *testing.T) {
	clip := mpeg4(t, "long.avi", 120)
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			a := start(t, t.TempDir(), clip)
			var before map[int]string
			if !eventually(t, 30*time.Second, func() bool {
				before = children(t, a.cmd.Process.Pid)
				for _, name := range before {
					if strings.HasPrefix(name, "ffmpeg") {
						return true
					}
				}
				return false
			}) {
				t.Fatalf("no conversion is running: %v\n%s", before, a.log)
			}
			a.end(t, signal)
			left := map[int]string{}
			if !eventually(t, 5*time.Second, func() bool {
				clear(left)
				for pid, name := range before {
					if running(pid) {
						left[pid] = name
					}
				}
				return len(left) == 0
			}) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// items asks the program for its library, by the HTTP API.
func (a *app) items(t *testing.T) []api.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	lock, client, err := instance.Join(ctx, a.data)
	if err != nil {
		t.Fatal(err)
	}
	if lock != nil {
		_ = lock.Close()
		t.Fatalf("the program holds its folder no more; it said:\n%s", a.log)
	}
	var page api.ItemsPage
	if err := client.Call(ctx, "items", api.ItemsRequest{}, &page); err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func (a *app) paths(t *testing.T) []string {
	t.Helper()
	items := a.items(t)
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
	}
	return paths
}

func (a *app) has(t *testing.T, path string) bool {
	t.Helper()
	return slices.Contains(a.paths(t), path)
}
