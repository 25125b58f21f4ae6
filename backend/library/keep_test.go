package library

import (
	"os"
	"slices"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

func TestKeepAndUnkeep(t *testing.T) {
	r := newRig(t)
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	it, err := r.Keep(t.Context(), id)
	if err != nil || !it.Kept || !slices.Contains(r.engine.kept, id) {
		t.Fatalf("kept %v, %v; the engine keeps %v", it.Kept, err, r.engine.kept)
	}
	if it.State() != media.StateLinked {
		t.Errorf("state %s before it is stored", it.State())
	}
	r.SetStored(t.Context(), id, true)
	if it := r.item(t, id); it.State() != media.StateStored {
		t.Errorf("state %s", it.State())
	}
	if it, err = r.Unkeep(t.Context(), id); err != nil || it.Kept || len(r.engine.kept) != 0 {
		t.Errorf("kept %v, %v; the engine keeps %v", it.Kept, err, r.engine.kept)
	}
	if _, err := r.Keep(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown: %v", err)
	}
}

func TestKeepIsRefused(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	r.engine.keepErr = fault.New(fault.DiskFull, "There is no room.")
	if _, err := r.Keep(t.Context(), id); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("no room: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Keep(t.Context(), id); fault.CodeOf(err) != fault.Missing {
		t.Errorf("no source: %v", err)
	}
	if it := r.item(t, id); it.Kept {
		t.Error("kept all the same")
	}
}

func TestAStoredItemPlaysWithoutItsSource(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := r.Playable(t.Context(), id); fault.CodeOf(err) != fault.Missing {
		t.Errorf("linked: %v", err)
	}
	r.SetStored(t.Context(), id, true)
	if err := r.Playable(t.Context(), id); err != nil {
		t.Errorf("stored: %v", err)
	}
	if it := r.item(t, id); it.State() != media.StateStored || !it.SourceMissing {
		t.Errorf("state %s, source missing %v", it.State(), it.SourceMissing)
	}
}

func TestAChangedSourceIsStoredNoMore(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	r.SetStored(t.Context(), id, true)
	r.file(t, "a.mp4", "VIDEO, another one")
	if _, err := r.Source(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if it := r.item(t, id); it.Stored || !slices.Contains(r.engine.forgot, id) {
		t.Errorf("stored %v, the engine forgot %v", it.Stored, r.engine.forgot)
	}
}
