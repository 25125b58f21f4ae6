package proc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func init() { //nolint:gochecknoinits // the roles of this system only
	// reach says how each file could be opened: "r" reads it, "w" writes it.
	roles["reach"] = func(args []string) {
		for _, arg := range args {
			how, path := arg[:1], arg[1:]
			flags := os.O_RDONLY
			if how == "w" {
				flags = os.O_WRONLY | os.O_TRUNC
			}
			f, err := os.OpenFile(path, flags, 0)
			_ = f.Close()
			say(how, filepath.Base(path), !errors.Is(err, os.ErrPermission), err == nil)
		}
	}
	// calls makes system calls with senseless arguments and says what they were answered.
	roles["calls"] = func(args []string) {
		info, err := arch.GetInfo("")
		if err != nil {
			os.Exit(4)
		}
		bad := ^uintptr(0)
		for _, name := range args {
			number := info.SyscallNames[name]
			_, _, errno := unix.RawSyscall6(uintptr(number), bad, bad, bad, bad, bad, bad)
			say(name, unix.ErrnoName(errno))
		}
		for _, number := range []uintptr{5000, 1 << 30} { // one of a later day, and one of the x32 kind
			_, _, errno := unix.RawSyscall6(number, bad, bad, bad, bad, bad, bad)
			say(number, unix.ErrnoName(errno))
		}
	}
	// drive opens devices, controls them, and says what came of it.
	roles["drive"] = func(paths []string) {
		for _, path := range paths {
			fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY, 0)
			if err == nil {
				_, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
				_ = unix.Close(fd)
			}
			how := "OK"
			if errno, ok := errors.AsType[unix.Errno](err); ok {
				how = unix.ErrnoName(errno)
			}
			say(filepath.Base(path), how)
		}
	}
	roles["thread-status"] = func([]string) {
		_ = os.Remove("never there") // which the filter answers
		say("alive")
	}
}

// confinable skips where the system cannot confine.
func confinable(t *testing.T) {
	t.Helper()
	if landlockABI() < 1 {
		t.Skip("no Landlock here")
	}
	if m := means(); !strings.Contains(m, "seccomp") || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skipf("no seccomp here, only %s", m)
	}
}

// holdable sets whether children can be held, for one test.
func holdable(t *testing.T, traced bool) {
	t.Helper()
	was := tracingRefused.Load()
	tracingRefused.Store(!traced)
	t.Cleanup(func() { tracingRefused.Store(was) })
}

