//go:build hls

package suite

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dropstream/backend/testkit/program"
)

// nobodyCalls listens where hostile files point at; whoever comes is a failure.
func nobodyCalls(t *testing.T) (url string) {
	t.Helper()
	var config net.ListenConfig
	tcp, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := config.ListenPacket(t.Context(), "udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			t.Errorf("a connection was made to where a file points at, from %v", c.RemoteAddr())
			_ = c.Close()
		}
	})
	wg.Go(func() {
		var b [1500]byte
		for {
			n, from, err := udp.ReadFrom(b[:])
			if err != nil {
				return
			}
			t.Errorf("a datagram of %d bytes was sent to where a file points at, from %v", n, from)
		}
	})
	t.Cleanup(func() {
		_, _ = tcp.Close(), udp.Close()
		wg.Wait()
	})
	return "http://" + tcp.Addr().String()
}

// nobodyOpens watches a folder with a canary in it: whoever opens a file of it is a failure.
func nobodyOpens(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	const all = unix.IN_OPEN | unix.IN_ACCESS | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_DELETE
	if _, err := unix.InotifyAddWatch(fd, dir, all); err != nil {
		t.Fatal(err)
	}
	events := func() (masks []uint32) {
		var b [4096]byte
		n, err := unix.Read(fd, b[:])
		for at := 0; err == nil && at+unix.SizeofInotifyEvent <= n; {
			masks = append(masks, binary.NativeEndian.Uint32(b[at+4:]))
			at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[at+12:]))
		}
		return masks
	}
	// The watch itself is tried: one that cannot see would let everything pass.
	if f, err := os.Open(filepath.Join(dir, "canary")); err != nil {
		t.Fatal(err)
	} else if err := f.Close(); err != nil || len(events()) == 0 {
		t.Fatalf("the watch sees nothing: %v", err)
	}
	t.Cleanup(func() {
		for _, mask := range events() {
			t.Errorf("a file that a hostile file names was touched (inotify %#x)", mask)
		}
		_ = unix.Close(fd)
	})
}

// unchanged walks a folder now and when the test ends, without one folder in it, and compares.
func unchanged(t *testing.T, dir, but string) {
	t.Helper()
	walk := func() map[string]string {
		all := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path == but:
				return filepath.SkipDir
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			all[path] = info.Mode().String() + " " + strconv.FormatInt(info.Size(), 10) + " " + info.ModTime().String()
			return nil
		})
		if err != nil {
			t.Errorf("walk: %v", err)
		}
		return all
	}
	before := walk()
	t.Cleanup(func() {
		after := walk()
		for path, was := range before {
			if now, ok := after[path]; !ok || now != was {
				t.Errorf("%q was changed: %s, before %s", path, now, was)
			}
		}
		for path, now := range after {
			if _, ok := before[path]; !ok {
				t.Errorf("%q was made: %s", path, now)
			}
		}
	})
}

// hungriest watches the program and its children until the test ends, and gives the most memory that any child had.
func hungriest(t *testing.T, p *program.Program) *atomic.Int64 {
	t.Helper()
	var most atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, pid := range p.Children() {
				if n := peakOf(pid); n > most.Load() {
					most.Store(n)
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return &most
}

// peakOf is the most resident memory that a process has had, 0 when it is gone.
func peakOf(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}
