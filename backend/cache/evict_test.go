package cache

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
)

const (
	evictPack    = 40_000 // of packs: four segments each
	evictSegment = 10_000
)

// fillTitle puts the segments of a range, one pack to four of them.
func fillTitle(t testing.TB, c *Cache, k Key, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		mustPut(t, c, k, n, evictSegment)
	}
}

// putErr puts one segment and gives the code of what went wrong.
func putErr(t testing.TB, c *Cache, k Key, n int) fault.Code {
	t.Helper()
	return fault.CodeOf(c.Put(t.Context(), k, n, payload(k, n, evictSegment)))
}

func TestTitlesGoLeastRecentlyUsedFirst(t *testing.T) {
	c := open(t, t.TempDir(), Options{PackBytes: evictPack})
	for _, name := range []string{"a", "b", "c", "d"} {
		mustPut(t, c, Key{name, "r"}, InitSegment, 500)
		fillTitle(t, c, Key{name, "r"}, 0, 12)
		fillTitle(t, c, Key{name, "s"}, 0, 4)
	}
	c.Touch("a")
	c.Touch("nobody")
	if diff := cmp.Diff([]string{"a", "d", "c", "b"}, titles(c)); diff != "" {
		t.Fatalf("order of use (-want +got):\n%s", diff)
	}
	budget := c.UsedBytes()
	if err := c.SetBudget(budget, 0); err != nil {
		t.Fatal(err)
	}
	if got := len(titles(c)); got != 4 {
		t.Fatalf("%d titles left by a budget that all of them fit in", got)
	}
	fillTitle(t, c, Key{"e", "r"}, 0, 1)
	// b goes whole, init segment and second rendition included; nobody else loses anything.
	if diff := cmp.Diff([]string{"e", "a", "d", "c"}, titles(c)); diff != "" {
		t.Errorf("after one eviction (-want +got):\n%s", diff)
	}
	for _, name := range []string{"a", "c", "d"} {
		if got := len(c.Present(Key{name, "r"})) + len(c.Present(Key{name, "s"})); got != 16 {
			t.Errorf("title %s has %d segments left of 16", name, got)
		}
	}
	fillTitle(t, c, Key{"e", "r"}, 1, 24)
	if diff := cmp.Diff([]string{"e", "a", "d"}, titles(c)); diff != "" {
		t.Errorf("after two evictions (-want +got):\n%s", diff)
	}
	if used := c.UsedBytes(); used > budget || used != diskUse(t, c.dir) {
		t.Errorf("used %d of %d, on disk %d", used, budget, diskUse(t, c.dir))
	}
}

func TestOrderSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	at := time.Now().Add(-time.Hour)
	c := open(t, dir, Options{Now: func() time.Time { at = at.Add(2 * time.Minute); return at }})
	for i, name := range []string{"a", "b", "c"} {
		mustPut(t, c, Key{name, "r"}, 0, 500)
		path := c.titles[hashName(name)].anyPack() + packExt
		if err := os.Chtimes(path, at, at.Add(time.Duration(i-100)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	c.Touch("a")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{})
	if diff := cmp.Diff([]string{"a", "c", "b"}, titles(c)); diff != "" {
		t.Errorf("order of use (-want +got):\n%s", diff)
	}
}

// TestClockThatJumps: what was used last stays the last to go while the clock is put forward and back, and nothing is
// lost by dates that lie in the future or long ago.
func TestClockThatJumps(t *testing.T) {
	dir := t.TempDir()
	at := time.Now()
	c := open(t, dir, Options{Now: func() time.Time { return at }})
	for _, name := range []string{"a", "b", "c"} {
		mustPut(t, c, Key{name, "r"}, 0, 500)
	}
	at = at.AddDate(50, 0, 0)
	c.Touch("a")
	at = at.AddDate(-80, 0, 0)
	c.Touch("b")
	if diff := cmp.Diff([]string{"b", "a", "c"}, titles(c)); diff != "" {
		t.Errorf("order of use (-want +got):\n%s", diff)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{})
	for _, name := range []string{"a", "b", "c"} {
		if _, ok, err := c.Get(Key{name, "r"}, 0); !ok || err != nil {
			t.Errorf("title %s is lost: %v", name, err)
		}
	}
	c.Touch("c")
	if err := c.SetBudget(c.UsedBytes()-1, 0); err != nil {
		t.Fatal(err)
	}
	if got := titles(c); len(got) != 2 || got[0] != "c" {
		t.Errorf("left after one had to go: %v", got)
	}
}

// TestLiveTitleLosesFarthestBehindFirst watches segment 40 of 100 and lets the budget shrink pack by pack.
func TestLiveTitleLosesFarthestBehindFirst(t *testing.T) {
	for _, reopened := range []bool{false, true} {
		t.Run(fmt.Sprintf("reopened %v", reopened), func(t *testing.T) {
			dir := t.TempDir()
			c := open(t, dir, Options{PackBytes: evictPack})
			other := Key{"film", "360p"}
			fillTitle(t, c, other, 0, 4)
			mustPut(t, c, film, InitSegment, 500)
			fillTitle(t, c, film, 0, 100)
			if reopened {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				c = open(t, dir, Options{PackBytes: evictPack})
			}
			release := c.Guard("film", "720p", 38, 61)
			c.Present(film) // what a viewer does: without it nothing of the rendition may go
			mustPut(t, c, film, 100, evictSegment)
			var order []int // first segment of every pack that goes
			have := c.Present(film)
			otherGone := false
			for budget := c.UsedBytes(); len(c.Present(film)) > 28; {
				budget -= 3 * blockBytes
				if err := c.SetBudget(budget, 0); err != nil {
					t.Fatal(err)
				}
				now := c.Present(film)
				if gone := len(have) - len(now); gone > 0 {
					if !otherGone && len(c.Present(other)) > 0 {
						t.Fatal("the rendition that is watched lost a range before the one that is not")
					}
					otherGone = true
					i := slices.IndexFunc(have, func(n int) bool { return !slices.Contains(now, n) })
					order = append(order, have[i])
					have = now
				}
				if c.UsedBytes() > budget && len(now) > 28 {
					t.Fatalf("used %d of %d with %d segments", c.UsedBytes(), budget, len(now))
				}
				if budget < 0 {
					t.Fatal("nothing goes any more")
				}
			}
			want := []int{0, 4, 8, 12, 16, 20, 24, 28, 32, 100, 96, 92, 88, 84, 80, 76, 72, 68, 64}
			if diff := cmp.Diff(want, order); diff != "" {
				t.Errorf("order of ranges (-want +got):\n%s", diff)
			}
			// What is left holds the guarded segments: nothing more goes, and nothing more fits.
			if err := c.SetBudget(0, 0); err != nil {
				t.Fatal(err)
			}
			for n := 38; n <= 61; n++ {
				wantSegment(t, c, film, n, evictSegment)
			}
			wantSegment(t, c, film, InitSegment, 500)
			if code := putErr(t, c, film, 64); code != fault.DiskFull {
				t.Errorf("put beside guarded segments only: %q", code)
			}
			release()
			release()
			if err := c.SetBudget(0, 0); err != nil {
				t.Fatal(err)
			}
			if c.UsedBytes() != 0 || len(names(t, dir)) != 0 {
				t.Errorf("%d bytes, files %q left when nothing is guarded", c.UsedBytes(), names(t, dir))
			}
		})
	}
}

func TestFillDoesNotDisplaceWhatIsWatched(t *testing.T) {
	c := open(t, t.TempDir(), Options{PackBytes: evictPack})
	filled, watched, old := Key{"filled", "r"}, Key{"watched", "r"}, Key{"old", "r"}
	fillTitle(t, c, old, 0, 4)
	fillTitle(t, c, filled, 0, 4)
	fillTitle(t, c, watched, 0, 8)
	c.Touch("watched")
	if err := c.SetBudget(c.UsedBytes(), 0); err != nil {
		t.Fatal(err)
	}
	n := 4
	for ; putErr(t, c, filled, n) == ""; n++ {
		if n > 8 {
			t.Fatal("fill goes on for ever")
		}
	}
	if code := putErr(t, c, filled, n); code != fault.DiskFull {
		t.Errorf("fill ended with %q", code)
	}
	if len(c.Present(old)) != 0 || len(c.Present(watched)) != 8 || len(c.Present(filled)) != n {
		t.Errorf("old %v, watched %v, filled %v", c.Present(old), c.Present(watched), c.Present(filled))
	}
	// A viewer of the filled title has the right.
	defer c.Guard("filled", "r", n, n+10)()
	if code := putErr(t, c, filled, n); code != "" {
		t.Errorf("a viewer's put: %q", code)
	}
}

// TestFillAheadOfAViewer fills the title that is watched: what is put far ahead must not push out what is nearer.
func TestFillAheadOfAViewer(t *testing.T) {
	c := open(t, t.TempDir(), Options{PackBytes: evictPack})
	fillTitle(t, c, film, 0, 40)
	if err := c.SetBudget(c.UsedBytes(), 0); err != nil {
		t.Fatal(err)
	}
	release := c.Guard("film", "720p", 12, 19)
	n := 40
	for ; putErr(t, c, film, n) == ""; n++ {
		if n > 80 {
			t.Fatal("fill goes on for ever")
		}
	}
	// The twelve behind the viewer made room for at most twelve; everything ahead is still there.
	if n <= 44 || n > 52 {
		t.Errorf("fill went on to %d", n)
	}
	for i := 12; i < n; i++ {
		if !c.Has(film, i) {
			t.Errorf("segment %d, ahead of the viewer, went for fill", i)
		}
	}
	release()
	defer c.Guard("film", "720p", 60, 70)() // a seek: now it is the viewer who asks
	if code := putErr(t, c, film, 60); code != "" {
		t.Errorf("a viewer's put: %q", code)
	}
}

func TestPutLargerThanTheBudgetEvictsNothing(t *testing.T) {
	c := open(t, t.TempDir(), Options{BudgetBytes: 300_000, PackBytes: evictPack})
	fillTitle(t, c, film, 0, 10)
	if err := c.Put(t.Context(), Key{"big", "r"}, 0, make([]byte, 400_000)); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("error %v, want disk full", err)
	}
	if len(c.Present(film)) != 10 {
		t.Errorf("%d segments left of 10", len(c.Present(film)))
	}
}

