package stream

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/testkit/fakeffmpeg"
)

func TestMain(m *testing.M) {
	fakeffmpeg.Main()
	os.Exit(m.Run())
}

// onFake has an engine use a fake encoder that is taken for proved.
func onFake(t *testing.T, mode fakeffmpeg.Mode) (*fakeffmpeg.Fake, func(*Engine)) {
	t.Helper()
	fake := fakeffmpeg.Install(t, mode)
	return fake, func(e *Engine) {
		tools := *e.tools
		tools.FFmpeg, tools.Unconfined = fake.Path, errors.New("a script")
		e.tools = &tools
		believe := func(context.Context, ffmpeg.Encoder) error { return nil }
		if err := e.hw.prove(t.Context(), []ffmpeg.Encoder{{Name: "h264_nvenc"}}, believe); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyEncodersThatProveThemselvesAreUsed(t *testing.T) {
	for mode, want := range map[fakeffmpeg.Mode]error{
		fakeffmpeg.Good: nil, fakeffmpeg.Sets: nil, fakeffmpeg.Refuses: errNoOutput, fakeffmpeg.Green: errUnlike,
		fakeffmpeg.Misplaces: errKeyframes, fakeffmpeg.Swallows: errCount,
	} {
		t.Run(string(mode), func(t *testing.T) {
			_, use := onFake(t, mode)
			e := newTestEngine(t, nil)
			use(e)
			if err := e.hw.prove(t.Context(), []ffmpeg.Encoder{{Name: "h264_nvenc"}}, e.proveEncoder); err != nil {
				t.Fatal(err)
			}
			states := e.hw.list()
			if len(states) != 1 {
				t.Fatalf("%d encoders, want 1", len(states))
			}
			if s := states[0]; s.Proved != (want == nil) || !errors.Is(s.Reason, want) {
				t.Errorf("proved %v, %v; want %v", s.Proved, s.Reason, want)
			}
			if e.hw.usable() != (want == nil) {
				t.Errorf("usable: %v", e.hw.usable())
			}
		})
	}
}

func TestAnEncoderThatIsNotListedIsNotLookedFor(t *testing.T) {
	for mode, want := range map[fakeffmpeg.Mode]bool{fakeffmpeg.Unlisted: false, fakeffmpeg.Good: true} {
		fake := fakeffmpeg.Install(t, mode)
		tools, err := ffmpeg.Find(t.Context(), ffmpeg.FindOptions{Getenv: func(key string) string {
			if key == "DROPSTREAM_FFMPEG" {
				return fake.Path
			}
			return os.Getenv(key)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if tools.Encoders["h264_nvenc"] != want {
			t.Errorf("%s: listed: %v", mode, !want)
		}
	}
}

// hardwareRendition is the rendition that encoders in hardware take part in.
func hardwareRendition(t *testing.T, ti *title) rendition {
	t.Helper()
	rungs := ti.familyFor(media.PlaysAVC3, ti.rungs)
	r, ok := ti.video[rungs[0].Name]
	if !ok || !isInBand(rungs[0]) {
		t.Fatalf("no rendition for hardware: %+v", rungs)
	}
	if slices.ContainsFunc(ti.familyFor(0, ti.rungs), isInBand) {
		t.Error("a player that says nothing gets parameter sets in samples")
	}
	return r
}

// TestSegmentsOfBothKindsFitTogether: made in any order, by hardware and by software in turns, with other parameter
// sets each time.
func TestSegmentsOfBothKindsFitTogether(t *testing.T) {
	src := clip(t, "mixed.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=16"}, costly...)...)
	fake, use := onFake(t, fakeffmpeg.Sets)
	_, ti := prepared(t, src, use)
	r := hardwareRendition(t, ti)
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	segments := make([][]byte, p.Len())
	for i, n := range []int{5, 0, 3, 1, 4, 2} {
		mode := fakeffmpeg.Sets
		if i%2 == 1 {
			mode = fakeffmpeg.DiesAtOnce
		}
		fake.Set(t, mode)
		if segments[n], err = r.Segment(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	for n := range segments {
		if segments[n], err = r.Segment(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	init, err := r.Init(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := frames(t, slices.Concat(append([][]byte{init}, segments...)...), "v:0"); n != 400 {
		t.Errorf("%d pictures, want 400", n)
	}
}

// TestACardThatTakesOneAtATime: what it does not take is made by software, and that is no fault of its.
func TestACardThatTakesOneAtATime(t *testing.T) {
	src := clip(t, "two.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=30"}, costly...)...)
	_, use := onFake(t, fakeffmpeg.OneSession)
	e, ti := prepared(t, src, use)
	r := hardwareRendition(t, ti)
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, n := range []int{0, p.Len() / 2} {
		wg.Go(func() {
			if _, err := r.Segment(t.Context(), n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !e.hw.usable() {
		t.Error("set aside")
	}
}