// TestSelfCheck lets a confined child try to get out.
func TestSelfCheck(t *testing.T) {
	confinable(t)
	for _, tt := range []struct {
		name   string
		traced bool
		open   []string // what the lesser filter cannot close
	}{
		{"held", true, nil},
		{"not held", false, []string{
			"start another program", "change limits of the program", "outlive the program", "become another program",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			holdable(t, tt.traced)
			report, err := SelfCheck(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var open []string
			for _, try := range report.Open() {
				if (landlockABI() < 6 || landlockErrata()&signalsFixed == 0) && try.What == "signal the program" {
					continue // nothing else could close it
				}
				open = append(open, try.What)
			}
			if diff := cmp.Diff(tt.open, open); diff != "" {
				t.Errorf("confined by %s, open (-want +got):\n%s", report.Means, diff)
			}
			if tracingRefused.Load() == tt.traced {
				t.Error("the child was confined in the other way")
			}
		})
	}
}

// TestSelfCheckSeesWhatIsOpen has the stand-in run free: a check that finds everything closed then checks nothing.
func TestSelfCheckSeesWhatIsOpen(t *testing.T) {
	c, err := newCanary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := c.spec(exe)
	s.Confine = nil
	out, err := Output(t.Context(), s, maxStandInBytes)
	if err != nil {
		t.Fatal(err)
	}
	// It is nobody's tracer, and has no key of that number: the kernel has its own reasons.
	closed := []string{"trace the program", "use the kernel's keys"}
	for _, try := range readTries(out) {
		if !try.Allowed && try.Holds && !slices.Contains(closed, try.What) && os.Geteuid() == 0 {
			t.Errorf("unconfined, and yet refused: %s", try.What)
		}
		if !try.Allowed && try.Detail == "it did not come to that" {
			t.Errorf("not tried: %s", try.What)
		}
	}
	for _, what := range []string{"read another file", "open a TCP connection", "start another program"} {
		i := slices.IndexFunc(readTries(out), func(try Try) bool { return try.What == what })
		if i < 0 || readTries(out)[i].Holds {
			t.Errorf("the stand-in cannot even unconfined: %s", what)
		}
	}
}

func TestSelfCheckOfAProgramThatPlaysNoStandIn(t *testing.T) {
	standsIn.Store(false)
	t.Cleanup(func() { standsIn.Store(true) })
	if _, err := SelfCheck(t.Context()); !errors.Is(err, ErrNoStandIn) {
		t.Errorf("got %v, want ErrNoStandIn", err)
	}
}

func TestReadTries(t *testing.T) {
	tries := readTries([]byte("read its own file\trefused\nread another file\tdone\nlist a folder\trefused\n" +
		"write its own file\tno such file\nmake a file\t"))
	want := []Try{
		{What: "read its own file", Allowed: true, Detail: "refused"},
		{What: "read another file", Detail: "done"},
		{What: "list a folder", Holds: true},
		{What: "write its own file", Detail: "no such file"},
		{What: "write another file", Detail: "it did not come to that"},
		{What: "make a file"},
	}
	if diff := cmp.Diff(want, tries[:len(want)]); diff != "" {
		t.Error(diff)
	}
}

func TestConfinementNamesWhatMayBeReached(t *testing.T) {
	confinable(t)
	dir := t.TempDir()
	names := []string{"read", "other", "write", "in/deep/er", "link"}
	words, free := make([]string, 0, 2*len(names)), make([]string, 0, len(names))
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(path, []byte("x"), 0o600)
		if name == "link" {
			if err = os.Remove(path); err == nil {
				err = os.Symlink("read", path)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, "r"+path, "w"+path)
		free = append(free, path)
	}
	for _, tt := range []struct {
		name    string
		confine Confinement
		want    []string
	}{
		{"nothing", Confinement{}, nil},
		{"a file", Confinement{ReadFiles: free[:1]}, []string{"r read", "r link"}},
		{"a link to a file", Confinement{ReadFiles: free[4:5]}, []string{"r read", "r link"}},
		{"a folder", Confinement{ReadDirs: []string{filepath.Join(dir, "in")}}, []string{"r er"}},
		{"a file to write", Confinement{WriteFiles: free[2:3]}, []string{"r write", "w write"}},
		{"one that is not there", Confinement{ReadFiles: []string{filepath.Join(dir, "none")}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := withFiles(as(t, "reach", words...))
			s.Confine = &tt.confine
			out, err := Output(t.Context(), s, 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(out)) {
				if what, ok := strings.CutSuffix(line, " true true\n"); ok {
					got = append(got, what)
				} else if !strings.HasSuffix(line, " false false\n") {
					t.Errorf("neither done nor refused: %s", line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryRefusedCallIsRefused(t *testing.T) {
	confinable(t)
	info, err := arch.GetInfo("")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(slices.Concat(refused, ownerKeeps), func(name string) bool {
		_, ok := info.SyscallNames[name]
		return !ok || name == "clone" // with all bits set it asks for a thread
	})
	s := as(t, "calls", append(names, "clone3", "unlinkat", "renameat2")...)
	s.Confine = &Confinement{}
	out, err := Output(t.Context(), s, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, name := range names {
		fmt.Fprintln(&want, name, "EPERM")
	}
	for _, name := range []string{"clone3", "unlinkat", "renameat2", "5000", "1073741824"} {
		fmt.Fprintln(&want, name, "ENOSYS")
	}
	if diff := cmp.Diff(want.String(), string(out)); diff != "" {
		t.Error(diff)
	}
}

// TestTheProgramStaysFree starts confined children beside threads that do what those may not.
func TestTheProgramStaysFree(t *testing.T) {
	confinable(t)
	for _, traced := range []bool{true, false} {
		t.Run(fmt.Sprintf("held=%v", traced), func(t *testing.T) {
			holdable(t, traced)
			file := filepath.Join(t.TempDir(), "file")
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 4 {
						s := as(t, "thread-status")
						s.Confine = &Confinement{}
						if out, err := Output(t.Context(), s, 100); err != nil || string(out) != "alive\n" {
							t.Errorf("got %q, %v", out, err)
						}
					}
				})
				wg.Go(func() {
					runtime.LockOSThread() // a thread of its own, new each time, that ends with it
					for range 20 {
						if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
							t.Error(err)
						}
						c, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
						if err != nil {
							t.Error(err)
							continue
						}
						_ = c.Close()
						runtime.Gosched()
					}
				})
			}
			wg.Wait()
			eventually(t, "no thread is filtered", func() bool {
				all, _ := filepath.Glob("/proc/self/task/*/status")
				return len(all) > 0 && !slices.ContainsFunc(all, func(path string) bool {
					b, err := os.ReadFile(path)
					return err == nil && strings.Contains(string(b), "Seccomp_filters:\t1")
				})
			})
		})
	}
}

// TestOwnersNeverTakeTheFirstThread checks that the thread the kernel takes for the program keeps its powers.
func TestOwnersNeverTakeTheFirstThread(t *testing.T) {
	first := make(chan bool)
	for range 200 {
		go onOwnThread(func() { first <- unix.Gettid() == unix.Getpid() })
		if <-first {
			t.Fatal("an owner runs on the first thread")
		}
	}
}

func TestAScriptCannotBeConfined(t *testing.T) {
	confinable(t)
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Spec{Path: script, Confine: &Confinement{}}); !errors.Is(err, errNotProgram) {
		t.Errorf("got %v, want errNotProgram", err)
	}
	if out, err := Output(t.Context(), Spec{Path: script}, 100); err != nil || string(out) != "hello\n" {
		t.Errorf("unconfined: %q, %v", out, err)
	}
}

// BenchmarkStartConfined is BenchmarkStart with all confinement on.
func BenchmarkStartConfined(b *testing.B) {
	for b.Loop() {
		if _, err := Output(b.Context(), Spec{Path: "/bin/true", Confine: &Confinement{}}, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAStrayMissIsNotTheSystem checks that one child that could not be given its filter does not weaken all others,
// and that a system on which none can is not asked each time.
func TestAStrayMissIsNotTheSystem(t *testing.T) {
	holdable(t, true)
	t.Cleanup(func() { filtersMissed.Store(0) })
	for n := 1; n <= maxMissed; n++ {
		j := jail{traced: true}
		if !j.mayLoosen(fmt.Errorf("start: %w", errNotFiltered)) || j.traced {
			t.Fatal("no other try")
		}
		j.loosened()
		if got, want := tracingRefused.Load(), n == maxMissed; got != want {
			t.Errorf("after %d misses: refused %v", n, got)
		}
	}
	for _, err := range []error{os.ErrNotExist, errNotProgram} {
		if (&jail{traced: true}).mayLoosen(err) {
			t.Errorf("tried again after: %v", err)
		}
	}
}

func TestAChildWithADeviceDrivesThatDeviceAlone(t *testing.T) {
	confinable(t)
	if _, err := os.Stat("/dev/ptmx"); err != nil {
		t.Skip("there is no device here that anybody may drive")
	}
	s := as(t, "drive", "/dev/ptmx", "/dev/full")
	for _, tt := range []struct {
		name    string
		devices []string
		want    string
	}{
		{"none", nil, "ptmx EACCES\nfull EACCES\n"},
		{"one", []string{"/dev/ptmx"}, "ptmx OK\nfull EACCES\n"},
		{"another", []string{"/dev/full"}, "ptmx EACCES\nfull ENOTTY\n"},
		{"one that is not there", []string{"/dev/dri/renderD999"}, "ptmx EACCES\nfull EACCES\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := withFiles(s)
			s.Confine = &Confinement{Devices: tt.devices}
			out, err := Output(t.Context(), s, 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAChildWithADeviceIsRefusedWhatIsNoChildsBusiness(t *testing.T) {
	confinable(t)
	info, err := arch.GetInfo("")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(slices.Concat(refused, []string{
		"execve", "execveat", "fork", "vfork", "ptrace", "pidfd_open", "setsid", "kill", "tkill", "tgkill", "prctl",
		"prlimit64",
	}), func(name string) bool {
		_, ok := info.SyscallNames[name]
		return !ok || slices.Contains(driversNeed, name)
	})
	s := as(t, "calls", append(names, "clone3")...)
	s.Confine = &Confinement{Devices: []string{"/dev/null"}}
	out, err := Output(t.Context(), s, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(names, " EPERM\n") + " EPERM\nclone3 ENOSYS\n"
	got, _, _ := strings.Cut(string(out), "5000 ") // what is not known is left to the kernel
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