// TestFloor lets another program take the disk: the cache gives way, and never goes below the floor itself.
func TestFloor(t *testing.T) {
	dir := t.TempDir()
	const floor = 1 << 20
	var others atomic.Int64 // bytes of the disk that other programs have
	const disk = 4 << 20
	free := func(string) (int64, error) { return disk - others.Load() - diskUse(t, dir), nil }
	c := open(t, dir, Options{PackBytes: evictPack, FloorBytes: floor, Free: free})
	check := func() {
		t.Helper()
		if f, _ := free(""); f < floor {
			t.Fatalf("%d bytes free, below the floor of %d", f, floor)
		}
	}
	for n := range 400 {
		if code := putErr(t, c, Key{fmt.Sprint("t", n/40), "r"}, n); code != "" {
			t.Fatalf("segment %d: %s", n, code)
		}
		check()
	}
	if got := len(titles(c)); got < 5 || got > 8 {
		t.Errorf("%d titles fit, want most of what 3 MB hold", got)
	}
	others.Store(2 << 20)
	if code := putErr(t, c, Key{"t9", "r"}, 1000); code != "" {
		t.Fatalf("after others took space: %s", code)
	}
	check()
	others.Store(disk)
	if code := putErr(t, c, Key{"t9", "r"}, 1001); code != fault.DiskFull {
		t.Errorf("on a full disk: %q", code)
	}
	if !c.Has(Key{"t9", "r"}, 1000) {
		t.Error("something was evicted that could not help")
	}
	others.Store(disk - floor)
	if err := c.SetBudget(roomy, floor); err != nil {
		t.Fatal(err)
	}
	if c.UsedBytes() != 0 {
		t.Errorf("%d bytes kept below the floor", c.UsedBytes())
	}
}

func TestReadersSurviveEviction(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{PackBytes: evictPack})
	fillTitle(t, c, film, 0, 8)
	s, ok, err := c.Section(film, 1)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := c.SetBudget(0, 0); err != nil {
		t.Fatal(err)
	}
	// Deleting what is being read frees nothing: it stays, the rest goes.
	if diff := cmp.Diff([]int{0, 1, 2, 3}, c.Present(film)); diff != "" {
		t.Errorf("present (-want +got):\n%s", diff)
	}
	if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, payload(film, 1, evictSegment)) {
		t.Errorf("read: %v", err)
	}
	_ = s.Close()
	if err := c.SetBudget(0, 0); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 || c.UsedBytes() != 0 {
		t.Errorf("files %q, %d bytes left", left, c.UsedBytes())
	}
}
