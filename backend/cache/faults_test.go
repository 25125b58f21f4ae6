package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dropstream/backend/fault"
)

// shaky is a disk that fails when it is told to, and forgets what was not synced when the power is cut.
type shaky struct {
	mu       sync.Mutex
	fail     func(op, path string) error // nil for a disk that works
	partial  bool                        // a failing write writes half
	unsynced map[string][]span           // written since the last Datasync
}

type span struct{ from, to int64 }

func (d *shaky) open(path string, flag int) (diskFile, error) {
	if err := d.ask("open", path); err != nil {
		return nil, err
	}
	f, err := openDiskFile(path, flag)
	if err != nil {
		return nil, err
	}
	return &shakyFile{diskFile: f, disk: d, path: path}, nil
}

func (d *shaky) ask(op, path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		return nil
	}
	return d.fail(op, path)
}

func (d *shaky) set(fail func(op, path string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = fail
}

func (d *shaky) wrote(path string, s span) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unsynced == nil {
		d.unsynced = map[string][]span{}
	}
	d.unsynced[path] = append(d.unsynced[path], s)
}

// cutPower spoils what was written and not synced: each span is there, or zeros, or missing with all after it.
func (d *shaky) cutPower(t *testing.T) {
	t.Helper()
	for path, spans := range d.unsynced {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spans {
			switch rand.IntN(4) {
			case 0:
				_, err = f.WriteAt(make([]byte, s.to-s.from), s.from)
			case 1:
				err = f.Truncate(s.from + rand.Int64N(s.to-s.from))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d.unsynced = nil
}

type shakyFile struct {
	diskFile
	disk *shaky
	path string
}

func (f *shakyFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.disk.ask("write", f.path); err != nil {
		n := 0
		if f.disk.partial {
			n, _ = f.diskFile.WriteAt(b[:len(b)/2], off)
		}
		return n, err
	}
	f.disk.wrote(f.path, span{off, off + int64(len(b))})
	return f.diskFile.WriteAt(b, off)
}

func (f *shakyFile) Write(b []byte) (int, error) {
	if err := f.disk.ask("write", f.path); err != nil {
		n := 0
		if f.disk.partial {
			n, _ = f.diskFile.Write(b[:len(b)/2])
		}
		return n, err
	}
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	f.disk.wrote(f.path, span{st.Size(), st.Size() + int64(len(b))})
	return f.diskFile.Write(b)
}

func (f *shakyFile) Datasync() error {
	if err := f.disk.ask("sync", f.path); err != nil {
		return err
	}
	f.disk.mu.Lock()
	delete(f.disk.unsynced, f.path)
	f.disk.mu.Unlock()
	return f.diskFile.Datasync()
}

func (f *shakyFile) Truncate(size int64) error {
	if err := f.disk.ask("truncate", f.path); err != nil {
		return err
	}
	return f.diskFile.Truncate(size)
}

// TestDiskErrors lets every operation fail in turn, with each error. Nothing that was kept is lost, what failed is
// absent, and when the disk works again so does the cache.
func TestDiskErrors(t *testing.T) {
	ops := []string{"open", "write", "sync", "truncate"}
	kinds := []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS}
	for _, op := range ops {
		for _, kind := range kinds {
			for _, ext := range []string{packExt, indexExt} {
				for _, partial := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %v %s partial %v", op, kind, ext[1:], partial), func(t *testing.T) {
						testDiskError(t, op, ext, kind, partial)
					})
				}
			}
		}
	}
}

