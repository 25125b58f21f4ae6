package stream

import (
	"os"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// refOf names the first video rendition of a title.
func refOf(ti *title) media.Ref {
	r := ti.rungs[0]
	return media.Ref{Item: ti.src.ItemID, Kind: media.Video, Rendition: r.Name, Plan: ti.videoPlan(r)}
}

// prepared is an engine, set as tune says, with one source that is open.
func prepared(t *testing.T, src media.Source, tune ...func(*Engine)) (*Engine, *title) {
	t.Helper()
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	for _, set := range tune {
		set(e)
	}
	if _, err := e.Prepare(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	release()
	return e, ti
}

func TestASourceThatShrinksIsNotPlayedOn(t *testing.T) {
	src := clip(t, "shrinks.mp4", av(append(x264, "-c:a", "aac", "-movflags", "+faststart")...)...)
	e, ti := prepared(t, src)
	ref := refOf(ti)
	if _, err := e.Segment(t.Context(), ref, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(src.Path, src.SizeBytes/2); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Segment(t.Context(), ref, 1); fault.CodeOf(err) != fault.Missing {
		t.Errorf("got %v, want a fault that says the file changed", err)
	}
}

func TestASourceThatVanishesPlaysToItsEnd(t *testing.T) {
	src := clip(t, "vanishes.mp4", av(append(x264, "-c:a", "aac")...)...)
	e, ti := prepared(t, src)
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	p, err := ti.video[ti.rungs[0].Name].Plan()
	if err != nil {
		t.Fatal(err)
	}
	for n := range p.Len() {
		if _, err := e.Segment(t.Context(), refOf(ti), n); err != nil {
			t.Errorf("segment %d: %v", n, err) // the open file is still there
		}
	}
	e.drop(src.ItemID)
	if _, err := e.Segment(t.Context(), refOf(ti), 0); fault.CodeOf(err) != fault.Missing {
		t.Errorf("opened anew: got %v, want a fault that says it is missing", err)
	}
}

func TestUnknownPartsAreNotFound(t *testing.T) {
	e, ti := prepared(t, clip(t, "parts.mp4", av(append(x264, "-c:a", "aac")...)...))
	good := refOf(ti)
	for name, spoil := range map[string]func(*media.Ref){
		"rendition": func(r *media.Ref) { r.Rendition = "4320p" },
		"plan":      func(r *media.Ref) { r.Plan = "AAAA" },
		"kind":      func(r *media.Ref) { r.Kind = media.Text },
		"track":     func(r *media.Ref) { r.Kind, r.Track = media.Audio, 99 },
	} {
		ref := good
		spoil(&ref)
		if _, err := e.Segment(t.Context(), ref, 0); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, n := range []int{-1, 1 << 20} {
		if _, err := e.Segment(t.Context(), good, n); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("segment %d: %v", n, err)
		}
	}
}

func TestWhatCannotPlayIsSaidInWords(t *testing.T) {
	cases := map[string]struct {
		make func(t *testing.T) media.Source
		code fault.Code
	}{
		"unfinished": {func(t *testing.T) media.Source {
			t.Helper()
			src := clip(t, "unfinished.mp4", av(append(x264, "-c:a", "aac")...)...) // its index is at the end
			if err := os.Truncate(src.Path, src.SizeBytes/2); err != nil {
				t.Fatal(err)
			}
			return sourceOf(t, src.Path)
		}, fault.Damaged},
		"locked": {func(t *testing.T) media.Source {
			t.Helper()
			return clip(t, "locked.mp4", av(append(x264, "-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr",
				"-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
				"-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")...)...)
		}, fault.Encrypted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			src := c.make(t)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			_, err := e.Prepare(t.Context(), src)
			if fault.CodeOf(err) != c.code {
				t.Errorf("got %v, want code %s", err, c.code)
			}
			t.Log(fault.MessageOf(err))
		})
	}
}
