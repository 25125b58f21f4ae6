package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// What the stand-in says of an attempt.
const (
	doneWord    = "done"
	refusedWord = "refused"
)

// dialTime bounds an attempt to connect on this very computer.
const dialTime = 2 * time.Second

// place is what the stand-in is let at, by the words of canary.args.
type place struct{ dir, own, other, tcp, udp, unix string }

// attempt is one thing the stand-in tries.
type attempt struct {
	what    string
	allowed bool
	do      func(place) error
}

// attempts are all there are, the one that may replace the stand-in itself last.
var attempts = slices.Concat([]attempt{
	{"read its own file", true, func(p place) error { return read(p.own) }},
	{"read another file", false, func(p place) error { return read(p.other) }},
	{"list a folder", false, func(p place) error {
		_, err := os.ReadDir(p.dir)
		return err
	}},
	{"write its own file", false, func(p place) error { return write(p.own, 0) }},
	{"write another file", false, func(p place) error { return write(p.other, 0) }},
	{"make a file", false, func(p place) error { return write(filepath.Join(p.dir, "new"), os.O_CREATE) }},
	{"remove a file", false, func(p place) error { return os.Remove(p.other) }},
	{"open a TCP connection", false, func(p place) error { return dial("tcp", p.tcp) }},
	{"take TCP connections", false, func(place) error { return listen("tcp", "127.0.0.1:0") }},
	{"send by UDP", false, func(p place) error { return dial("udp", p.udp) }},
	{"open a local connection", false, func(p place) error { return dial("unix", p.unix) }},
	{"start another program", false, startAnother},
}, systemAttempts, []attempt{{"become another program", false, becomeAnother}})

// playStandIn tries everything, one line each: what was tried, and how it went.
func playStandIn(args []string) {
	if len(args) != 6 {
		os.Exit(2)
	}
	p := place{args[0], args[1], args[2], args[3], args[4], args[5]}
	for _, a := range attempts {
		//nolint:forbidigo // to the owner's pipe; the last attempt may not come back to end the line
		fmt.Printf("%s\t", a.what)
		how := doneWord
		if err := a.do(p); isRefusal(err) {
			how = refusedWord
		} else if err != nil {
			how = err.Error()
		}
		fmt.Println(how) //nolint:forbidigo // as above
	}
}

// isRefusal says whether the system would not let it happen.
func isRefusal(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, errors.ErrUnsupported)
}

func read(path string) error {
	_, err := os.ReadFile(path)
	return err //nolint:wrapcheck // the attempt's own
}

func write(path string, flags int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|flags, 0o600)
	if err != nil {
		return err //nolint:wrapcheck // the attempt's own
	}
	return f.Close() //nolint:wrapcheck // the attempt's own
}

func dial(network, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return err //nolint:wrapcheck // the attempt's own
	}
	return c.Close() //nolint:wrapcheck // the attempt's own
}

func listen(network, address string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), network, address)
	if err != nil {
		return err //nolint:wrapcheck // the attempt's own
	}
	return l.Close() //nolint:wrapcheck // the attempt's own
}

func startedEnv() []string { return append(MinimalEnv(), standInKey+"=started") }

// startAnother starts the program itself, which need only be started.
func startAnother(place) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	child, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{Env: startedEnv()})
	if err != nil {
		return err //nolint:wrapcheck // the attempt's own
	}
	_, err = child.Wait()
	return err //nolint:wrapcheck // the attempt's own
}

// becomeAnother does not return when it succeeds: the new program says so.
func becomeAnother(place) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	if runtime.GOOS == "windows" {
		return errors.ErrUnsupported
	}
	return syscall.Exec(exe, []string{exe}, startedEnv()) //nolint:gosec,wrapcheck // itself
}
