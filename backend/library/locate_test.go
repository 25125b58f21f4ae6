package library

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// finished is an item whose fingerprint is known.
func (r *rig) finished(t *testing.T, path string) media.Item {
	t.Helper()
	it := r.one(t, path)
	if !r.finish(t.Context(), &it) {
		t.Fatal("not finished")
	}
	return r.item(t, it.ItemID)
}

func moveTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestLocateByFile(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO a")
	it := r.finished(t, path)
	other := r.file(t, "b.mp4", "VIDEO b")
	longer := r.file(t, "c.mp4", "VIDEO longer")
	now := filepath.Join(r.files, "elsewhere", "named otherwise.mp4")
	moveTo(t, path, now)
	if _, err := r.Source(t.Context(), it.ItemID); fault.CodeOf(err) != fault.Missing {
		t.Fatalf("source: %v", err)
	}
	for _, wrong := range []string{other, longer, r.files + "/nothing"} {
		if _, err := r.Locate(t.Context(), it.ItemID, wrong); err == nil {
			t.Errorf("%s is taken", filepath.Base(wrong))
		}
	}
	found, err := r.Locate(t.Context(), it.ItemID, now)
	if err != nil || found.Item.State() != media.StateLinked || found.Item.Path != now {
		t.Fatalf("located: %+v, %v", found.Item.Source, err)
	}
	if _, err := r.Source(t.Context(), it.ItemID); err != nil {
		t.Errorf("source: %v", err)
	}
}

func TestLocateRefusesAnotherItemsFile(t *testing.T) {
	r := newRig(t)
	a := r.finished(t, r.file(t, "a.mp4", "VIDEO"))
	b := r.finished(t, r.file(t, "b.mp4", "VIDEO"))
	if err := os.Remove(a.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Locate(t.Context(), a.ItemID, b.Path); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a copy that is an item itself: %v", err)
	}
}

func TestLocateInAFolderFindsTheOthersToo(t *testing.T) {
	r := newRig(t)
	names := []string{"one/a.mp4", "one/b.mp4", "two/deep/c.mp4", "two/changed.mp4", "two/there.mp4"}
	ids := make([]string, 0, len(names))
	for i, name := range names {
		path := filepath.Join(r.files, "old", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("VIDEO "+strings.Repeat("x", i)), 0o600); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.finished(t, path).ItemID)
	}
	for _, name := range names[:4] {
		moveTo(t, filepath.Join(r.files, "old", name), filepath.Join(r.files, "new", "place", name))
	}
	changed := filepath.Join(r.files, "new", "place", "two/changed.mp4")
	if err := os.WriteFile(changed, []byte("VIDEO yyy"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Locate(t.Context(), ids[0], filepath.Join(r.files, "old")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("in a folder where it is not: %v", err)
	}
	found, err := r.Locate(t.Context(), ids[0], filepath.Join(r.files, "new"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found.Also)
	want := []string{ids[1], ids[2]}
	slices.Sort(want)
	if !slices.Equal(found.Also, want) {
		t.Errorf("also %v, want %v", found.Also, want)
	}
	if it := r.item(t, ids[2]); !strings.Contains(it.Path, "place") {
		t.Errorf("the third is at %s", it.Path)
	}
}
