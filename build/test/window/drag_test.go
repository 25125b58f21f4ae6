//go:build window && linux

package window

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pcmanfm without what moves its icons: the first one's middle is then at firstIcon.
const fileManagerConfig = `[ui]
win_width=420
win_height=360
splitter_pos=1
side_pane_mode=hidden;places
view_mode=icon
show_statusbar=0
`

var firstIcon = [2]string{"51", "92"}

// openFolder opens a file manager on the folder of a file, in which nothing else is, and gives its window.
func openFolder(t *testing.T, file string) string {
	t.Helper()
	config := t.TempDir()
	profile := filepath.Join(config, "pcmanfm", "default")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "pcmanfm.conf"), []byte(fileManagerConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(context.Background(), "pcmanfm", "--no-desktop", filepath.Dir(file))
	cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+config, "XDG_CACHE_HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	var window string
	if !eventually(t, 20*time.Second, func() bool {
		window = visibleWindow(t, cmd.Process.Pid)
		return window != ""
	}) {
		t.Fatal("no window of the file manager appears")
	}
	run(t, "xdotool", "windowmove", window, "20", "60")
	run(t, "xdotool", "windowactivate", "--sync", window)
	settled(t)
	return window
}

// settled waits until the screen does not change any more: the file manager has drawn its icons.
func settled(t *testing.T) {
	t.Helper()
	picture := func() string {
		return run(t, "bash", "-c", "import -window root -crop 440x420+0+0 ppm:- | sha256sum")
	}
	last := ""
	if !eventually(t, 20*time.Second, func() bool {
		now := picture()
		same := now == last
		last = now
		return same
	}) {
		t.Fatal("the screen does not come to rest")
	}
}

// at gives the screen's coordinates of a point in a window.
func at(t *testing.T, window, x, y string) (int, int) {
	t.Helper()
	run(t, "xdotool", "mousemove", "--window", window, x, y)
	where := map[string]int{}
	for line := range strings.Lines(run(t, "xdotool", "getmouselocation", "--shell")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		where[key] = n
	}
	return where["X"], where["Y"]
}

// press takes the folder's first icon and holds it over the program's window.
func (a *app) press(t *testing.T, folder string) {
	t.Helper()
	const steps = 20
	toX, toY := at(t, a.window, "430", "400")
	fromX, fromY := at(t, folder, firstIcon[0], firstIcon[1])
	args := []string{"mousedown", "1", "sleep", "0.1"}
	for i := 1; i <= steps; i++ {
		x, y := fromX+(toX-fromX)*i/steps, fromY+(toY-fromY)*i/steps
		args = append(args, "mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", "0.03")
	}
	// A drop counts where the pointer has rested: the toolkits ask each other what they take.
	args = append(args, "mousemove", strconv.Itoa(toX+1), strconv.Itoa(toY), "sleep", "0.3")
	run(t, "xdotool", args...)
}

// drag drops the folder's first icon on the program's window.
func (a *app) drag(t *testing.T, folder string) {
	t.Helper()
	a.press(t, folder)
	run(t, "xdotool", "mouseup", "1")
}

// h264 makes a clip that plays as it is, in a folder of its own.
func h264(t *testing.T, name string, seconds int) string {
	t.Helper()
	return clip(t, name, seconds, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50")
}

// mpeg4 makes a clip that has to be converted, in a folder of its own.
func mpeg4(t *testing.T, name string, seconds int) string {
	t.Helper()
	return clip(t, name, seconds, "-c:v", "mpeg4", "-q:v", "4", "-g", "50")
}

func clip(t *testing.T, name string, seconds int, codec ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	length := strconv.Itoa(seconds)
	args := slices.Concat([]string{
		"-nostdin", "-hide_banner", "-loglevel", "error",
		"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=" + length,
		"-f", "lavfi", "-i", "sine=frequency=440:duration=" + length,
	}, codec, []string{"-c:a", "aac", "-shortest", path})
	run(t, "ffmpeg", args...)
	return path
}

// running says whether a process is there and not only waiting to be counted.
func running(pid int) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, tail, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(tail, "Z")
}
