package proc

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a rule lets a child do, landlock(7).
const (
	mayRead    = unix.LANDLOCK_ACCESS_FS_READ_FILE
	mayList    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayExecute = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	mayLook    = unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayDrive   = mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	mayWrite   = mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// What Landlock watches over, by the version of its interface that brought it.
const (
	watched1 = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // everything up to making symbolic links
	watched2 = watched1 | unix.LANDLOCK_ACCESS_FS_REFER
	watched3 = watched2 | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	watched5 = watched3 | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	watchedTCP = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP // 4
)

// signalsFixed is the bit of the repair after which the threads of a program may signal each other although only
// one of them is confined (Landlock's erratum 2). The Go runtime signals its own threads.
const signalsFixed = 1 << (2 - 1)

// What any program reads to be loaded and to know its machine. None of it is the user's.
var (
	loaderFiles = []string{
		"/etc/ld.so.cache", "/etc/ld-musl-x86_64.path", "/etc/ld-musl-aarch64.path", "/etc/localtime",
		"/dev/null", "/dev/urandom", "/proc/sys/vm/overcommit_memory", "/proc/sys/crypto/fips_enabled",
	}
	loaderDirs = []string{
		"/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/local/lib", "/usr/local/lib64",
		"/app/lib", "/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
		"/sys/devices/system/cpu", "/sys/devices/system/node",
	}
)

// What the libraries of a device's driver read to find it and to know its kind. None of it is the user's.
var (
	driverLists = []string{"/dev"} // their names, not what is in them
	driverDirs  = []string{
		"/sys/dev/char", "/sys/devices", "/sys/bus/pci", "/sys/class/drm", "/sys/class/video4linux",
		"/sys/module/nvidia", "/sys/module/amdgpu", "/sys/module/i915", "/sys/module/xe", "/proc/driver/nvidia",
		"/usr/share/drirc.d", "/usr/share/libdrm", "/usr/share/nvidia",
	}
	driverFiles = []string{
		"/proc/devices", "/proc/modules", "/proc/cpuinfo", "/proc/meminfo", "/proc/version", "/dev/zero", "/etc/drirc",
	}
)

// landlockABI is the version of the kernel's Landlock, 0 where there is none.
var landlockABI = sync.OnceValue(func() int {
	n, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(n)
})

// landlockErrata are the repairs the kernel's Landlock has had.
var landlockErrata = sync.OnceValue(func() int {
	n, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA)
	if errno != 0 {
		return 0
	}
	return int(n)
})

// watched is everything that this kernel's Landlock can take away.
func watched(abi, errata int) unix.LandlockRulesetAttr {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: watched1}
	switch {
	case abi >= 5:
		attr.Handled_access_fs = watched5
	case abi >= 3:
		attr.Handled_access_fs = watched3
	case abi >= 2:
		attr.Handled_access_fs = watched2
	}
	if abi >= 4 {
		attr.Handled_access_net = watchedTCP
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		if errata&signalsFixed != 0 {
			attr.Scoped |= unix.LANDLOCK_SCOPE_SIGNAL
		}
	}
	return attr
}

// landlock takes from the calling thread, and all it will fork, every file but those the child needs, and TCP.
// Where the kernel has no Landlock it does nothing.
func landlock(program string, c *Confinement) error {
	abi := landlockABI()
	if abi == 0 {
		return nil
	}
	attr := watched(abi, landlockErrata())
	at := unsafe.Pointer(&attr) //nolint:gosec // as the kernel takes it
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(at), unsafe.Sizeof(attr), 0)
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return fmt.Errorf("make a ruleset: %w", errno)
	}
	rules := ruleset{fd: int(fd), watched: attr.Handled_access_fs}
	defer func() { _ = unix.Close(rules.fd) }()
	if err := rules.addAll(program, c); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("enforce a ruleset: %w", errno)
	}
	return nil
}

// ruleset is a Landlock ruleset in the making.
type ruleset struct {
	fd      int
	watched uint64
}

func (r ruleset) addAll(program string, c *Confinement) error {
	interpreter, dirs, err := loadedWith(program)
	if err != nil {
		return err
	}
	type allowance struct {
		access uint64
		paths  []string
	}
	allowances := []allowance{
		{mayExecute, []string{program, interpreter}},
		{mayRead, loaderFiles},
		{mayList, loaderDirs},
		{mayList, dirs},
		{mayRead, c.ReadFiles},
		{mayList, c.ReadDirs},
		{mayWrite, c.WriteFiles},
	}
	if len(c.Devices) > 0 {
		allowances = append(allowances, allowance{mayDrive, c.Devices}, allowance{mayLook, driverLists},
			allowance{mayList, driverDirs}, allowance{mayRead, driverFiles})
	}
	for _, list := range allowances {
		for _, path := range list.paths {
			if path == "" {
				continue
			}
			if err := r.add(path, list.access); err != nil {
				return fmt.Errorf("let it reach a file: %w", err)
			}
		}
	}
	return nil
}

// add lets a file be used, or a folder and all in it. What cannot be opened is left out: so it stays closed.
func (r ruleset) add(path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // less is allowed, never more
	}
	defer func() { _ = unix.Close(fd) }()
	rule := unix.LandlockPathBeneathAttr{
		Allowed_access: access & r.watched,
		Parent_fd:      int32(fd), //nolint:gosec // a descriptor
	}
	at := unsafe.Pointer(&rule) //nolint:gosec // as the kernel takes it
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(at), 0, 0, 0)
	runtime.KeepAlive(&rule)
	if errno != 0 {
		return errno
	}
	return nil
}

// errNotProgram says that a file is started by another program, which would have to be started first.
var errNotProgram = errors.New("a script cannot be confined")

// loadedWith is what a program names to be loaded with: its loader, "" when it needs none, and folders of libraries
// beside the system's own (DT_RPATH and DT_RUNPATH, ld.so(8)).
func loadedWith(program string) (interpreter string, dirs []string, err error) {
	f, err := elf.Open(program)
	if err != nil {
		if _, ok := errors.AsType[*elf.FormatError](err); ok || errors.Is(err, io.EOF) {
			return "", nil, fmt.Errorf("%w: %w", errNotProgram, err)
		}
		return "", nil, fmt.Errorf("look at the program: %w", err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > unix.PathMax {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err != nil {
			return "", nil, fmt.Errorf("read the name of the program's loader: %w", err)
		}
		interpreter = strings.TrimRight(string(name), "\x00")
	}
	origin := program
	if resolved, err := filepath.EvalSymlinks(program); err == nil {
		origin = resolved
	}
	origin = filepath.Dir(origin)
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		lists, err := f.DynString(tag)
		if err != nil {
			continue // a program that is linked statically has none
		}
		for _, list := range lists {
			for dir := range strings.SplitSeq(list, ":") {
				dir = strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(dir)
				if filepath.IsAbs(dir) && filepath.Clean(dir) != string(os.PathSeparator) {
					dirs = append(dirs, dir)
				}
			}
		}
	}
	return interpreter, dirs, nil
}
