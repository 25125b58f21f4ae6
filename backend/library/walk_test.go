package library

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
)

func TestFolderIsWalked(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"d/ep10.mp4", "d/ep2.mp4", "d/Ep1.mp4", "d/sub/deep/x.mp4", "d/noext"} {
		r.file(t, name, "VIDEO")
	}
	for _, name := range []string{"d/notes.txt", "d/sub/cover.jpg"} {
		r.file(t, name, "no")
	}
	r.file(t, "d/.hidden.mp4", "VIDEO")
	r.file(t, "d/.git/x.mp4", "VIDEO")
	dir := filepath.Join(r.files, "d")
	for link, to := range map[string]string{
		"d/loop": dir, "d/sub/up": r.files, "d/gone": filepath.Join(dir, "nothing"), "d/self": "self",
	} {
		if err := os.Symlink(to, filepath.Join(r.files, link)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := r.Add(t.Context(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(d.Added))
	for _, a := range d.Added {
		if a.Err != nil {
			t.Errorf("%s: %v", a.Path, a.Err)
		}
		rel, err := filepath.Rel(dir, a.Path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	want := []string{"Ep1.mp4", "ep2.mp4", "ep10.mp4", "noext", "sub/deep/x.mp4"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if d.Skipped != 6 { // two texts, two hidden, two dead links
		t.Errorf("skipped %d", d.Skipped)
	}
}

func TestAFolderAndItsParentAreWalkedOnce(t *testing.T) {
	r := newRig(t)
	r.file(t, "d/a.mp4", "VIDEO")
	added := r.drop(t, filepath.Join(r.files, "d"), r.files, filepath.Join(r.files, "d"))
	if len(added) != 1 || added[0].Err != nil {
		t.Errorf("added %+v", added)
	}
}

func TestNamedFilesAreNotSkipped(t *testing.T) {
	r := newRig(t)
	added := r.drop(t, r.file(t, ".hidden.mp4", "VIDEO"), r.file(t, "notes.txt", "no"))
	if added[0].Err != nil || fault.CodeOf(added[1].Err) != fault.NotVideo {
		t.Errorf("added %+v", added)
	}
}

func TestFoldersWithoutVideoSaySo(t *testing.T) {
	r := newRig(t)
	r.file(t, "texts/a.txt", "no")
	for _, name := range []string{"empty", "texts"} {
		dir := filepath.Join(r.files, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		a := r.drop(t, dir)
		if len(a) != 1 || fault.CodeOf(a[0].Err) != fault.NotVideo || a[0].Path != dir {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestDamagedVideoInAFolderIsNotSkipped(t *testing.T) {
	r := newRig(t)
	r.file(t, "d/a.mp4", "VIDEO damaged")
	r.file(t, "d/b.mp4", "VIDEO unavailable")
	added := r.drop(t, filepath.Join(r.files, "d"))
	if len(added) != 2 || added[0].Item.ProblemCode == "" || fault.CodeOf(added[1].Err) != fault.Unavailable {
		t.Errorf("added %+v", added)
	}
}

func TestWalkIsBounded(t *testing.T) {
	const most = 50
	dir := t.TempDir()
	for d := range 11 {
		sub := filepath.Join(dir, fmt.Sprint(d))
		if err := os.Mkdir(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range most / 10 {
			if err := os.Symlink("/", filepath.Join(sub, fmt.Sprint(".", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	var last candidate
	n := 0
	for c := range walk(t.Context(), []string{dir}, most) {
		last, n = c, n+1
	}
	if !last.closes || !last.folder.cut || last.folder.skipped > most || n != 1 {
		t.Errorf("%d candidates, last %+v, %+v", n, last, last.folder)
	}
	if fault.CodeOf(last.folder.verdict()) != fault.Invalid {
		t.Errorf("verdict %v", last.folder.verdict())
	}
}

func TestDeepFoldersAreBounded(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(append([]string{dir}, slices.Repeat([]string{"d"}, maxDepth+5)...)...)
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for c := range walk(t.Context(), []string{dir}, maxEntries) {
		if !c.closes || !c.folder.cut {
			t.Errorf("candidate %+v", c)
		}
	}
}

func TestWalkEndsWithItsReader(t *testing.T) {
	r := newRig(t)
	for i := range 10 {
		r.file(t, fmt.Sprintf("d/%d/a.mp4", i), "VIDEO")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for range walk(ctx, []string{filepath.Join(r.files, "d"), r.files}, maxEntries) {
		n++
		cancel()
	}
	if n > 3 {
		t.Errorf("%d after the end", n)
	}
	for range walk(t.Context(), []string{filepath.Join(r.files, "d")}, maxEntries) {
		break
	}
}

func TestLossyNamesAreFound(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "caf\xe9\xff d/\xe9t\xe9 %s 'x' \U0001F3AC.mp4", "VIDEO")
	for _, shown := range []string{
		path,
		filepath.Join(r.files, "caf\uFFFD\uFFFD d", "\uFFFDt\uFFFD %s 'x' \U0001F3AC.mp4"),
		filepath.Join(r.files, "caf\uFFFD d", "\uFFFDt\uFFFD %s 'x' \U0001F3AC.mp4"),
	} {
		a := r.drop(t, shown)[0]
		if a.Err != nil || a.Item.Path != path {
			t.Fatalf("%q: %+v", shown, a)
		}
		if got := a.Item.Title; got != "" && got != "t" && !slices.Equal([]rune(got)[:1], []rune{'\uFFFD'}) {
			t.Errorf("title %q", got)
		}
	}
	id := r.drop(t, path)[0].Item.ItemID
	if src, err := r.Source(t.Context(), id); err != nil || src.Path != path {
		t.Errorf("source %q %v", src.Path, err)
	}
	r.file(t, "caf\xe8\xff d/x.mp4", "VIDEO") // now two folders look the same
	a := r.drop(t, filepath.Join(r.files, "caf\uFFFD d", "x.mp4"))[0]
	if fault.CodeOf(a.Err) != fault.Missing {
		t.Errorf("a guess was made: %+v", a)
	}
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "a", "A01", "a1", "a2", "a10", "a10b", "a11", "B", "b2c", "é"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareNames)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// patience is how long a test waits for something that must not happen to be told from something slow.
const patience = 20 * time.Second
