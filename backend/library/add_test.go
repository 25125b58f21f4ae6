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
	"dropstream/backend/media"
)

func TestAddMakesAnItem(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	r := newRig(t, func(o *Options) { o.Now = func() time.Time { return now } })
	path := r.file(t, "A film_of mine.mp4", "VIDEO")
	added := r.drop(t, path)[0]
	if added.Err != nil || !added.New || added.Path != path {
		t.Fatalf("added %+v", added)
	}
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := media.Item{
		Source: media.Source{
			ItemID: added.Item.ItemID, Path: path, Container: media.MP4, SizeBytes: 5, ModTime: fi.ModTime().UTC(),
		},
		Title: "A film_of mine", Duration: time.Minute, Width: 180, Height: 320, Plays: media.AsItIs,
		Why: "It is played as it is.", Probe: testProbe(), AddedAt: now, TriesLeft: 2,
	}
	if d := cmp.Diff(want, r.item(t, added.Item.ItemID)); d != "" {
		t.Errorf("recorded (-want +got):\n%s", d)
	}
	if id := <-r.changed; id != added.Item.ItemID {
		t.Errorf("told of %s", id)
	}
	if len(added.Item.ItemID) != 16 {
		t.Errorf("ID %q", added.Item.ItemID)
	}
}

func TestSameFileIsOneItem(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	link := filepath.Join(r.files, "link.mp4")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	added := r.drop(t, path, path, link, filepath.Join(r.files, "sub", "..", "a.mp4"))
	for i, a := range added {
		if a.Err != nil || a.Item.ItemID != added[0].Item.ItemID || a.New != (i == 0) {
			t.Errorf("%d: %+v", i, a)
		}
	}
	if r.total(t) != 1 || r.engine.prepares() != 1 {
		t.Errorf("%d items, %d prepares", r.total(t), r.engine.prepares())
	}
}

func TestSameFileAtOnceIsOneItem(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	const droppers = 8
	results := make(chan Drop, droppers)
	for range droppers {
		go func() {
			d, err := r.Add(t.Context(), []string{path})
			if err != nil {
				t.Error(err)
			}
			results <- d
		}()
	}
	fresh := 0
	for range droppers {
		if d := <-results; d.Added[0].New {
			fresh++
		}
	}
	if r.total(t) != 1 || fresh != 1 || r.engine.prepares() != 1 {
		t.Errorf("%d items, %d new, %d prepares", r.total(t), fresh, r.engine.prepares())
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	denied := r.file(t, "denied.mp4", "VIDEO")
	if err := os.Chmod(denied, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		want       fault.Code
	}{
		{"text", r.file(t, "text.mp4", "hello"), fault.NotVideo},
		{"empty", r.file(t, "empty.mp4", ""), fault.NotVideo},
		{"nothing", filepath.Join(r.files, "nothing.mp4"), fault.Missing},
		{"denied", denied, fault.Denied},
		{"engine not there", r.file(t, "u.mp4", "VIDEO unavailable"), fault.Unavailable},
		{"engine panics", r.file(t, "p.mp4", "VIDEO panic"), fault.Internal},
		{"null", os.DevNull, fault.NotVideo},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == fault.Denied && os.Geteuid() == 0 {
				t.Skip("nothing is denied to root")
			}
			a := r.drop(t, c.path)
			if len(a) != 1 || fault.CodeOf(a[0].Err) != c.want || a[0].Item.ItemID != "" {
				t.Errorf("got %+v", a)
			}
		})
	}
	if r.total(t) != 0 {
		t.Error("a refusal was recorded")
	}
}

func TestTheEngineSeesNothingThatTheGateRefused(t *testing.T) {
	r := newRig(t)
	r.drop(t, r.file(t, "a.mp4", "#EXTM3U"), r.file(t, "d/b.mkv", "PK"))
	if n := r.engine.prepares(); n != 0 {
		t.Errorf("%d prepares", n)
	}
}

func TestUnplayableIsAFailedItem(t *testing.T) {
	for _, code := range []fault.Code{fault.Damaged, fault.Encrypted, fault.Unsupported} {
		t.Run(string(code), func(t *testing.T) {
			r := newRig(t)
			path := r.file(t, "a.mp4", "VIDEO "+string(code))
			it := r.item(t, r.one(t, path).ItemID)
			if it.State() != media.StateFailed || it.ProblemCode != string(code) || it.Plays != "" ||
				it.ProblemMessage != "It is "+string(code)+"." || it.Duration != time.Minute {
				t.Errorf("item %+v", it)
			}
			if _, err := r.Source(t.Context(), it.ItemID); fault.CodeOf(err) != code {
				t.Errorf("source: %v", err)
			}
			// Mended in place, it plays when it is next asked for.
			r.file(t, "a.mp4", "VIDEO whole again")
			if _, err := r.Source(t.Context(), it.ItemID); err != nil {
				t.Errorf("mended: %v", err)
			}
			if it = r.item(t, it.ItemID); it.State() != media.StateLinked || it.Plays != media.AsItIs {
				t.Errorf("mended item %+v", it)
			}
		})
	}
}

func TestDroppingAFailedFileTriesAgain(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO damaged")
	id := r.one(t, path).ItemID
	r.one(t, path)
	if it := r.item(t, id); r.engine.prepares() != 2 || it.State() != media.StateFailed {
		t.Errorf("%d prepares", r.engine.prepares())
	}
}

