package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// openTest opens a database of its own, closed with the test.
func openTest(tb testing.TB, path string) *Store {
	tb.Helper()
	s, notice, err := Open(tb.Context(), Options{Path: path})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	if notice != (Notice{}) {
		tb.Fatalf("notice: %+v", notice)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

func newTest(tb testing.TB) *Store { return openTest(tb, filepath.Join(tb.TempDir(), "library.db")) }

// fullItem has every field set.
func fullItem(id string) media.Item {
	return media.Item{
		Source: media.Source{
			ItemID: id, Path: "/films/" + id + " \xff\xfe.mkv", Container: media.Matroska, SizeBytes: 1 << 41,
			ModTime: time.Unix(1700000000, 123456789).UTC(),
		},
		Fingerprint: "f" + id, Title: "Café — " + id, Duration: 90*time.Minute + 1, Width: 1920, Height: 800,
		Plays: media.Converted, Why: "HEVC is converted.", ProblemCode: "damaged", ProblemMessage: "It ends early.",
		Probe: media.Probe{
			Container: media.Matroska, Start: -time.Second, Duration: time.Hour, BitRate: 1, Title: "t",
			Tracks: []media.Track{{
				Index: 1, Kind: media.Video, Codec: media.HEVC, Default: true,
				Video: media.VideoFormat{Width: 1920, FrameRate: media.Rational{Num: 24000, Den: 1001}},
			}},
			Chapters: []media.Chapter{{Start: 1, End: 2, Title: "c"}},
		},
		SourceMissing: true, Position: 1234 * time.Millisecond, AddedAt: time.Unix(1700000001, 5).UTC(),
		PlayedAt: time.Unix(1700000002, 0).UTC(), HasPoster: true, TriesLeft: 2, Kept: true, Stored: true,
	}
}

func add(tb testing.TB, s *Store, items ...media.Item) {
	tb.Helper()
	for _, it := range items {
		if added, err := s.AddItem(tb.Context(), it); err != nil || !added {
			tb.Fatalf("add %s: %v %v", it.ItemID, added, err)
		}
	}
}

func TestItemComesBackWhole(t *testing.T) {
	s := newTest(t)
	want := fullItem("a")
	add(t, s, want)
	got, err := s.Item(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("item (-want +got):\n%s", d)
	}
	got, err = s.ItemByPath(t.Context(), want.Path)
	if err != nil || got.ItemID != "a" {
		t.Errorf("by path: %v %v", got.ItemID, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openTest(t, s.path)
	if got, err = again.Item(t.Context(), "a"); err != nil || !cmp.Equal(want, got) {
		t.Errorf("after reopening: %v %s", err, cmp.Diff(want, got))
	}
}

func TestZeroTimesStayZero(t *testing.T) {
	s := newTest(t)
	add(t, s, media.Item{Source: media.Source{ItemID: "z", Path: "/z"}})
	got, err := s.Item(t.Context(), "z")
	if err != nil || !got.PlayedAt.IsZero() || !got.ModTime.IsZero() {
		t.Errorf("got %v %v %v", got.PlayedAt, got.ModTime, err)
	}
}

func TestPathsAreUnique(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	twin := fullItem("b")
	twin.Path = fullItem("a").Path
	if added, err := s.AddItem(t.Context(), twin); added || err != nil {
		t.Errorf("twin: %v %v", added, err)
	}
	other := fullItem("b")
	add(t, s, other)
	_, err := s.UpdateItem(t.Context(), "b", func(it *media.Item) error { it.Path = twin.Path; return nil })
	if err == nil {
		t.Error("an update gave two items one path")
	}
}

func TestNotFound(t *testing.T) {
	s := newTest(t)
	_, errItem := s.Item(t.Context(), "x")
	_, errPath := s.ItemByPath(t.Context(), "x")
	_, errUpdate := s.UpdateItem(t.Context(), "x", func(*media.Item) error { t.Error("called"); return nil })
	_, errGet := s.GetArtifact(t.Context(), "x", "k")
	errPut := s.PutArtifact(t.Context(), "x", "k", nil)
	for name, err := range map[string]error{
		"item": errItem, "path": errPath, "update": errUpdate, "get": errGet, "put": errPut,
	} {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	removed, err := s.RemoveItems(t.Context(), []string{"x"})
	if err != nil || len(removed) != 0 {
		t.Errorf("remove: %v %v", removed, err)
	}
}

func TestUpdateKeepsOthersChanges(t *testing.T) {
	s := newTest(t)
	it := fullItem("a")
	it.Position, it.TriesLeft = 0, 0
	add(t, s, it)
	const writers, times = 8, 8
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range times {
				if _, err := s.UpdateItem(t.Context(), "a", func(it *media.Item) error {
					if w%2 == 0 {
						it.TriesLeft++
					} else {
						it.Position += time.Millisecond
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
				if _, err := s.Items(t.Context(), media.ItemQuery{Limit: 10}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := s.Item(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if want := writers / 2 * times; got.TriesLeft != want || got.Position != time.Duration(want)*time.Millisecond {
		t.Errorf("lost updates: %d, %v; want %d", got.TriesLeft, got.Position, want)
	}
}

func TestUpdateErrorChangesNothing(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	want := fault.New(fault.Missing, "gone")
	_, err := s.UpdateItem(t.Context(), "a", func(it *media.Item) error { it.Title = "no"; return want })
	if fault.CodeOf(err) != fault.Missing {
		t.Errorf("error: %v", err)
	}
	if got, _ := s.Item(t.Context(), "a"); got.Title != fullItem("a").Title {
		t.Errorf("title: %q", got.Title)
	}
}

func TestTwoProcessesWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	stores := []*Store{openTest(t, path), openTest(t, path)}
	var wg sync.WaitGroup
	for n, s := range stores {
		wg.Go(func() {
			for i := range 50 {
				if _, err := s.AddItem(t.Context(), fullItem(fmt.Sprintf("%d-%d", n, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	page, err := stores[0].Items(t.Context(), media.ItemQuery{})
	if err != nil || page.Total != 100 {
		t.Errorf("total %d, %v", page.Total, err)
	}
}

func TestUnfinishedAndSize(t *testing.T) {
	s := newTest(t)
	done, failed, missing, todo := fullItem("done"), fullItem("failed"), fullItem("missing"), fullItem("todo")
	for _, it := range []*media.Item{&done, &failed, &missing, &todo} {
		it.ProblemCode, it.SourceMissing = "", false
	}
	done.TriesLeft, failed.ProblemCode, missing.SourceMissing, todo.Fingerprint = 0, "damaged", true, ""
	add(t, s, done, failed, missing)
	if _, ok, err := s.Unfinished(t.Context()); ok || err != nil {
		t.Errorf("nothing to do: %v %v", ok, err)
	}
	add(t, s, todo)
	if it, ok, err := s.Unfinished(t.Context()); !ok || err != nil || it.ItemID != "todo" {
		t.Errorf("todo: %v %v %v", it.ItemID, ok, err)
	}
	items, err := s.ItemsBySize(t.Context(), todo.SizeBytes, 10)
	if err != nil || len(items) != 3 {
		t.Errorf("by size: %d %v", len(items), err)
	}
}

func TestArtifacts(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	ctx := t.Context()
	if err := s.PutArtifact(ctx, "a", "scan", []byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutArtifact(ctx, "a", "scan", []byte{3}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutArtifact(ctx, "a", "empty", nil); err != nil {
		t.Fatal(err)
	}
	if b, err := s.GetArtifact(ctx, "a", "scan"); err != nil || !cmp.Equal(b, []byte{3}) {
		t.Errorf("scan: %v %v", b, err)
	}
	if b, err := s.GetArtifact(ctx, "a", "empty"); err != nil || len(b) != 0 {
		t.Errorf("empty: %v %v", b, err)
	}
	if err := s.PutArtifact(ctx, "a", "big", make([]byte, MaxArtifactBytes+1)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("big: %v", err)
	}
	if removed, err := s.RemoveItems(ctx, []string{"a", "nobody"}); err != nil || !cmp.Equal(removed, []string{"a"}) {
		t.Errorf("removed: %v %v", removed, err)
	}
	for _, table := range []string{"artifact", "probe"} {
		var n int
		if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d rows left, %v", table, n, err)
		}
	}
	add(t, s, fullItem("a"))
	if err := s.PutArtifact(ctx, "a", "scan", []byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveArtifacts(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetArtifact(ctx, "a", "scan"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("after removal: %v", err)
	}
}

func TestSettings(t *testing.T) {
	s := newTest(t)
	if _, ok, err := s.Setting(t.Context(), "theme"); ok || err != nil {
		t.Errorf("unset: %v %v", ok, err)
	}
	for _, v := range []string{"dark", ""} {
		if err := s.PutSettings(t.Context(), map[string]string{"theme": v, "other": "x"}); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := s.Setting(t.Context(), "theme"); got != v || !ok || err != nil {
			t.Errorf("theme: %q %v %v", got, ok, err)
		}
	}
}

func TestCanceledIsCanceled(t *testing.T) {
	s := newTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errRead := s.Items(ctx, media.ItemQuery{Limit: 1})
	_, errWrite := s.AddItem(ctx, fullItem("a"))
	if fault.CodeOf(errRead) != fault.Canceled || fault.CodeOf(errWrite) != fault.Canceled {
		t.Errorf("read %v, write %v", errRead, errWrite)
	}
	add(t, s, fullItem("a"))
}
