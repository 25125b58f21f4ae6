package library

import (
	"os"
	"testing"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

func TestSourceOfAnUntouchedFile(t *testing.T) {
	r := newRig(t)
	it := r.one(t, r.file(t, "a.mp4", "VIDEO"))
	src, err := r.Source(t.Context(), it.ItemID)
	if err != nil || src.ItemID != it.ItemID || src.Path != it.Path || src.SizeBytes != 5 ||
		src.Container != media.MP4 {
		t.Errorf("source %+v, %v", src, err)
	}
	if r.engine.prepares() != 1 {
		t.Errorf("%d prepares", r.engine.prepares())
	}
	if _, err := r.Source(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown: %v", err)
	}
}

func TestSourceThatVanishesAndComesBack(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	away := path + ".away"
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Source(t.Context(), id); fault.CodeOf(err) != fault.Missing {
			t.Fatalf("source: %v", err)
		}
	}
	if it := r.item(t, id); it.State() != media.StateMissing {
		t.Errorf("state %s", it.State())
	}
	if n := len(r.changed); n != 2 { // added, missing: told once
		t.Errorf("%d changes", n)
	}
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Source(t.Context(), id); err != nil {
		t.Errorf("back: %v", err)
	}
	if it := r.item(t, id); it.State() != media.StateLinked {
		t.Errorf("state %s", it.State())
	}
}

func TestSourceReplacedBySomethingElse(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	r.file(t, "a.mp4", "text now")
	if _, err := r.Source(t.Context(), id); fault.CodeOf(err) != fault.Missing {
		t.Errorf("text: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Source(t.Context(), id); fault.CodeOf(err) != fault.Missing {
		t.Errorf("folder: %v", err)
	}
	if r.engine.prepares() != 1 {
		t.Error("the engine saw what is no video")
	}
}

func TestSourceTouchedInPlace(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	src, err := r.Source(t.Context(), id)
	if err != nil || !src.ModTime.Equal(later) || r.engine.prepares() != 2 {
		t.Errorf("source %+v, %v, %d prepares", src, err, r.engine.prepares())
	}
	if _, err := r.Source(t.Context(), id); err != nil || r.engine.prepares() != 2 {
		t.Errorf("again: %v, %d prepares", err, r.engine.prepares())
	}
}

func TestTimesBeyondNanosecondsAreNoChange(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	far := time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, far, far); err != nil {
		t.Fatal(err)
	}
	id := r.one(t, path).ItemID
	if _, err := r.Source(t.Context(), id); err != nil || r.engine.prepares() != 1 {
		t.Errorf("%v, %d prepares", err, r.engine.prepares())
	}
}

func TestPositions(t *testing.T) {
	r := newRig(t)
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	for position, want := range map[time.Duration]time.Duration{
		10 * time.Second: 10 * time.Second, -time.Second: 0, time.Hour: time.Minute,
	} {
		if err := r.SavePosition(t.Context(), id, position); err != nil {
			t.Fatal(err)
		}
		if got := r.item(t, id).Position; got != want {
			t.Errorf("%v: %v", position, got)
		}
	}
	if err := r.SavePosition(t.Context(), "nobody", 0); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown: %v", err)
	}
	if it, err := r.MarkPlayed(t.Context(), id); err != nil || it.PlayedAt.IsZero() {
		t.Errorf("played: %v %v", it.PlayedAt, err)
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Idle = time.Millisecond
		o.Posters = posterFunc(func(media.Source, time.Duration) ([]byte, error) { return []byte("jpeg"), nil })
	})
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	r.until(t, id, func(it media.Item) bool { return it.HasPoster })
	removed, err := r.Remove(t.Context(), []string{id, "nobody", id})
	if err != nil || len(removed) != 1 || removed[0] != id {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if got := <-r.removed; got != id || len(r.removed) != 0 {
		t.Errorf("told of %s", got)
	}
	if len(r.engine.forgot) != 1 || r.engine.forgot[0] != id {
		t.Errorf("forgot %v", r.engine.forgot)
	}
	if _, err := os.Stat(r.posterPath(id)); !os.IsNotExist(err) {
		t.Errorf("poster: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the source was touched: %v", err)
	}
	if _, err := r.Item(t.Context(), id); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("item: %v", err)
	}
	if again := r.one(t, path); again.ItemID == id {
		t.Error("an ID was used twice")
	}
}
