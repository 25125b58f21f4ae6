package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dropstream/backend/fault"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(childMain(dir))
	}
	goleak.VerifyTestMain(m)
}

const roomy = 1 << 40

// plenty is the free space of a disk that is not the matter of the test.
func plenty(string) (int64, error) { return math.MaxInt64 / 2, nil }

func open(t testing.TB, dir string, o Options) *Cache {
	t.Helper()
	if o.BudgetBytes == 0 {
		o.BudgetBytes = roomy
	}
	if o.Free == nil {
		o.Free = plenty
	}
	c, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// payload is a segment's bytes, told from its key and number alone.
func payload(k Key, segment, size int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("%s|%s|%d", k.Title, k.Rendition, segment))
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

func mustPut(t testing.TB, c *Cache, k Key, segment, size int) {
	t.Helper()
	if err := c.Put(context.Background(), k, segment, payload(k, segment, size)); err != nil {
		t.Fatalf("put segment %d: %v", segment, err)
	}
}

// wantSegment reads a segment both ways and compares it.
func wantSegment(t testing.TB, c *Cache, k Key, segment, size int) {
	t.Helper()
	want := payload(k, segment, size)
	got, ok, err := c.Get(k, segment)
	if err != nil || !ok || !bytes.Equal(got, want) {
		t.Fatalf("get segment %d: ok %v, error %v, equal %v", segment, ok, err, bytes.Equal(got, want))
	}
	s, ok, err := c.Section(k, segment)
	if err != nil || !ok {
		t.Fatalf("section of segment %d: ok %v, error %v", segment, ok, err)
	}
	defer func() { _ = s.Close() }()
	if got, err = io.ReadAll(s); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read section of segment %d: error %v, equal %v", segment, err, bytes.Equal(got, want))
	}
}

func wantAbsent(t testing.TB, c *Cache, k Key, segment int) {
	t.Helper()
	if b, ok, err := c.Get(k, segment); ok || err != nil || b != nil {
		t.Fatalf("segment %d: ok %v, error %v, %d bytes; want it absent", segment, ok, err, len(b))
	}
	if c.Has(k, segment) {
		t.Fatalf("segment %d: Has says true after Get said absent", segment)
	}
}

var film = Key{Title: "film", Rendition: "720p"}

func TestPutGetReopen(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{PackBytes: 10_000})
	other := Key{Title: "film", Rendition: "aac"}
	nasty := Key{Title: "../../etc/passwd\x00\n", Rendition: strings.Repeat("ü/", 300)}
	segments := []int{InitSegment, 0, 1, 2, 3, 7, 9_000, 8_999, math.MaxInt32}
	for _, k := range []Key{film, other, nasty} {
		for _, n := range segments {
			wantAbsent(t, c, k, n)
			mustPut(t, c, k, n, 3000)
			wantSegment(t, c, k, n, 3000)
		}
	}
	check := func() {
		for _, k := range []Key{film, other, nasty} {
			for _, n := range segments {
				if !c.Has(k, n) {
					t.Fatalf("%q has no segment %d", k.Title, n)
				}
				wantSegment(t, c, k, n, 3000)
			}
			want := []int{0, 1, 2, 3, 7, 8_999, 9_000, math.MaxInt32}
			if diff := cmp.Diff(want, c.Present(k)); diff != "" {
				t.Errorf("present (-want +got):\n%s", diff)
			}
		}
		wantAbsent(t, c, film, 4)
		wantAbsent(t, c, Key{Title: "film", Rendition: "1080p"}, 0)
		if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
			t.Errorf("used %d bytes, on disk %d", used, disk)
		}
	}
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{PackBytes: 10_000})
	check()
	mustPut(t, c, film, 4, 3000)
	wantSegment(t, c, film, 4, 3000)
	for _, f := range names(t, dir) {
		if strings.Trim(f, "0123456789abcdef-.pkix") != "" || len(f) > 80 {
			t.Errorf("file name %q is not made of hashes", f)
		}
	}
}

// titles lists what is kept, most recently used first.
func titles(c *Cache) []string {
	usage := c.Usage()
	all := make([]string, 0, len(usage))
	for _, u := range usage {
		all = append(all, u.Title)
	}
	return all
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, 0, len(files))
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}

func diskUse(t testing.TB, dir string) int64 {
	t.Helper()
	sum := int64(0)
	for _, name := range names(t, dir) {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sum += blocks(st.Size())
	}
	return sum
}

