package stream

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

func TestTidyChapters(t *testing.T) {
	const s = time.Second
	// list writes chapters in short: start and end in seconds, and a title.
	list := func(all ...any) []media.Chapter {
		out := []media.Chapter{}
		for ; len(all) > 0; all = all[3:] {
			start, _ := all[0].(int)
			end, _ := all[1].(int)
			title, _ := all[2].(string)
			out = append(out, media.Chapter{Start: time.Duration(start) * s, End: time.Duration(end) * s, Title: title})
		}
		return out
	}
	want := list(0, 1, "a", 1, 3, "b")
	for name, c := range map[string]struct {
		all    []media.Chapter
		origin int
		want   []media.Chapter
	}{
		"as they are":      {list(0, 1, "a", 1, 3, "b"), 0, want},
		"out of order":     {list(1, 0, "b", 0, 0, "a"), 0, want},
		"overlapping":      {list(0, 9, "a", 1, 3, "b"), 0, want},
		"on a later clock": {list(1, 2, "a", 2, 4, "b"), 1, want},
		"outside":          {list(0, 1, "a", 3, 4, "x", 99, 0, "y"), 0, want[:1]},
		"twice":            {list(0, 1, "a", 0, 1, "x", 1, 0, "b"), 0, want},
		"far away":         {[]media.Chapter{{Start: 1<<63 - 1, End: 1<<63 - 1}}, 1, list()},
	} {
		got := tidyChapters(c.all, time.Duration(c.origin)*s, 3*s)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	many := make([]media.Chapter, 1<<14)
	for i := range many {
		many[i].Start = time.Duration(i) * s
	}
	if n := len(tidyChapters(many, 0, 1<<14*s)); n != maxTitleChapters {
		t.Errorf("%d chapters", n)
	}
}

func TestExtrasOfRealFiles(t *testing.T) {
	for _, name := range []string{"sample_with_chapters.mkv", "sample_with_chapters.mp4"} {
		src := sourceOf(t, filepath.Join(mediaFolder(t), name))
		e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
		x, err := e.Extras(t.Context(), src.ItemID)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Chapters) < 2 || x.Chapters[0].Title != "Chapter 1" || x.Chapters[0].Start != 0 {
			t.Errorf("%s: %+v", name, x.Chapters)
		}
	}
}
