package cache

import (
	"errors"
	"math"
	"syscall"
	"testing"

	"dropstream/backend/fault"
)

// mount gives a small file system of its own, where the test may make one.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("cache", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("needs to mount a file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestRealFullDisk fills a file system whose free space the cache is lied to about: the system says ENOSPC.
func TestRealFullDisk(t *testing.T) {
	dir := mount(t, "size=512k")
	c := open(t, dir, Options{PackBytes: 100_000})
	n := 0
	for ; ; n++ {
		err := c.Put(t.Context(), film, n, payload(film, n, 30_000))
		if err != nil {
			if fault.CodeOf(err) != fault.DiskFull || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("segment %d: %v", n, err)
			}
			break
		}
		if n > 20 {
			t.Fatal("more fits than there is")
		}
	}
	if n < 12 {
		t.Errorf("%d segments fit", n)
	}
	for i := range n {
		wantSegment(t, c, film, i, 30_000)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{PackBytes: 100_000, Free: freeBytes, FloorBytes: 100 << 10})
	for i := range n {
		wantSegment(t, c, film, i, 30_000)
	}
	// With the true free space the floor holds: an older title makes room for one that is watched.
	watched := Key{"watched", "r"}
	defer c.Guard("watched", "r", 0, math.MaxInt32)()
	for i := range 8 {
		mustPut(t, c, watched, i, 30_000)
		if free, err := freeBytes(dir); err != nil || free < 100<<10 {
			t.Fatalf("%d bytes free, error %v", free, err)
		}
	}
	if len(c.Present(film)) != 0 {
		t.Errorf("segments %v of the older title left", c.Present(film))
	}
}

func TestReadOnlyFolder(t *testing.T) {
	dir := mount(t, "size=1m")
	c := open(t, dir, Options{})
	for n := range 4 {
		mustPut(t, c, film, n, 10_000)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("cache", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=1m"); err != nil {
		t.Skipf("needs to remount: %v", err)
	}
	c = open(t, dir, Options{})
	for n := range 4 {
		wantSegment(t, c, film, n, 10_000)
	}
	c.Touch("film")
	if err := c.Put(t.Context(), film, 4, []byte("x")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("put: %v", err)
	}
	if err := c.SetBudget(0, 0); !errors.Is(err, syscall.EROFS) {
		t.Errorf("evict: %v", err)
	}
	for n := range 4 {
		wantSegment(t, c, film, n, 10_000)
	}
	if err := c.RemoveTitle("film"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("remove: %v", err)
	}
	wantAbsent(t, c, film, 0)
}
