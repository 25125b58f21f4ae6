package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// allowed are the system calls of a child that reads files, computes in threads and writes to its pipes. What one
// machine does not have is left out there.
var allowed = strings.Fields(`
	read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek
	open openat close close_range dup dup2 dup3 pipe pipe2 ftruncate fsync fdatasync fadvise64 readahead
	stat lstat fstat newfstatat fstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat
	getdents getdents64 getcwd umask
	poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
	eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime
	mmap munmap mprotect mremap madvise brk msync mincore mlock mlock2 munlock membarrier
	get_mempolicy set_mempolicy mbind
	futex futex_wait futex_wake futex_requeue futex_waitv set_robust_list rseq set_tid_address set_thread_area
	arch_prctl map_shadow_stack restart_syscall exit exit_group
	gettid getpid getppid getpgid getpgrp getsid getuid geteuid getgid getegid getgroups getresuid getresgid
	sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_getattr sched_get_priority_max
	sched_get_priority_min sched_rr_get_interval getpriority getcpu getrusage getrlimit setrlimit sysinfo uname times
	nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time getrandom
	getitimer setitimer alarm timer_create timer_settime timer_gettime timer_getoverrun timer_delete
	rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack sigreturn pause
`)

// refused are system calls that no child has any business with: they are answered with EPERM. Whatever is neither
// here nor among the allowed is answered with ENOSYS, which a C library of a later day takes as "try the old way".
var refused = strings.Fields(`
	socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg
	process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise move_pages migrate_pages
	mount umount2 move_mount fsopen fsconfig fsmount fspick open_tree mount_setattr pivot_root chroot
	bpf perf_event_open keyctl add_key request_key userfaultfd io_uring_setup io_uring_enter io_uring_register
	init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl
	setns unshare name_to_handle_at open_by_handle_at personality iopl ioperm modify_ldt vhangup
	settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname syslog lookup_dcookie
	setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset
	memfd_create memfd_secret fanotify_init inotify_init inotify_init1 inotify_add_watch
	msgget semget shmget shmat mq_open rt_sigqueueinfo rt_tgsigqueueinfo
`)

// ownerKeeps are refused too, but only once the child is running: its owner needs them to start and end it.
var ownerKeeps = strings.Fields(`
	execve execveat fork vfork ptrace pidfd_open pidfd_send_signal setpgid setsid setpriority
	sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set prlimit64 kill tkill tgkill
	prctl fcntl ioctl clone
`)

// childPID stands for the child's own number until that is known. No process has so high a one.
const childPID = 0x5ec0de01

// What any descriptor takes by ioctl(2), asm-generic/ioctls.h. The machines whose calls are known share the numbers.
const (
	fionbio  = 0x5421
	fionclex = 0x5450
	fioclex  = 0x5451
)

// Operations of the calls that do too much: only these are allowed.
var (
	prctlOps = []uint64{
		unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_GET_DUMPABLE, unix.PR_CAPBSET_READ,
	}
	fcntlOps = []uint64{ // not F_SETOWN, which has signals sent
		unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL, unix.F_GETLK,
		unix.F_SETLK, unix.F_SETLKW, unix.F_GETPIPE_SZ, unix.F_SETPIPE_SZ,
	}
	ioctlOps = []uint64{
		unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, fionbio, fioclex, fionclex,
	}
)

// oneOf allows a call when one argument has one of some values.
func oneOf(name string, argument uint32, values ...uint64) []seccomp.NameWithConditions {
	list := make([]seccomp.NameWithConditions, len(values))
	for i, v := range values {
		list[i] = seccomp.NameWithConditions{Name: name, Conditions: seccomp.ArgumentConditions{
			{Argument: argument, Operation: seccomp.Equal, Value: v},
		}}
	}
	return list
}

// known leaves out the system calls that a machine does not have.
func known(info *arch.Info, names []string) []string {
	var list []string
	for _, name := range names {
		if _, ok := info.SyscallNames[name]; ok {
			list = append(list, name)
		}
	}
	return list
}

