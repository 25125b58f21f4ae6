package stream

import (
	"log/slog"
	"testing"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

func TestAnItemThatIsTooMuchIsSmallerTheNextTime(t *testing.T) {
	e := &Engine{log: slog.New(slog.DiscardHandler)}
	p := &plan.Plan{Timescale: 1000, Bounds: []media.Ticks{0, 2000, 4000}}
	f := &feed{e: e, key: cache.Key{Title: "much"}, side: 720}
	slow, quick := &head{began: time.Now().Add(-3 * time.Second)}, &head{began: time.Now().Add(-time.Second)}
	for range strugglesBefore {
		f.struggle(t.Context(), quick, p, 1)
		f.struggle(t.Context(), &head{}, p, 1) // its first segment costs the start as well
	}
	for range strugglesBefore - 1 {
		f.struggle(t.Context(), slow, p, 1)
	}
	if n := e.struggles.most("much", 1080); n != 1080 {
		t.Errorf("too soon: %d", n)
	}
	f.struggle(t.Context(), slow, p, 1)
	for item, want := range map[string]int{"much": 480, "another": 1080} {
		if n := e.struggles.most(item, 1080); n != want {
			t.Errorf("%s: %d, want %d", item, n, want)
		}
	}
	e.struggles.add("much", 360)
	if n := e.struggles.most("much", 1080); n != 360 {
		t.Errorf("there is nothing smaller: %d", n)
	}
	sound := &feed{e: e, key: cache.Key{Title: "sound"}}
	for range strugglesBefore {
		sound.struggle(t.Context(), slow, p, 1)
	}
	if n := e.struggles.most("sound", 1080); n != 1080 {
		t.Errorf("sound has no size: %d", n)
	}
}
