package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
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
	prctlOps = []uint32{
		unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_GET_DUMPABLE, unix.PR_CAPBSET_READ,
	}
	fcntlOps = []uint32{ // not F_SETOWN, which has signals sent
		unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL, unix.F_GETLK,
		unix.F_SETLK, unix.F_SETLKW, unix.F_GETPIPE_SZ, unix.F_SETPIPE_SZ,
	}
	ioctlOps = []uint32{
		unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, fionbio, fioclex, fionclex,
	}
)

// answer is what a filter says to a system call, seccomp(2).
type answer uint32

const (
	allow answer = unix.SECCOMP_RET_ALLOW
	perm  answer = unix.SECCOMP_RET_ERRNO | answer(unix.EPERM)
	nosys answer = unix.SECCOMP_RET_ERRNO | answer(unix.ENOSYS)
)

// rule is what a filter says to one system call: then, when the low 32 bits of one argument (which are all the
// kernel takes of those used here) pass a test, and otherwise els. A rule without a test always says then.
type rule struct {
	names     []string
	test      uint16 // BPF_JEQ or BPF_JSET; 0 for none
	argument  uint32
	values    []uint32 // one of them must pass
	then, els answer
}

// strictFilter is for a child that is past its execve(2): no other program, no other process, no signal but to
// itself. It is complete but for the child's number.
var strictFilter = sync.OnceValues(func() ([]unix.SockFilter, error) {
	only := func(name string, argument uint32, values ...uint32) rule {
		return rule{[]string{name}, unix.BPF_JEQ, argument, values, allow, perm}
	}
	return assemble([]rule{
		{names: allowed, then: allow},
		only("prctl", 0, prctlOps...),
		only("fcntl", 1, fcntlOps...),
		only("ioctl", 1, ioctlOps...),
		only("prlimit64", 0, 0),
		only("sched_setaffinity", 0, 0),
		only("kill", 0, childPID),
		only("tgkill", 0, childPID),
		{[]string{"clone"}, unix.BPF_JSET, 0, []uint32{unix.CLONE_THREAD}, allow, perm},
		{names: refused, then: perm},
		{names: ownerKeeps, then: perm},
	}, nosys)
})

// driversNeed are the refused system calls that drivers' libraries make: memory to share with the device, and which of
// two descriptors of it are the same.
var driversNeed = []string{"memfd_create", "kcmp"}

// driverFilter is for a child that uses a device, past its execve(2). What a driver's library calls is not known
// beforehand, so it takes away what is known to be harmful and leaves the rest. Which devices are controlled is not
// for a filter to tell, which sees descriptors only: Landlock does, from version 5 on.
var driverFilter = sync.OnceValues(func() ([]unix.SockFilter, error) {
	no := slices.DeleteFunc(slices.Clone(refused), func(s string) bool { return slices.Contains(driversNeed, s) })
	return assemble([]rule{
		{names: no, then: perm},
		{[]string{"kill", "tgkill", "tkill"}, unix.BPF_JEQ, 0, []uint32{childPID}, allow, perm},
		{[]string{"prctl"}, unix.BPF_JEQ, 0, prctlOps, allow, perm},
		{[]string{"prlimit64"}, unix.BPF_JEQ, 0, []uint32{0}, allow, perm},
		{[]string{"clone"}, unix.BPF_JSET, 0, []uint32{unix.CLONE_THREAD}, allow, perm},
		{[]string{"clone3"}, 0, 0, nil, nosys, nosys},
		{names: []string{
			"execve", "execveat", "fork", "vfork", "ptrace", "pidfd_open", "pidfd_send_signal", "setpgid", "setsid",
		}, then: perm},
	}, allow)
})

// looseFilter is for the owner's thread, where the child cannot be held after its execve(2): it leaves what the
// owner and the runtime need.
var looseFilter = sync.OnceValues(func() ([]unix.SockFilter, error) {
	return assemble([]rule{
		{names: refused, then: perm},
		{names: []string{"ptrace"}, then: perm},
		{names: []string{"clone3"}, then: nosys},
	}, allow)
})

// Where things are in struct seccomp_data.
const (
	numberOffset    = 0
	archOffset      = 4
	argumentsOffset = 16 // 64 bits each; all machines whose calls are known have the low half first
)

// x32Calls is where the numbers of x86-64's 32-bit calls begin.
const x32Calls = 0x40000000

// assemble makes a filter: the rules in their order, and what it says when none names the call. Calls by another
// machine's numbers (32-bit ones, x32) never happen. No rule falls through to another once its call is known.
func assemble(rules []rule, rest answer) ([]unix.SockFilter, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("know the machine's system calls: %w", err)
	}
	if len(info.SyscallNames) == 0 {
		return nil, fmt.Errorf("know the system calls of %s: %w", info.Name, errors.ErrUnsupported)
	}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	jump := func(test uint16, k uint32, yes, no int) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | test, K: k, Jt: uint8(yes), Jf: uint8(no)} //nolint:gosec,lll // few
	}
	say := func(a answer) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: uint32(a)}
	}
	f := []unix.SockFilter{
		load(archOffset), jump(unix.BPF_JEQ, uint32(info.ID), 1, 0), say(nosys),
		load(numberOffset), jump(unix.BPF_JGE, x32Calls, 0, 1), say(nosys),
	}
	for _, r := range rules {
		for _, name := range r.names {
			number, ok := info.SyscallNames[name]
			if !ok {
				continue // not on this machine
			}
			body := []unix.SockFilter{say(r.then)}
			if r.test != 0 {
				body = []unix.SockFilter{load(argumentsOffset + 8*r.argument)}
				for _, v := range r.values {
					body = append(body, jump(r.test, v, 0, 1), say(r.then))
				}
				body = append(body, say(r.els))
			}
			f = append(f, jump(unix.BPF_JEQ, uint32(number), 0, len(body))) //nolint:gosec // a small number
			f = append(f, body...)
		}
	}
	return append(f, say(rest)), nil
}

// filterBytes is a filter as the kernel reads it.
func filterBytes(filter []unix.SockFilter, pid int) []byte {
	b := make([]byte, 0, len(filter)*int(unsafe.Sizeof(unix.SockFilter{})))
	for _, x := range filter {
		if x.K == childPID {
			x.K = uint32(pid) //nolint:gosec // a process number
		}
		b = binary.NativeEndian.AppendUint16(b, x.Code)
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
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]} //nolint:gosec // some hundreds
	at := unsafe.Pointer(&program)                                          //nolint:gosec // as the kernel takes it
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(at))
	runtime.KeepAlive(&program)
	if errno == 0 || slices.Contains([]syscall.Errno{unix.ENOSYS, unix.EINVAL, unix.EPERM, unix.EACCES}, errno) {
		return nil
	}
	return fmt.Errorf("set a filter: %w", errno)
}
