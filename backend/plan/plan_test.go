package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// every gives keyframes step ticks apart, from 0 up to total.
func every(step, total media.Ticks) (keys []media.Ticks) {
	for t := media.Ticks(0); t < total; t += step {
		keys = append(keys, t)
	}
	return keys
}

func framesOf(keys []media.Ticks, total, step media.Ticks) func(int) []media.Ticks {
	return func(i int) []media.Ticks {
		end := total
		if i+1 < len(keys) {
			end = keys[i+1]
		}
		var f []media.Ticks
		for t := keys[i]; t < end; t += step {
			f = append(f, t)
		}
		return f
	}
}

func TestPassthroughCutsOnlyAtKeyframes(t *testing.T) {
	keys := every(900, 20000)
	p := Passthrough(Video{Timescale: 1000, Total: 20000, Keyframes: keys})
	if d := cmp.Diff([]media.Ticks{0, 2700, 5400, 9900, 14400, 18900, 20000}, p.Bounds); d != "" {
		t.Error(d)
	}
	for n, c := range p.Cuts {
		if keys[c] != p.Bounds[n] {
			t.Errorf("segment %d starts at %d, its keyframe at %d", n, p.Bounds[n], keys[c])
		}
	}
}

func TestTranscode(t *testing.T) {
	long := []media.Ticks{0}
	cases := []struct {
		name string
		v    Video
		want []media.Ticks
	}{
		{
			"keyframes a second or more apart",
			Video{Timescale: 1000, Total: 5000, Keyframes: every(500, 5000)},
			[]media.Ticks{0, 1000, 2000, 3000, 4000, 5000},
		},
		{"long group split at frames", Video{
			Timescale: 1000, Total: 7030, Keyframes: long,
			Frames: framesOf(long, 7030, 40),
		}, []media.Ticks{0, 1000, 2520, 4000, 5520, 7030}},
		{"long group split on the frame grid", Video{
			Timescale: 1000, Total: 8000, Keyframes: long,
			FrameRate: media.Rational{Num: 30000, Den: 1001},
		}, []media.Ticks{0, 1001, 2736, 4505, 6240, 8000}},
		{"nothing known", Video{Timescale: 90000, Total: 450000}, []media.Ticks{0, 90000, 270000, 450000}},
		{
			"late first keyframe",
			Video{Timescale: 1000, Total: 3000, Keyframes: []media.Ticks{300, 1900}},
			[]media.Ticks{0, 1000, 1900, 3000},
		},
		{"shorter than a frame", Video{Timescale: 1000, Total: 0}, []media.Ticks{0, 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Transcode(c.v).Bounds); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBoundsAscendWhateverTheKeyframes(t *testing.T) {
	for step := media.Ticks(1); step < 9000; step = step*3/2 + 1 {
		for _, total := range []media.Ticks{1, 999, 1000, 12345, 60000} {
			keys := every(step, total)
			v := Video{Timescale: 1000, Total: total, Keyframes: keys, Frames: framesOf(keys, total, 41)}
			for _, p := range []*Plan{Passthrough(v), Transcode(v)} {
				for i := 1; i < len(p.Bounds); i++ {
					if p.Bounds[i] <= p.Bounds[i-1] {
						t.Fatalf("step %d total %d: bounds %v", step, total, p.Bounds)
					}
				}
				if got := p.Bounds[p.Len()]; got != total {
					t.Fatalf("step %d: ends at %d, want %d", step, got, total)
				}
			}
		}
	}
}

func TestAudioGrid(t *testing.T) {
	p := Audio("", 48000, 10*48000)
	if d := cmp.Diff([]media.Ticks{0, 94 * 1024, 282 * 1024, 469 * 1024}, p.Bounds); d != "" {
		t.Error(d)
	}
}

func TestAt(t *testing.T) {
	p := &Plan{Timescale: 1000, Bounds: []media.Ticks{0, 1000, 2500, 4000}}
	for at, want := range map[media.Ticks]int{
		-5: 0, 0: 0, 999: 0, 1000: 1, 2499: 1, 2500: 2, 3999: 2, 4000: 2, 9000: 2,
	} {
		if got := p.At(at); got != want {
			t.Errorf("At(%d) = %d, want %d", at, got, want)
		}
	}
}

func TestNameFollowsKindAndSource(t *testing.T) {
	a, b, c := Name(KindAudio, "x"), Name(KindTranscode, "x"), Name(KindAudio, "y")
	if a == b || a == c || a != Name(KindAudio, "x") || strings.ContainsAny(a, "/+=") {
		t.Errorf("names %q %q %q", a, b, c)
	}
}

func TestLadder(t *testing.T) {
	cases := []struct {
		name    string
		v       media.VideoFormat
		largest int
		want    []Rung
	}{
		{
			"1080p",
			media.VideoFormat{Width: 1920, Height: 1080},
			LargestSide,
			[]Rung{
				{"1080p", false, 1920, 1080, 8_000_000},
				{"720p", false, 1280, 720, 4_500_000},
				{"480p", false, 852, 480, 2_500_000},
				{"360p", false, 640, 360, 1_200_000},
			},
		},
		{
			"4K portrait where 720p is the most",
			media.VideoFormat{Width: 3840, Height: 2160, Rotation: 90},
			CostlySide,
			[]Rung{
				{"720p", false, 720, 1280, 4_500_000},
				{"480p", false, 480, 852, 2_500_000},
				{"360p", false, 360, 640, 1_200_000},
			},
		},
		{
			"anamorphic and odd",
			media.VideoFormat{Width: 719, Height: 575, PixelAspect: media.Rational{Num: 16, Den: 15}},
			LargestSide,
			[]Rung{{"575p", false, 766, 574, 2_500_000}, {"360p", false, 480, 360, 1_200_000}},
		},
		{"tiny", media.VideoFormat{Width: 1, Height: 1}, LargestSide, []Rung{{"1p", false, 16, 16, 800_000}}},
		{
			"360p is one rung",
			media.VideoFormat{Width: 640, Height: 360},
			LargestSide,
			[]Rung{{"360p", false, 640, 360, 1_200_000}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Ladder(c.v, c.largest)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSendVideo(t *testing.T) {
	good := media.Track{Codec: media.H264, Video: media.VideoFormat{BitDepth: 8, Chroma: "4:2:0"}}
	facts := Facts{Indexed: true, OneEntry: true, Keyframes: true, Monotonic: true}
	if v := SendVideo(&good, facts); !v.Passthrough {
		t.Errorf("refused: %s", v.Reason)
	}
	for name, spoil := range map[string]func(*media.Track, *Facts){
		"MPEG-2":           func(t *media.Track, _ *Facts) { t.Codec = "mpeg2video" },
		"locked":           func(t *media.Track, _ *Facts) { t.Encrypted = true },
		"10 bits":          func(t *media.Track, _ *Facts) { t.Video.BitDepth = 10 },
		"4:2:2":            func(t *media.Track, _ *Facts) { t.Video.Chroma = "4:2:2" },
		"interlaced":       func(t *media.Track, _ *Facts) { t.Video.Interlaced = true },
		"HDR":              func(t *media.Track, _ *Facts) { t.Video.Transfer = "smpte2084" },
		"unknown depth":    func(t *media.Track, _ *Facts) { t.Video.BitDepth = 0 },
		"no index":         func(_ *media.Track, f *Facts) { f.Indexed = false },
		"edits":            func(_ *media.Track, f *Facts) { f.Edits = true },
		"open":             func(_ *media.Track, f *Facts) { f.Keyframes = false },
		"sparse keyframes": func(_ *media.Track, f *Facts) { f.LongestGOP = longestGOP + 1 },
		"cut short":        func(_ *media.Track, f *Facts) { f.Cut = true },
		"two entries":      func(_ *media.Track, f *Facts) { f.OneEntry = false },
		"backwards":        func(_ *media.Track, f *Facts) { f.Monotonic = false },
		"huge":             func(_ *media.Track, f *Facts) { f.LargestSample = largestSample + 1 },
	} {
		track, f := good, facts
		spoil(&track, &f)
		if v := SendVideo(&track, f); v.Passthrough || v.Reason == "" {
			t.Errorf("%s: passed through or without a reason: %+v", name, v)
		}
	}
}