func TestChangedFileIsAssessedAnew(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	if err := r.store.PutArtifact(t.Context(), id, "scan", []byte("old")); err != nil {
		t.Fatal(err)
	}
	r.file(t, "a.mp4", "VIDEO longer")
	r.engine.setHook(func(ctx context.Context, src media.Source) error {
		return r.store.PutArtifact(ctx, src.ItemID, "new scan", []byte("new"))
	})
	a := r.drop(t, path)[0]
	if a.Err != nil || a.New || a.Item.ItemID != id || a.Item.SizeBytes != 12 {
		t.Fatalf("added %+v", a)
	}
	if r.engine.prepares() != 2 || !slices.Equal(r.engine.forgot, []string{id}) {
		t.Errorf("%d prepares, forgot %v", r.engine.prepares(), r.engine.forgot)
	}
	if _, err := r.store.GetArtifact(t.Context(), id, "scan"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("the old content's artifact is still there: %v", err)
	}
	if _, err := r.store.GetArtifact(t.Context(), id, "new scan"); err != nil {
		t.Errorf("the new content's artifact: %v", err)
	}
}

func TestFirstFileIsAloneAndOrderIsKept(t *testing.T) {
	r := newRig(t)
	const files = 12
	paths := make([]string, files)
	for i := range paths {
		paths[i] = r.file(t, fmt.Sprintf("%d.mp4", files-i), "VIDEO")
	}
	// The first Prepare looks whether any other begins while it runs; the others must overlap once, or the wait ends
	// the test.
	first, together := true, make(chan struct{}, files)
	r.engine.setHook(func(ctx context.Context, src media.Source) error {
		if src.Path == paths[0] {
			if n := r.engine.prepares(); n != 1 {
				t.Errorf("the first file shares the machine with %d others", n-1)
			}
			first = false
			return nil
		}
		if first {
			t.Error("another file came before the first")
		}
		if src.Path == paths[1] || src.Path == paths[2] {
			together <- struct{}{}
			for len(together) < 2 {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Millisecond):
				}
			}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	if _, err := r.AddEach(ctx, paths, func(a Added) { got = append(got, a.Path) }); err != nil {
		t.Fatalf("files are not handled at the same time: %v", err)
	}
	if d := cmp.Diff(paths, got); d != "" {
		t.Errorf("order: %s", d)
	}
	if r.engine.most > 4 {
		t.Errorf("%d at once", r.engine.most)
	}
}

func TestFirstIsToldBeforeTheOthersAreDone(t *testing.T) {
	r := newRig(t)
	paths := []string{r.file(t, "1.mp4", "VIDEO"), r.file(t, "2.mp4", "VIDEO")}
	told := make(chan struct{})
	r.engine.setHook(func(ctx context.Context, src media.Source) error {
		if src.Path == paths[1] {
			select {
			case <-told:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n := 0
	_, err := r.AddEach(ctx, paths, func(a Added) {
		if n++; n == 1 {
			close(told)
		}
		if a.Err != nil {
			t.Error(a.Err)
		}
	})
	if err != nil || n != 2 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestDropIsBounded(t *testing.T) {
	r := newRig(t)
	r.mostTold = 3
	for i := range 20 {
		r.file(t, fmt.Sprintf("%d.mp4", i), "VIDEO")
	}
	added := r.drop(t, r.files)
	if len(added) != 4 || added[2].Err != nil || fault.CodeOf(added[3].Err) != fault.Invalid {
		t.Errorf("added %+v", added)
	}
	if n := r.total(t); n < 3 || n > 3+5 { // what was begun is done
		t.Errorf("%d items", n)
	}
	r.mostTold = 20
	if added = r.drop(t, r.files); len(added) != 20 || added[19].Err != nil {
		t.Errorf("just as many as are allowed: %d", len(added))
	}
}

func TestCanceledDropEnds(t *testing.T) {
	r := newRig(t)
	paths := make([]string, 20)
	for i := range paths {
		paths[i] = r.file(t, fmt.Sprintf("%d.mp4", i), "VIDEO")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.engine.setHook(func(ctx context.Context, _ media.Source) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	d, err := r.Add(ctx, paths)
	if fault.CodeOf(err) != fault.Canceled || len(d.Added) > 5 {
		t.Errorf("%d added, %v", len(d.Added), err)
	}
	if r.total(t) != 0 {
		t.Error("a canceled file was recorded")
	}
}

func TestMovedFileKeepsItsItem(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Idle = time.Millisecond })
	path := r.file(t, "old.mp4", "VIDEO of mine")
	id := r.one(t, path).ItemID
	r.until(t, id, func(it media.Item) bool { return it.Fingerprint != "" })
	if err := r.SavePosition(t.Context(), id, 7*time.Second); err != nil {
		t.Fatal(err)
	}

	copied := r.file(t, "copy.mp4", "VIDEO of mine")
	if other := r.one(t, copied); other.ItemID == id {
		t.Error("a copy took the item of a file that is still there")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if twin := r.one(t, r.file(t, "twin.mp4", "VIDEO of Mine")); twin.ItemID == id {
		t.Error("another file of the same size took the item")
	}
	moved := r.file(t, "elsewhere/new name.mp4", "VIDEO of mine")
	a := r.drop(t, moved)[0]
	if a.Err != nil || a.New || a.Item.ItemID != id {
		t.Fatalf("moved: %+v", a)
	}
	if it := r.item(t, id); it.Path != moved || it.Title != "new name" || it.Position != 7*time.Second {
		t.Errorf("item %+v", it)
	}
	if src, err := r.Source(t.Context(), id); err != nil || src.Path != moved {
		t.Errorf("source %+v %v", src, err)
	}
}
