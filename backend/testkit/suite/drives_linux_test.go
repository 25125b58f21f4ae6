//go:build hls

package suite

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dropstream/backend/testkit/program"
)

// mount puts a small file system in memory onto a folder, away again when the test ends.
func mount(t *testing.T, dir string, bytes int) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(bytes)); err != nil {
		t.Skipf("SKIPPED: nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }) // it may be gone already
}

// player asks for the segments of the first picture and the first sound of an item.
type player struct {
	t         *testing.T
	playlists []*url.URL
	segments  []int
}

func newPlayer(ctx context.Context, t *testing.T, address string) *player {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &player{t: t}
	status, body := get(ctx, t, base)
	if status != http.StatusOK {
		t.Fatalf("multivariant playlist: HTTP %d", status)
	}
	for line := range strings.Lines(body) {
		uri := strings.TrimSpace(line)
		if strings.HasPrefix(uri, "#") || uri == "" {
			continue
		}
		ref, err := base.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		_, playlist := get(ctx, t, ref)
		p.playlists, p.segments = append(p.playlists, ref), append(p.segments, strings.Count(playlist, "#EXTINF"))
		break
	}
	return p
}

// segment asks for a segment until it comes or is refused for good, and gives the statuses on the way.
func (p *player) segment(ctx context.Context, n int, tries int) (statuses []int) {
	for range tries {
		status, _ := get(ctx, p.t, p.playlists[0].JoinPath("../"+strconv.Itoa(n)+".m4s"))
		statuses = append(statuses, status)
		if status < http.StatusInternalServerError {
			return statuses
		}
		select { // as a player that asks again
		case <-time.After(time.Second):
		case <-ctx.Done():
			return statuses
		}
	}
	return statuses
}

func get(ctx context.Context, t *testing.T, u *url.URL) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// running starts the program on a data folder.
func running(t *testing.T, data string) *program.Program {
	t.Helper()
	p, err := program.Start(context.WithoutCancel(t.Context()), program.Options{DataDir: data, Log: &tail{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil { // a child that is left is one
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// TestDriveIsPulled takes a source's drive away while it plays, and puts it back: players are told to ask again, and
// then it goes on.
func TestDriveIsPulled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, drive := running(t, t.TempDir()), t.TempDir()
	data := clipData(t, "minute.ts")
	path := filepath.Join(drive, "film.ts")
	date := time.Now().Add(-time.Hour).Truncate(time.Second)
	plug := func() {
		mount(t, drive, len(data)+1<<20)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, date, date); err != nil {
			t.Fatal(err)
		}
	}
	plug()
	added, err := p.Add(ctx, path)
	if err != nil || added.Item == nil {
		t.Fatalf("add: %v %+v", err, added)
	}
	v := newPlayer(ctx, t, added.Item.URL)
	if got := v.segment(ctx, 0, 5); got[len(got)-1] != http.StatusOK {
		t.Fatalf("the first segment: HTTP %v", got)
	}
	if err := unix.Unmount(drive, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	far := v.segments[0] - 2 // read-ahead does not reach it
	if got := v.segment(ctx, far, 1); got[0] != http.StatusServiceUnavailable {
		t.Errorf("with the drive pulled: HTTP %v, not 503", got)
	}
	plug()
	if got := v.segment(ctx, far, 20); got[len(got)-1] != http.StatusOK {
		t.Errorf("with the drive back: HTTP %v", got)
	}
	if it, err := p.Add(ctx, path); err != nil || it.Item == nil || len(it.Item.Damage) > 0 {
		t.Errorf("afterwards: %v %+v", err, it)
	}
}

// TestDiskFull plays with a data folder that is soon full: nothing is kept then, and all plays.
func TestDiskFull(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	data := t.TempDir()
	mount(t, data, 3<<20)
	p := running(t, data)
	c := filepath.Join(t.TempDir(), "minute.ts")
	if err := os.WriteFile(c, clipData(t, "minute.ts"), 0o600); err != nil {
		t.Fatal(err)
	}
	added, err := p.Add(ctx, c)
	if err != nil || added.Item == nil {
		t.Fatalf("add: %v %+v", err, added)
	}
	rest := filepath.Join(data, "filler")
	if err := os.WriteFile(rest, make([]byte, 16<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	v := newPlayer(ctx, t, added.Item.URL)
	for n := range v.segments[0] {
		if got := v.segment(ctx, n, 5); got[len(got)-1] != http.StatusOK {
			t.Errorf("segment %d: HTTP %v", n, got)
		}
	}
}