func testDiskError(t *testing.T, op, ext string, kind error, partial bool) {
	dir := t.TempDir()
	disk := &shaky{partial: partial}
	o := Options{PackBytes: 25_000, openFile: disk.open}
	c := open(t, dir, o)
	kept, failed := []int{}, []int{}
	for n := range 12 {
		if n%4 == 2 || n%4 == 3 {
			disk.set(func(did, path string) error {
				if (did == op || (op == "truncate" && did == "write")) && strings.HasSuffix(path, ext) {
					return &fs.PathError{Op: did, Path: path, Err: kind}
				}
				return nil
			})
		} else {
			disk.set(nil)
		}
		err := c.Put(t.Context(), film, n, payload(film, n, 10_000))
		switch {
		case err == nil:
			kept = append(kept, n)
		case !errors.Is(err, kind):
			t.Fatalf("segment %d: %v", n, err)
		case errors.Is(kind, syscall.ENOSPC) != (fault.CodeOf(err) == fault.DiskFull):
			t.Fatalf("segment %d: %v has code %q", n, err, fault.CodeOf(err))
		default:
			failed = append(failed, n)
		}
	}
	disk.set(nil)
	// An index that cannot be written loses nothing, and an open file need not be opened; all else must have failed.
	if ext == packExt && op != "open" && len(failed) == 0 {
		t.Error("no put failed")
	}
	check := func() {
		t.Helper()
		for _, n := range kept {
			wantSegment(t, c, film, n, 10_000)
		}
		for _, n := range failed {
			wantAbsent(t, c, film, n)
		}
	}
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, o)
	check()
	for _, n := range failed {
		mustPut(t, c, film, n, 10_000)
	}
	kept, failed = append(kept, failed...), nil
	check()
	if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
		t.Errorf("used %d bytes, on disk %d", used, disk)
	}
}

// TestPowerCut stops at a random instant on a disk that then forgets, or zeroes, what was not synced.
func TestPowerCut(t *testing.T) {
	for round := range 40 {
		dir := t.TempDir()
		disk := &shaky{}
		o := Options{PackBytes: 30_000, openFile: disk.open}
		c := open(t, dir, o)
		announced := rand.IntN(12)
		for n := range announced {
			mustPut(t, c, film, n, 1+n*1000)
		}
		// The last put is cut off: its record is written, the disk has not said that it has it.
		disk.set(func(op, _ string) error {
			if op == "sync" || op == "truncate" {
				return syscall.EIO
			}
			return nil
		})
		if err := c.Put(t.Context(), film, announced, payload(film, announced, 9000)); err == nil {
			t.Fatal("a put whose sync failed was announced")
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		disk.cutPower(t)
		disk.set(nil)
		c = open(t, dir, o)
		for n := range announced {
			if b, ok, err := c.Get(film, n); !ok || err != nil || len(b) != 1+n*1000 {
				t.Fatalf("round %d: segment %d of %d is lost: ok %v, error %v", round, n, announced, ok, err)
			}
		}
		b, ok, err := c.Get(film, announced)
		if err != nil || (ok && !bytes.Equal(b, payload(film, announced, 9000))) {
			t.Fatalf("round %d: the segment cut off came back wrong: %v", round, err)
		}
		mustPut(t, c, film, announced, 9000)
		wantSegment(t, c, film, announced, 9000)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolderVanishes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, dir, Options{Free: freeBytes})
	for n := range 4 {
		mustPut(t, c, film, n, 1000)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := c.Put(t.Context(), film, 9, []byte("x")); err == nil {
		t.Error("a put into a folder that is gone was announced")
	}
	for n := range 4 {
		wantAbsent(t, c, film, n)
	}
	if err := c.Put(t.Context(), film, 1, []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("put: %v, want that it does not exist", err)
	}
	if err := c.RemoveTitle("film"); err != nil {
		t.Errorf("remove: %v", err)
	}
	if c.UsedBytes() != 0 {
		t.Errorf("%d bytes used of a folder that is gone", c.UsedBytes())
	}
	// It comes back (a drive is plugged in again): so does the cache.
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	mustPut(t, c, film, 1, 1000)
	wantSegment(t, c, film, 1, 1000)
}

// TestPacksDeletedByOthers deletes the files under a cache that has them open: what is put then must not go to them.
func TestPacksDeletedByOthers(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	for n := range 4 {
		mustPut(t, c, film, n, 1000)
	}
	for _, name := range names(t, dir) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	mustPut(t, c, film, 4, 1000)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{})
	wantSegment(t, c, film, 4, 1000)
	wantAbsent(t, c, film, 0)
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if c, err := Open(t.Context(), dir, Options{}); err == nil {
			t.Errorf("%s opened", dir)
			_ = c.Close()
		}
	}
}
