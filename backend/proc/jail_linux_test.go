package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() { //nolint:gochecknoinits // the roles of this system only
	roles["orphanage"] = func([]string) {
		exe, _ := os.Executable()
		s := Spec{Path: exe, Env: roleEnv("sleep")}
		// A child must not die with a thread of the program either, only with the program.
		started := make(chan *Process, 1)
		go func() {
			runtime.LockOSThread() // the thread ends with this goroutine
			p, err := Start(context.Background(), s)
			if err != nil {
				os.Exit(4)
			}
			started <- p
		}()
		p := <-started
		_, _ = p.Stdout().Read(make([]byte, 6))
		say(p.PID())
		_ = p.Wait()
		say("the child ended")
	}
	// hardened plays a program in a container that lets nobody trace: its own child must be confined all the same.
	roles["hardened"] = func([]string) {
		if !denyTracing() {
			os.Exit(6)
		}
		exe, _ := os.Executable()
		s := Spec{Path: exe, Env: roleEnv("status"), Limits: Limits{OpenFiles: 64}}
		for range 2 { // the second start need not try what was refused
			out, err := Output(context.Background(), s, 1<<16)
			say(string(out), "refused:", tracingRefused.Load(), "error:", err)
		}
	}
	roles["status"] = func([]string) {
		b, _ := os.ReadFile("/proc/self/status")
		_, _ = os.Stdout.Write(b)
		b, _ = os.ReadFile("/proc/self/limits")
		_, _ = os.Stdout.Write(b)
	}
	roles["hog"] = func(args []string) {
		n, _ := strconv.Atoi(args[0])
		b, err := unix.Mmap(-1, 0, n, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			os.Exit(7)
		}
		_ = unix.Munmap(b)
	}
	roles["spin"] = func([]string) {
		for {
			runtime.Gosched()
		}
	}
	roles["write"] = func(args []string) {
		if err := os.WriteFile(args[0], make([]byte, 100), 0o600); err != nil {
			os.Exit(8)
		}
	}
	roles["open"] = func(args []string) {
		n, _ := strconv.Atoi(args[0])
		for range n {
			if _, err := unix.Open("/dev/null", unix.O_RDONLY, 0); err != nil {
				os.Exit(9)
			}
		}
	}
}

// denyTracing makes ptrace(2) fail with EPERM from now on, for all threads and children. It says whether it could.
func denyTracing() bool {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the system call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PTRACE, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return false
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	return errno == 0
}

// gone says whether a process has ended, reaped or not.
func gone(pid int) bool { return state(pid) == 0 || state(pid) == 'Z' }

// state is a process's letter in /proc, 0 when it is not there.
func state(pid int) byte {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return b[bytes.LastIndexByte(b, ')')+2]
}

// cpuTicks is the processor time a process has used.
func cpuTicks(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

func family(t *testing.T, p *Process) (child, grandchild int) {
	t.Helper()
	if _, err := fmt.Sscan(line(t, p), &child, &grandchild); err != nil {
		t.Fatal(err)
	}
	if child != p.PID() {
		t.Fatalf("the child is %d, PID says %d", child, p.PID())
	}
	return child, grandchild
}

func TestTheWholeFamilyEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(p *Process, cancel func())
	}{
		{"by the context", func(_ *Process, cancel func()) { cancel() }},
		{"by Kill", func(p *Process, _ func()) { p.Kill() }},
		{"when the child dies", func(p *Process, _ func()) { _ = unix.Kill(p.PID(), unix.SIGKILL) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := start(ctx, t, as(t, "family"))
			child, grandchild := family(t, p)
			tt.end(p, cancel)
			if err := p.Wait(); err == nil {
				t.Error("Wait says success")
			}
			if state(child) != 0 {
				t.Errorf("the child is still there, state %c", state(child))
			}
			eventually(t, "the grandchild ends", func() bool { return gone(grandchild) })
		})
	}
}