const (
	answerEPERM  = seccomp.ActionErrno | seccomp.Action(unix.EPERM)
	answerENOSYS = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)
)

// strictFilter is for a child that is past its execve(2): no other program, no other process, no signal but to
// itself. It is complete but for the child's number.
var strictFilter = sync.OnceValues(func() ([]bpf.RawInstruction, error) {
	conditional := oneOf("prctl", 0, prctlOps...)
	conditional = append(conditional, oneOf("fcntl", 1, fcntlOps...)...)
	conditional = append(conditional, oneOf("ioctl", 1, ioctlOps...)...)
	conditional = append(conditional, oneOf("prlimit64", 0, 0)...)
	conditional = append(conditional, oneOf("sched_setaffinity", 0, 0)...)
	conditional = append(conditional, oneOf("kill", 0, childPID)...)
	conditional = append(conditional, oneOf("tgkill", 0, childPID)...)
	conditional = append(conditional, seccomp.NameWithConditions{
		Name: "clone", Conditions: seccomp.ArgumentConditions{
			{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD},
		},
	})
	return assemble(answerENOSYS, func(info *arch.Info) []seccomp.SyscallGroup {
		return []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: known(info, allowed), NamesWithCondtions: conditional},
			{Action: answerEPERM, Names: known(info, append(refused[:len(refused):len(refused)], ownerKeeps...))},
		}
	})
})

// looseFilter is for the owner's thread, where the child cannot be held after its execve(2): it leaves what the
// owner and the runtime need.
var looseFilter = sync.OnceValues(func() ([]bpf.RawInstruction, error) {
	return assemble(seccomp.ActionAllow, func(info *arch.Info) []seccomp.SyscallGroup {
		return []seccomp.SyscallGroup{
			{Action: answerEPERM, Names: known(info, append(refused[:len(refused):len(refused)], "ptrace"))},
			{Action: answerENOSYS, Names: known(info, []string{"clone3"})},
		}
	})
})

// assemble makes a filter. Calls by another machine's numbers (32-bit ones, x32) never happen.
func assemble(rest seccomp.Action, groups func(*arch.Info) []seccomp.SyscallGroup) ([]bpf.RawInstruction, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("know the machine's system calls: %w", err)
	}
	policy := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: groups(info)}
	program, err := policy.Assemble()
	if err != nil {
		return nil, fmt.Errorf("assemble the filter: %w", err)
	}
	// The library knows no default with a number, and gives another machine's calls the default too.
	if last := len(program) - 1; program[last] != (bpf.RetConstant{Val: uint32(seccomp.ActionAllow)}) {
		return nil, errors.New("assemble the filter: it does not end as it should")
	}
	program[len(program)-1] = bpf.RetConstant{Val: uint32(rest)}
	const archOffset = 4 // of struct seccomp_data
	program = append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(info.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(answerENOSYS)},
	}, program...)
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("assemble the filter: %w", err)
	}
	return raw, nil
}

// filterBytes is a filter as the kernel reads it: an array of struct sock_filter.
func filterBytes(filter []bpf.RawInstruction, pid int) []byte {
	b := make([]byte, 0, 8*len(filter))
	for _, x := range filter {
		if x.K == childPID {
			x.K = uint32(pid) //nolint:gosec // a process number
		}
		b = binary.NativeEndian.AppendUint16(b, x.Op)
		b = append(b, x.Jt, x.Jf)
		b = binary.NativeEndian.AppendUint32(b, x.K)
	}
	return b
}

// filterThread puts the loose filter on the calling thread and all it will fork. Where the system has no filters, or
// lets nobody set one, it does nothing.
func filterThread() error {
	filter, err := looseFilter()
	if err != nil {
		return nil //nolint:nilerr // a machine whose calls are not known
	}
	b := filterBytes(filter, 0)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: (*unix.SockFilter)(unsafe.Pointer(&b[0]))} //nolint:gosec,lll // it is one
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(b)
	switch errno {
	case 0, unix.ENOSYS, unix.EINVAL, unix.EPERM, unix.EACCES:
		return nil
	}
	return fmt.Errorf("set a filter: %w", errno)
}
