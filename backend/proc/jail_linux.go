package proc

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Priorities of a child that runs low: nice(2), and the lowest level of the best-effort I/O class (ioprio_set(2)).
const (
	lowNice        = 10
	ioprioWhoPgrp  = 2
	ioprioBestLast = 2<<13 | 7
)

// tracingRefused remembers that this system lets no child be traced, so that it is not asked each time.
var tracingRefused atomic.Bool

// filtersMissed counts the children that could be held, but not given a filter. A stray signal does that to one;
// after maxMissed of them it is the system.
var filtersMissed atomic.Int32

const maxMissed = 3

// jail is a child's process group and what it may use.
type jail struct {
	spec   Spec
	traced bool // the child is held at its first instruction until it is confined
	missed bool // it could be held, but not given its filter
	pgid   int  // 0 until started
}

func newJail(s Spec) (*jail, error) { return &jail{spec: s, traced: !tracingRefused.Load()}, nil }

// onOwnThread runs an owner on a thread that ends with it: see the package's comment. It is never the program's first
// thread, which cannot end before the program, and which the kernel takes for the program in some of its checks.
func onOwnThread(owner func()) {
	runtime.LockOSThread() // never unlocked: so the thread ends
	if unix.Gettid() != unix.Getpid() {
		owner()
		return
	}
	locked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(locked)
		owner()
	}()
	<-locked // until here the first thread was taken
	runtime.UnlockOSThread()
}

// errNotFiltered says that a child that was held could not be given its filter.
var errNotFiltered = errors.New("the child cannot be given its filter")

// mayLoosen says whether a failed start is worth another try without tracing.
func (j *jail) mayLoosen(err error) bool {
	refused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSYS)
	if !j.traced || !refused && !errors.Is(err, errNotFiltered) {
		return false
	}
	j.traced, j.missed = false, !refused
	return true
}

// loosened is told when a start without tracing went well where one with it had not.
func (j *jail) loosened() {
	if !j.missed || filtersMissed.Add(1) >= maxMissed {
		tracingRefused.Store(true)
	}
}

// start starts the command, confines it and lets it go. It runs on the owner's thread.
func (j *jail) start(cmd *exec.Cmd) error {
	if err := j.confine(); err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Ptrace: j.traced}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	j.pgid = cmd.Process.Pid
	if err := j.hold(); err != nil {
		j.kill()
		_ = cmd.Wait() // the error that matters is the one above
		j.pgid = 0
		return err
	}
	return nil
}

// confine takes from the calling thread what the child must not have. Threads pass it on to what they fork.
func (j *jail) confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if j.spec.Confine == nil {
		return nil
	}
	if err := landlock(j.spec.Path, j.spec.Confine); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	if !j.traced {
		if err := filterThread(); err != nil {
			return fmt.Errorf("confine: %w", err)
		}
	}
	return nil
}

// hold sets limits and priority, and lets a traced child go.
func (j *jail) hold() error {
	if j.traced {
		if err := awaitStop(j.pgid); err != nil {
			return err
		}
	}
	if err := setLimits(j.pgid, j.spec.Limits); err != nil {
		return err
	}
	if j.spec.Low {
		// Best effort: a child at full priority is a nuisance, not a fault.
		_ = unix.Setpriority(unix.PRIO_PGRP, j.pgid, lowNice)
		_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoPgrp, uintptr(j.pgid), ioprioBestLast)
	}
	if j.traced && j.spec.Confine != nil {
		if err := filterChild(j.pgid, j.filter()); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("%w: %w", errNotFiltered, err)
		}
	}
	if j.traced {
		// A child that is gone already says ESRCH: Wait tells how it went.
		if err := unix.PtraceDetach(j.pgid); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("let the child go: %w", err)
		}
	}
	return nil
}

// filter is the one for a child that is past its execve(2).
func (j *jail) filter() func() ([]unix.SockFilter, error) {
	if len(j.spec.Confine.Devices) > 0 {
		return driverFilter
	}
	return strictFilter
}

// awaitStop waits until a traced child stops or ends, and leaves what it learns for others to learn.
func awaitStop(pid int) error {
	var info unix.Siginfo
	err := ignoringInterrupts(func() error {
		return unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
	})
	if err != nil {
		return fmt.Errorf("wait for the child to stop: %w", err)
	}
	return nil
}

// setLimits sets another process's limits, prlimit(2).
func setLimits(pid int, l Limits) error {
	type limit struct {
		name      string
		resource  int
		soft, max uint64
	}
	limits := []limit{{"core size", unix.RLIMIT_CORE, 0, 0}}
	add := func(name string, resource int, n int64, slack uint64) {
		limits = append(limits, limit{name, resource, uint64(n), uint64(n) + slack}) //nolint:gosec // never negative
	}
	if l.MemoryBytes > 0 {
		add("memory", unix.RLIMIT_AS, l.MemoryBytes, 0)
	}
	if l.CPUSeconds > 0 {
		add("cpu time", unix.RLIMIT_CPU, l.CPUSeconds, 1) // SIGXCPU at the first, SIGKILL at the second
	}
	if l.OpenFiles > 0 {
		add("open files", unix.RLIMIT_NOFILE, l.OpenFiles, 0)
	}
	if l.FileSizeBytes >= 0 {
		add("file size", unix.RLIMIT_FSIZE, l.FileSizeBytes, 0)
	}
	for _, x := range limits {
		var old unix.Rlimit
		err := unix.Prlimit(pid, x.resource, nil, &old)
		if err == nil {
			err = unix.Prlimit(pid, x.resource, &unix.Rlimit{Cur: min(x.soft, old.Max), Max: min(x.max, old.Max)}, nil)
		}
		if errors.Is(err, unix.ESRCH) {
			return nil // gone already
		}
		if err != nil {
			return fmt.Errorf("limit %s: %w", x.name, err)
		}
	}
	return nil
}

// awaitExit waits until the child has ended, and leaves it to be reaped: until then its number is nobody else's.
// It says whether it could wait so.
func (j *jail) awaitExit() bool {
	return ignoringInterrupts(func() error {
		return unix.Waitid(unix.P_PID, j.pgid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}) == nil
}

// terminate asks the group to stop. It says whether the system has a way to ask.
func (j *jail) terminate() bool {
	_ = unix.Kill(-j.pgid, unix.SIGTERM) // an empty group needs no asking
	return true
}

// kill ends the group. One that is empty needs no killing.
func (j *jail) kill() {
	if j.pgid > 0 {
		_ = unix.Kill(-j.pgid, unix.SIGKILL)
	}
}

func (*jail) close() {}

func ignoringInterrupts(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