func TestWhatAChildLeavesBehindEnds(t *testing.T) {
	out, err := Output(t.Context(), as(t, "leaver"), 100)
	if err != nil {
		t.Fatal(err) // also when the pipe a grandchild held had to be given up
	}
	var grandchild int
	if _, err := fmt.Sscan(string(out), &grandchild); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the grandchild ends", func() bool { return gone(grandchild) })
}

func TestGrace(t *testing.T) {
	t.Run("a polite child ends by itself", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := as(t, "polite")
		s.Grace = time.Minute
		p := start(ctx, t, s)
		line(t, p)
		cancel()
		if got := line(t, p); got != "bye" {
			t.Errorf("last words %q", got)
		}
		if err := p.Wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("a deaf one is killed", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := as(t, "deaf")
		s.Grace = 50 * time.Millisecond
		p := start(ctx, t, s)
		line(t, p)
		cancel()
		if err := p.Wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("Kill does not wait", func(t *testing.T) {
		s := as(t, "deaf")
		s.Grace = time.Hour
		p := start(t.Context(), t, s)
		line(t, p)
		p.Kill()
		var e *ExitError
		if err := p.Wait(); !errors.As(err, &e) || e.Signal != syscall.SIGKILL || e.Code != -1 {
			t.Errorf("got %v, want SIGKILL", err)
		}
	})
}

// TestNothingOutlivesAKilledProgram kills a program that has a child as hard as can be.
func TestNothingOutlivesAKilledProgram(t *testing.T) {
	s := as(t, "orphanage")
	program := exec.CommandContext(t.Context(), s.Path) // not Start: its own death signal would prove nothing
	program.Env = s.Env
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	if _, err := fmt.Fscanln(out, &child); err != nil {
		t.Fatal(err)
	}
	// The goroutine that started the child is gone, and its thread: give a wrong death signal time to arrive.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = out.Read(make([]byte, 1))
	}()
	select {
	case <-ended:
		t.Error("the child died with a thread of its program")
	case <-time.After(300 * time.Millisecond):
	}
	if gone(child) {
		t.Fatal("the child is not there")
	}
	_ = program.Process.Kill()
	<-ended
	_ = program.Wait()
	eventually(t, "the child ends with its program", func() bool { return gone(child) })
}

func TestUnreadPipeStopsTheChild(t *testing.T) {
	p := start(t.Context(), t, as(t, "flood"))
	full := func() bool {
		raw, err := p.stdout.r.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if cerr := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); cerr != nil {
			t.Fatal(cerr)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n >= 64<<10
	}
	eventually(t, "the pipe is full", full)
	eventually(t, "the child sleeps", func() bool { return state(p.PID()) == 'S' })
	before := cpuTicks(t, p.PID())
	<-time.After(500 * time.Millisecond) // the time over which it must do nothing
	if used := cpuTicks(t, p.PID()) - before; used > 1 {
		t.Errorf("a child with a full pipe used %d ticks", used)
	}
	if _, err := io.CopyN(io.Discard, p.Stdout(), 1<<20); err != nil {
		t.Errorf("it did not go on: %v", err)
	}
	eventually(t, "the pipe is full again", full)
}

func TestNoZombies(t *testing.T) {
	for range 5 {
		_, _ = Output(t.Context(), as(t, "exit", "1", ""), 1)
	}
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(e)
		if err != nil {
			continue // gone meanwhile
		}
		var letter string
		var parent int
		_, _ = fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &letter, &parent)
		if parent == os.Getpid() && letter == "Z" {
			t.Errorf("zombie: %s", b)
		}
	}
}