func TestPutTwiceIsOnce(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	mustPut(t, c, film, 5, 1000)
	used := c.UsedBytes()
	if err := c.Put(t.Context(), film, 5, []byte("something else")); err != nil {
		t.Fatal(err)
	}
	wantSegment(t, c, film, 5, 1000)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := c.Put(context.Background(), film, 6, payload(film, 6, 100_000)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantSegment(t, c, film, 6, 100_000)
	if grown := c.UsedBytes() - used; grown > 100_000+2*blockBytes {
		t.Errorf("20 puts of one segment took %d bytes", grown)
	}
}

func TestPutRefuses(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	cases := []struct {
		name    string
		key     Key
		segment int
		data    []byte
	}{
		{"no title", Key{Rendition: "r"}, 0, []byte("x")},
		{"long title", Key{Title: strings.Repeat("x", maxNameBytes+1)}, 0, []byte("x")},
		{"long rendition", Key{Title: "t", Rendition: strings.Repeat("x", maxNameBytes+1)}, 0, []byte("x")},
		{"number too low", film, -2, []byte("x")},
		{"number too high", film, math.MaxInt32 + 1, []byte("x")},
		{"empty", film, 0, nil},
		{"too large", film, 0, make([]byte, MaxSegmentBytes+1)},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if err := c.Put(t.Context(), tc.key, tc.segment, tc.data); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("error %v, want code invalid", err)
			}
			wantAbsent(t, c, tc.key, tc.segment)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // the committer may take it all the same: then it is kept
		if err := c.Put(ctx, film, 1, []byte("x")); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
	}
}

func TestClosed(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	mustPut(t, c, film, 0, 100)
	s, ok, err := c.Section(film, 0)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put(t.Context(), film, 1, []byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("put after close: %v", err)
	}
	if _, _, err := c.Get(film, 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("get after close: %v", err)
	}
	if err := c.RemoveTitle("film"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("remove after close: %v", err)
	}
	if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, payload(film, 0, 100)) {
		t.Errorf("an open section after close: %v", err)
	}
	_ = s.Close()
}

func TestRemoveTitle(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{PackBytes: 5000})
	keep := Key{Title: "kept", Rendition: "r"}
	for n := range 10 {
		mustPut(t, c, film, n, 2000)
		mustPut(t, c, Key{"film", "aac"}, n, 2000)
		mustPut(t, c, keep, n, 2000)
	}
	defer c.Guard("film", "", 0, AllSegments)()
	s, ok, err := c.Section(film, 3)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	before := c.UsedBytes()
	if err := c.RemoveTitle("film"); err != nil {
		t.Fatal(err)
	}
	wantAbsent(t, c, film, 3)
	for n := range 10 {
		wantSegment(t, c, keep, n, 2000)
	}
	if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, payload(film, 3, 2000)) {
		t.Errorf("a section that was open: %v", err)
	}
	during := c.UsedBytes()
	if during >= before || during == diskUse(t, dir) {
		t.Errorf("used %d before, %d while a pack is read, %d on disk", before, during, diskUse(t, dir))
	}
	// A new pack of the title must not go when the old one's reader leaves.
	mustPut(t, c, film, 3, 2000)
	_ = s.Close()
	_ = s.Close()
	wantSegment(t, c, film, 3, 2000)
	if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
		t.Errorf("used %d bytes, on disk %d", used, disk)
	}
	if diff := cmp.Diff([]string{"film", "kept"}, titles(c)); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
}

// TestSectionServes sends a section over a TCP connection, whole and from its middle.
func TestSectionServes(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	const size = 700_000
	for n := range 3 {
		mustPut(t, c, film, n, size)
	}
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, from := range []int64{0, 123_456} {
		s, ok, err := c.Section(film, 1)
		if !ok || err != nil || s.Size() != size {
			t.Fatal(ok, err)
		}
		if _, err := s.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		sent := make(chan error, 1)
		go func() {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err == nil {
				_, err = io.Copy(conn, s)
				err = errors.Join(err, conn.Close())
			}
			sent <- err
		}()
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		_ = conn.Close()
		if err = errors.Join(err, <-sent); err != nil || !bytes.Equal(got, payload(film, 1, size)[from:]) {
			t.Errorf("from %d: %d bytes, error %v", from, len(got), err)
		}
		if rest, err := io.ReadAll(s); len(rest) != 0 || err != nil {
			t.Errorf("%d bytes left after all was written, error %v", len(rest), err)
		}
		_ = s.Close()
	}
}
