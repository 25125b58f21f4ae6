//go:build window && linux

package window

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	screenWidth, screenHeight = 1400, 900
	outputDir                 = "../../../test-output/window"
)

var display string // of the Xvfb that TestMain started

// TestMain starts a desktop: a session bus, an X server and a window manager.
func TestMain(m *testing.M) {
	if os.Getenv("DROPSTREAM_WINDOW_BUS") == "" {
		bus, err := exec.LookPath("dbus-run-session")
		if err == nil {
			args := append([]string{bus, "--"}, os.Args...)
			err = syscall.Exec(bus, args, append(os.Environ(), "DROPSTREAM_WINDOW_BUS=1"))
		}
		fmt.Fprintln(os.Stderr, "start a session bus:", err)
		os.Exit(1)
	}
	code, err := onDesktop(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start a desktop:", err)
		code = 1
	}
	os.Exit(code)
}

func onDesktop(run func() int) (code int, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 1, err
	}
	screen := fmt.Sprintf("%dx%dx24", screenWidth, screenHeight)
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{w}
	if err := server.Start(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop(server)) }()
	number := make([]byte, 16)
	n, err := r.Read(number)
	if err != nil {
		return 1, err
	}
	display = ":" + strings.TrimSpace(string(number[:n]))
	manager := command(context.Background(), "openbox", "--sm-disable")
	if err := manager.Start(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop(manager)) }()
	return run(), nil
}

// stop ends a process that TestMain started, and waits for it.
func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	_ = cmd.Wait() // ended by the signal, which it counts as a failure
	return nil
}

// command is a program on the test's display.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+display, "GDK_BACKEND=x11", "GTK_THEME=Adwaita", "NO_AT_BRIDGE=1")
	return cmd
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := command(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// app is a running program with its window.
type app struct {
	cmd              *exec.Cmd
	log              *logBuffer
	data             string
	inspectorAddress string
	page             *inspector
	window           string // X11's id
	ended            chan struct{}
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("DROPSTREAM_BIN")
	if path == "" {
		path = "../../bin/dropstream"
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(abs); err != nil {
		t.Fatalf("the program is not built: %v", err)
	}
	return abs
}

// start starts the program and waits for its window and its page.
func start(t *testing.T, data string, files ...string) *app {
	t.Helper()
	var lc net.ListenConfig
	probe, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0") // for a free port
	if err != nil {
		t.Fatal(err)
	}
	a := &app{data: data, inspectorAddress: probe.Addr().String(), log: &logBuffer{}, ended: make(chan struct{})}
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	a.cmd = command(context.Background(), binary(t), append([]string{"--data", data}, files...)...)
	a.cmd.Env = append(a.cmd.Env, "WEBKIT_INSPECTOR_HTTP_SERVER="+a.inspectorAddress, "DROPSTREAM_LOG=info")
	a.cmd.Stdout, a.cmd.Stderr = a.log, a.log
	a.cmd.WaitDelay = 5 * time.Second
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = a.cmd.Wait()
		close(a.ended)
	}()
	t.Cleanup(func() { a.end(t, syscall.SIGTERM) })
	a.until(t, "the page is there", `document.readyState === "complete" && document.querySelector("main *")`)
	if !eventually(t, 20*time.Second, func() bool {
		a.window = visibleWindow(t, a.cmd.Process.Pid)
		return a.window != ""
	}) {
		t.Fatalf("no window appears; the program says:\n%s", a.log)
	}
	return a
}

// visibleWindow is the X11 id of a process's visible window.
func visibleWindow(t *testing.T, pid int) string {
	t.Helper()
	args := []string{"search", "--all", "--onlyvisible", "--pid", strconv.Itoa(pid), "--name", ".+"}
	cmd := command(t.Context(), "xdotool", args...)
	out, err := cmd.Output()
	if err != nil { // none
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// end ends the program with a signal and gives its exit code.
func (a *app) end(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	if a.page != nil {
		_ = a.page.conn.CloseNow()
		a.page = nil
	}
	if err := a.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	return a.ends(t)
}

// ends waits for the program's end and gives its exit code.
func (a *app) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-a.ended:
	case <-time.After(20 * time.Second):
		t.Errorf("the program does not end; it says:\n%s", a.log)
		_ = a.cmd.Process.Kill()
		<-a.ended
	}
	return a.cmd.ProcessState.ExitCode()
}

// screenshot keeps a picture of the screen.
func (a *app) screenshot(t *testing.T, name string) {
	t.Helper()
	if err := os.MkdirAll(outputDir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "import", "-window", "root", filepath.Join(outputDir, name+".png"))
}

// place moves and sizes a window.
func place(t *testing.T, window string, x, y, width, height int) {
	t.Helper()
	run(t, "xdotool", "windowsize", "--sync", window, strconv.Itoa(width), strconv.Itoa(height))
	run(t, "xdotool", "windowmove", window, strconv.Itoa(x), strconv.Itoa(y))
	run(t, "xdotool", "windowactivate", "--sync", window)
}

// children are the processes below a process, by id and command.
func children(t *testing.T, pid int) map[int]string {
	t.Helper()
	found := map[int]string{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	parents, names := map[int]int{}, map[int]string{}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // ended in between
		}
		head, tail, _ := strings.Cut(string(data), ") ")
		id, name, _ := strings.Cut(head, " (")
		fields := strings.Fields(tail)
		child, err := strconv.Atoi(id)
		if err != nil || len(fields) < 2 {
			continue
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		parents[child], names[child] = parent, name
	}
	for child := range parents {
		for up := child; up > 1; up = parents[up] {
			if parents[up] == pid {
				found[child] = names[child]
				break
			}
		}
	}
	return found
}