func TestConfined(t *testing.T) {
	for _, traced := range []bool{true, false} {
		t.Run(fmt.Sprintf("traced=%v", traced), func(t *testing.T) {
			was := tracingRefused.Load()
			tracingRefused.Store(!traced)
			t.Cleanup(func() { tracingRefused.Store(was) })
			s := as(t, "status")
			s.Limits = Limits{MemoryBytes: 4 << 30, CPUSeconds: 60, OpenFiles: 64}
			out, err := Output(t.Context(), s, 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strings.Fields(string(out)), " ")
			for _, want := range []string{
				"NoNewPrivs: 1", "TracerPid: 0", "Max core file size 0 0", "Max address space 4294967296 4294967296",
				"Max cpu time 60 61", "Max open files 64 64", "Max file size 0 0",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			if traced && tracingRefused.Load() {
				t.Log("this system refuses tracing: limits are set right after the start")
			}
		})
	}
}

// TestTheProgramKeepsItsPowers checks that only the owners' threads lose theirs, and that these end.
func TestTheProgramKeepsItsPowers(t *testing.T) {
	confined := func() (n int) {
		all, err := filepath.Glob("/proc/self/task/*/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			b, err := os.ReadFile(f)
			if err == nil && bytes.Contains(b, []byte("NoNewPrivs:\t1")) {
				n++
			}
		}
		return n
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err != nil || n != 0 {
		t.Skip("the tests themselves run without new privileges: nothing to see")
	}
	p := start(t.Context(), t, as(t, "sleep"))
	if n := confined(); n > 1 {
		t.Errorf("%d threads are confined for one child", n)
	}
	p.Kill()
	_ = p.Wait()
	eventually(t, "no thread is confined", func() bool { return confined() == 0 })
}

func TestConfinedWhereNobodyMayTrace(t *testing.T) {
	out, err := Output(t.Context(), withFiles(as(t, "hardened")), 1<<17)
	var exit *ExitError
	if errors.As(err, &exit) && exit.Code == 6 {
		t.Skip("no seccomp here")
	}
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{"Max open files 64 64", "Max core file size 0 0", "refused: true error: <nil>"} {
		if n := strings.Count(got, want); n != 2 {
			t.Errorf("%q %d times, want 2, in:\n%s", want, n, out)
		}
	}
}

// withFiles lets a child write files and so hand the right on to its own.
func withFiles(s Spec) Spec {
	s.Limits.FileSizeBytes = -1
	return s
}

func TestLimitsBite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "written")
	gig := strconv.Itoa(1 << 30)
	for _, tt := range []struct {
		name   string
		spec   Spec
		limits Limits
		code   int
		signal syscall.Signal
	}{
		{"memory within", as(t, "hog", gig), Limits{MemoryBytes: 4 << 30}, 0, 0},
		{"memory", as(t, "hog", strconv.Itoa(4<<30)), Limits{MemoryBytes: 4 << 30}, 7, 0},
		// Go programs take no notice of SIGXCPU at the soft limit: the hard one is a second further.
		{"cpu time", as(t, "spin"), Limits{CPUSeconds: 1}, -1, syscall.SIGKILL},
		{"no file at all", as(t, "write", file), Limits{}, 8, 0},
		{"a small file", as(t, "write", file), Limits{FileSizeBytes: 99}, 8, 0},
		{"a file within", as(t, "write", file), Limits{FileSizeBytes: 100}, 0, 0},
		{"any file", as(t, "write", file), Limits{FileSizeBytes: -1}, 0, 0},
		{"open files within", as(t, "open", "20"), Limits{OpenFiles: 64}, 0, 0},
		{"open files", as(t, "open", "64"), Limits{OpenFiles: 64}, 9, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Limits = tt.limits
			_, err := Output(t.Context(), tt.spec, 1<<16)
			if tt.code == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *ExitError
			if !errors.As(err, &e) || e.Signal != tt.signal || tt.signal == 0 && e.Code != tt.code {
				t.Errorf("got %v, want code %d, signal %v", err, tt.code, tt.signal)
			}
		})
	}
}

func TestLowPriority(t *testing.T) {
	s := as(t, "sleep")
	s.Low = true
	p := start(t.Context(), t, s)
	line(t, p)
	got, err := unix.Getpriority(unix.PRIO_PROCESS, p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if nice := 20 - got; nice != lowNice {
		t.Errorf("nice %d, want %d", nice, lowNice)
	}
	ioprio, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, 1, uintptr(p.PID()), 0)
	if errno != 0 || ioprio != ioprioBestLast {
		t.Errorf("I/O priority %#x (%v), want %#x", ioprio, errno, ioprioBestLast)
	}
}
