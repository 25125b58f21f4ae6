package proc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// standInKey names the environment variable by which a child knows that it is the stand-in of a self-check.
const standInKey = "DROPSTREAM_STAND_IN"

// maxStandInBytes bounds what the stand-in may say.
const maxStandInBytes = 64 << 10

// ErrNoStandIn says that the program is not made to play the stand-in: its main does not call StandIn.
var ErrNoStandIn = errors.New("this program plays no stand-in")

// standsIn is set once main has called StandIn. A program that does not must never be started as a stand-in: it
// would do whatever it does.
var standsIn atomic.Bool

// Report is what the confinement of children is worth on this system, found by trying.
type Report struct {
	Means string // what confines them, such as "Landlock 7, seccomp"; "" when nothing does
	Tries []Try
}

// Try is one thing that a confined child tried.
type Try struct {
	What    string // such as "open a TCP connection"
	Allowed bool   // it must be possible; else it must be refused
	Holds   bool   // it was as it must be
	Detail  string // what happened when it was not
}

// Open are the tries that did not end as they must.
func (r Report) Open() (open []Try) {
	for _, t := range r.Tries {
		if !t.Holds {
			open = append(open, t)
		}
	}
	return open
}

// StandIn must be called first of all in main. In a child that SelfCheck has started it tries what a confined child
// must not be able to do, says how that went, and exits; in any other process it returns at once.
func StandIn() {
	standsIn.Store(true)
	switch os.Getenv(standInKey) {
	case "":
		return
	case "try":
		playStandIn(os.Args[1:])
	case "started":
		fmt.Println(doneWord) //nolint:forbidigo // to the owner's pipe
	}
	os.Exit(0)
}

// SelfCheck starts the program itself as a confined child that tries to get out: to other files, to the network, to
// other programs and processes. It fails with ErrNoStandIn, when the child cannot be started, or with an error that
// wraps ctx's.
func SelfCheck(ctx context.Context) (Report, error) {
	if !standsIn.Load() {
		return Report{}, ErrNoStandIn
	}
	exe, err := os.Executable()
	if err != nil {
		return Report{}, fmt.Errorf("find the program: %w", err)
	}
	c, err := newCanary(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("prepare the self-check: %w", err)
	}
	defer c.close()
	out, err := Output(ctx, c.spec(exe), maxStandInBytes)
	if err != nil {
		return Report{}, fmt.Errorf("check the confinement: %w", err)
	}
	return Report{Means: means(), Tries: readTries(out)}, nil
}

// spec is how the stand-in is run.
func (c *canary) spec(exe string) Spec {
	return Spec{
		Path:    exe,
		Args:    c.args(),
		Env:     append(MinimalEnv(), standInKey+"=try", "GORACE=atexit_sleep_ms=0"),
		Limits:  Limits{FileSizeBytes: -1}, // else every write would fail for another reason
		Confine: &Confinement{ReadFiles: []string{c.own}},
	}
}

// readTries puts what the stand-in said beside what it was to try. What it did not come to say does not hold.
func readTries(out []byte) []Try {
	said := make(map[string]string)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if name, how, ok := strings.Cut(lines.Text(), "\t"); ok {
			said[name] = how
		}
	}
	tries := make([]Try, 0, len(attempts))
	for _, a := range attempts {
		how, ok := said[a.what]
		if !ok {
			how = "it did not come to that"
		}
		t := Try{What: a.what, Allowed: a.allowed, Holds: how == refusedWord}
		if a.allowed {
			t.Holds = how == doneWord
		}
		if !t.Holds {
			t.Detail = how
		}
		tries = append(tries, t)
	}
	return tries
}

// canary is what the stand-in is let at: things that are there and open to anybody on this computer.
type canary struct {
	dir        string
	own, other string // files: the one it may read, and one beside it
	tcp, unix  net.Listener
	udp        net.PacketConn
}

func newCanary(ctx context.Context) (c *canary, err error) {
	c = &canary{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.dir, err = os.MkdirTemp("", "dropstream-check-*"); err != nil {
		return c, fmt.Errorf("make a folder: %w", err)
	}
	c.own, c.other = filepath.Join(c.dir, "own"), filepath.Join(c.dir, "other")
	for _, path := range []string{c.own, c.other} {
		if err := os.WriteFile(path, []byte("canary"), 0o600); err != nil {
			return c, fmt.Errorf("write a file: %w", err)
		}
	}
	var lc net.ListenConfig
	if c.tcp, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return c, fmt.Errorf("listen: %w", err)
	}
	if c.udp, err = lc.ListenPacket(ctx, "udp", "127.0.0.1:0"); err != nil {
		return c, fmt.Errorf("listen: %w", err)
	}
	if c.unix, err = lc.Listen(ctx, "unix", filepath.Join(c.dir, "socket")); err != nil {
		return c, fmt.Errorf("listen: %w", err)
	}
	return c, nil
}

// args are what the stand-in needs to know.
func (c *canary) args() []string {
	return []string{
		c.dir, c.own, c.other, c.tcp.Addr().String(), c.udp.LocalAddr().String(), c.unix.Addr().String(),
	}
}

func (c *canary) close() {
	for _, l := range []net.Listener{c.tcp, c.unix} {
		if l != nil {
			_ = l.Close()
		}
	}
	if c.udp != nil {
		_ = c.udp.Close()
	}
	if c.dir != "" {
		_ = os.RemoveAll(c.dir)
	}
}
