package cache

import (
	"slices"
	"testing"

	"dropstream/backend/fault"
)

func TestPinnedTitlesStay(t *testing.T) {
	var told []string
	c := open(t, t.TempDir(), Options{PackBytes: evictPack, OnEvict: func(title string) { told = append(told, title) }})
	for _, name := range []string{"a", "b", "c"} {
		fillTitle(t, c, Key{name, "r"}, 0, 8)
	}
	c.Pin("a")
	if err := c.SetBudget(c.UsedBytes(), 0); err != nil {
		t.Fatal(err)
	}
	mustPut(t, c, Key{"d", "r"}, 0, evictSegment)
	if got := titles(c); slices.Contains(got, "b") || !slices.Contains(got, "a") {
		t.Errorf("left: %v", got)
	}
	if !slices.Equal(told, []string{"b"}) {
		t.Errorf("told of %v", told)
	}
	c.Unpin("a")
	fillTitle(t, c, Key{"d", "r"}, 1, 12)
	if got := titles(c); slices.Contains(got, "a") {
		t.Errorf("left when it is pinned no more: %v", got)
	}
}

func TestFillStopsBeforeItEats(t *testing.T) {
	c := open(t, t.TempDir(), Options{PackBytes: evictPack})
	own := Key{"own", "r"}
	fillTitle(t, c, Key{"old", "r"}, 0, 8)
	fillTitle(t, c, own, 0, 8)
	fillTitle(t, c, Key{"newer", "r"}, 0, 8)
	if err := c.SetBudget(c.UsedBytes(), 0); err != nil {
		t.Fatal(err)
	}
	n := 8
	for ; n < 100; n++ {
		if err := c.Fill(t.Context(), own, n, payload(own, n, evictSegment)); err != nil {
			if fault.CodeOf(err) != fault.DiskFull {
				t.Fatal(err)
			}
			break
		}
	}
	if n < 10 || n > 16 {
		t.Errorf("filled up to %d, room was for some 8 segments", n)
	}
	if got := len(c.Present(own)); got != n {
		t.Errorf("%d segments of its own are left of %d", got, n)
	}
	if got := titles(c); slices.Contains(got, "old") || !slices.Contains(got, "newer") {
		t.Errorf("left: %v", got)
	}
	if ok, err := c.Room("own", 3*evictSegment, false); err != nil || ok {
		t.Errorf("room for more: %v, %v", ok, err)
	}
	if ok, err := c.Room("own", evictSegment, true); err != nil || !ok {
		t.Errorf("room for a pinned one: %v, %v", ok, err)
	}
	c.Pin("own")
	if err := c.Fill(t.Context(), own, n, payload(own, n, evictSegment)); err != nil {
		t.Errorf("pinned: %v", err)
	}
}

// TestFillNeverTakesWhatIsWatched: neither its own title's far parts nor those of other live titles go for fill.
func TestFillNeverTakesWhatIsWatched(t *testing.T) {
	c := open(t, t.TempDir(), Options{PackBytes: evictPack})
	own, other := Key{"own", "r"}, Key{"other", "r"}
	fillTitle(t, c, other, 0, 12)
	fillTitle(t, c, own, 0, 12)
	defer c.Guard("own", "r", 10, 11)()
	defer c.Guard("other", "r", 0, 1)()
	c.Pin("own")
	if err := c.SetBudget(c.UsedBytes(), 0); err != nil {
		t.Fatal(err)
	}
	err := c.Fill(t.Context(), own, 50, payload(own, 50, evictSegment))
	if fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("fill: %v", err)
	}
	if len(c.Present(own)) != 12 || len(c.Present(other)) != 12 {
		t.Errorf("left: %v and %v", c.Present(own), c.Present(other))
	}
}
