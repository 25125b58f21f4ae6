package proc

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// means is what confines children here.
func means() string {
	var list []string
	if abi := landlockABI(); abi > 0 {
		list = append(list, fmt.Sprintf("Landlock %d", abi))
	}
	switch _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); {
	case err != nil:
	case tracingRefused.Load():
		list = append(list, "seccomp (in part: no child can be held here)")
	default:
		list = append(list, "seccomp")
	}
	return strings.Join(list, ", ")
}

// systemAttempts are those of this system only. A call that is not filtered fails too, but for its senseless
// arguments.
var systemAttempts = []attempt{
	{"signal the program", false, func(place) error { return unix.Kill(os.Getppid(), 0) }},
	{"trace the program", false, func(place) error { return unix.PtraceDetach(os.Getppid()) }},
	{"open a packet socket", false, func(place) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		if err == nil {
			_ = unix.Close(fd)
		}
		return err
	}},
	{"change limits of the program", false, func(place) error {
		return unix.Prlimit(os.Getppid(), unix.RLIMIT_CORE, nil, &unix.Rlimit{})
	}},
	{"outlive the program", false, func(place) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }},
	senseless("use io_uring", unix.SYS_IO_URING_SETUP),
	senseless("load a kernel program", unix.SYS_BPF),
	senseless("handle page faults", unix.SYS_USERFAULTFD),
	senseless("use the kernel's keys", unix.SYS_KEYCTL),
	senseless("mount", unix.SYS_MOUNT),
	senseless("make a namespace", unix.SYS_UNSHARE),
	senseless("watch performance", unix.SYS_PERF_EVENT_OPEN),
	senseless("make a process of a new kind", unix.SYS_CLONE3),
}

// senseless makes a system call with arguments that it cannot take.
func senseless(what string, number uintptr) attempt {
	return attempt{what, false, func(place) error {
		_, _, errno := unix.Syscall6(number, ^uintptr(0), ^uintptr(0), ^uintptr(0), ^uintptr(0), ^uintptr(0), 0)
		if errno != 0 {
			return errno
		}
		return nil
	}}
}
