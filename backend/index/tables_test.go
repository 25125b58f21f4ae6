package index_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/index"
	"dropstream/backend/media"
)

// movie is a file with one video track and as many bytes of samples as the plan has.
func movie(t track) []byte {
	return slices.Concat(box("ftyp", []byte("isom"), u32(0)), box("mdat", make([]byte, 1<<16)), moov(t))
}

// random is a plan of n samples with everything irregular: sizes, durations, offsets, chunks, keyframes.
func random(r *rand.Rand, n int) plan {
	p := plan{cto: []int32{}, keys: []uint32{}}
	at := int64(100)
	for len(p.sizes) < n {
		chunk := min(1+r.IntN(9), n-len(p.sizes))
		p.chunks, p.offsets = append(p.chunks, chunk), append(p.offsets, at)
		for range chunk {
			if r.IntN(7) == 0 {
				p.keys = append(p.keys, uint32(len(p.sizes)))
			}
			size := r.Uint32N(15)
			p.sizes = append(p.sizes, size)
			p.duration = append(p.duration, 1+r.Uint32N(3)*r.Uint32N(2))
			p.cto = append(p.cto, r.Int32N(9)-4)
			at += int64(size)
		}
		if r.IntN(3) == 0 {
			at += int64(r.IntN(50))
		}
	}
	return p
}

// TestIrregularTables checks every range of tables of all sorts against what was written.
func TestIrregularTables(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 2, 9, 700, 1024, 1025, 4000} {
		p := random(r, n)
		x, err := openBytes(movie(track{1, "vide", 600, videoEntry(64, 48), nil, p.boxes(n%2 == 0)}), media.MP4)
		if err != nil {
			t.Fatal(err)
		}
		got := x.Tracks[0]
		want := p.want(0)
		for range 60 {
			from := r.IntN(n)
			to := from + 1 + r.IntN(min(n-from, 1500))
			some, err := got.Samples(nil, uint32(from), uint32(to))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want[from:to], some) {
				diff := cmp.Diff(want[from:to], some)
				t.Fatalf("%d samples, %d to %d (-want +got):\n%s", n, from, to, firstLines(diff, 20))
			}
			if s := got.SampleAt(want[from].DTS); s != uint32(from) {
				t.Fatalf("%d samples: at %d is %d, want %d", n, want[from].DTS, s, from)
			}
		}
		keys := make([]uint32, 0, len(p.keys))
		open := false
		for _, k := range got.Keyframes {
			keys = append(keys, k.Sample)
			if k.PTS != want[k.Sample].PTS() || k.DTS != want[k.Sample].DTS {
				t.Fatalf("keyframe %+v, want %+v", k, want[k.Sample])
			}
		}
		last := int64(-1 << 62)
		for _, s := range want {
			if s.Sync {
				last = s.PTS()
			}
			open = open || s.PTS() < last
		}
		if len(p.keys) < n && (!slices.Equal(keys, p.keys) || got.ClosedGOP == open) {
			t.Errorf("%d samples: keyframes %v, want %v; closed %v", n, keys, p.keys, got.ClosedGOP)
		}
		if biggest := slices.Max(p.sizes); got.MaxSampleBytes != biggest {
			t.Errorf("biggest sample %d, want %d", got.MaxSampleBytes, biggest)
		}
	}
}

// TestTableForms checks forms that other muxers write.
func TestTableForms(t *testing.T) {
	stts := fullBox("stts", 0, 0, u32(1, 6, 10))
	stco := fullBox("stco", 0, 0, u32(2, 100, 200))
	stsc := fullBox("stsc", 0, 0, u32(1), u32(1, 3, 1))
	offsets := func(x *index.Index) (all []int64) {
		got, err := x.Tracks[0].Samples(nil, 0, 99)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got {
			all = append(all, s.Offset)
		}
		return all
	}
	cases := []struct {
		name  string
		boxes [][]byte
		want  []int64
	}{
		{
			"one size for all",
			[][]byte{stts, stsc, stco, fullBox("stsz", 0, 0, u32(7, 6))},
			[]int64{100, 107, 114, 200, 207, 214},
		},
		{
			"sizes of 16 bits",
			[][]byte{stts, stsc, stco, fullBox("stz2", 0, 0, u32(16, 6), u16(1, 2, 3, 4, 5, 6))},
			[]int64{100, 101, 103, 200, 204, 209},
		},
		{
			"sizes of 8 bits",
			[][]byte{stts, stsc, stco, fullBox("stz2", 0, 0, u32(8, 6), u8(1, 2, 3, 4, 5, 6))},
			[]int64{100, 101, 103, 200, 204, 209},
		},
		{
			"sizes of 4 bits",
			[][]byte{stts, stsc, stco, fullBox("stz2", 0, 0, u32(4, 6), u8(0x12, 0x34, 0x56))},
			[]int64{100, 101, 103, 200, 204, 209},
		},
		{
			"a run of chunks without samples",
			[][]byte{
				stts, fullBox("stsc", 0, 0, u32(3), u32(1, 1, 1), u32(2, 0, 1), u32(4, 5, 1)),
				fullBox("stco", 0, 0, u32(4, 100, 200, 300, 400)), fullBox("stsz", 0, 0, u32(7, 6)),
			},
			[]int64{100, 400, 407, 414, 421, 428},
		},
		{"fewer chunks than samples", [][]byte{
			stts, stsc, fullBox("stco", 0, 0, u32(1, 100)),
			fullBox("stsz", 0, 0, u32(7, 6)),
		}, []int64{100, 107, 114}},
		{"counts of nothing", [][]byte{
			fullBox("stts", 0, 0, u32(3), u32(0, 5, 6, 10, 0, 1)), stsc, stco,
			fullBox("stsz", 0, 0, u32(7, 6)),
		}, []int64{100, 107, 114, 200, 207, 214}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x, err := openBytes(movie(track{1, "vide", 600, videoEntry(64, 48), nil, c.boxes}), media.MP4)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, offsets(x)); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			odd, err := x.Tracks[0].Samples(nil, 1, 2)
			if err != nil || len(odd) != 1 || odd[0].Offset != c.want[1] {
				t.Errorf("sample 1: %+v, %v; want it at %d", odd, err, c.want[1])
			}
		})
	}
}

// TestPlacesOfMoov checks the places where an index may be.
func TestPlacesOfMoov(t *testing.T) {
	p := plan{sizes: []uint32{9, 9}, duration: []uint32{1, 1}, chunks: []int{2}, offsets: []int64{5 << 30}}
	index64 := moov(track{1, "vide", 600, videoEntry(64, 48), nil, p.boxes(true)})
	ftyp := box("ftyp", []byte("isom"), u32(0))
	big := slices.Concat(ftyp, u32(1), []byte("mdat"), u64(6<<30))
	cases := []struct {
		name string
		file sparse
	}{
		{"beyond 4 GB", sparse{6<<30 + int64(len(ftyp)+len(index64)), map[int64][]byte{
			0: big, 6<<30 + int64(len(ftyp)): index64,
		}}},
		{"between mdats, the last one to the end", sparse{6 << 30, map[int64][]byte{0: slices.Concat(
			ftyp, box("wide"), box("mdat", make([]byte, 99)), box("free"), index64, u32(0), []byte("mdat"))}}},
		{"first, and no ftyp", sparse{6 << 30, map[int64][]byte{0: slices.Concat(index64, u32(0), []byte("mdat"))}}},
		{"before garbage", sparse{6 << 30, map[int64][]byte{0: slices.Concat(ftyp, index64, u32(3), []byte("xxxx"))}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x, err := index.Open(context.Background(), c.file, c.file.size, media.MP4)
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.Tracks[0].Samples(nil, 1, 2)
			if err != nil || len(got) != 1 || got[0].Offset != 5<<30+9 {
				t.Errorf("got %+v, %v; want a sample at %d", got, err, 5<<30+9)
			}
		})
	}
}

// TestEdits checks what an edit list leaves of a track of 12 frames, 10 ticks each, three to a GOP.
func TestEdits(t *testing.T) {
	const frames = 12
	p := plan{keys: []uint32{0, 3, 6, 9}, chunks: []int{frames}, offsets: []int64{100}}
	for range frames {
		p.sizes, p.duration = append(p.sizes, 1), append(p.duration, 10)
		p.cto = append(p.cto, 20) // as of a track whose edit takes the reordering delay out
	}
	type result struct {
		Exact       bool
		First, End  uint32
		Start, Stop int64
		FirstKey    int64
	}
	cases := []struct {
		name  string
		edits [][3]int // the movie's timescale is the track's
		want  result
	}{
		{"none", nil, result{true, 0, 12, 20, 140, 20}},
		{"the delay", [][3]int{{120, 20, 1}}, result{true, 0, 12, 0, 120, 0}},
		{"open end", [][3]int{{0, 20, 1}}, result{true, 0, 12, 0, 120, 0}},
		{"before the first frame", [][3]int{{140, 0, 1}}, result{true, 0, 12, 0, 120, 0}},
		{"empty first", [][3]int{{50, -1, 1}, {120, 20, 1}}, result{true, 0, 12, 50, 170, 50}},
		{"empty twice", [][3]int{{50, -1, 1}, {5, -1, 1}, {120, 20, 1}}, result{true, 0, 12, 55, 175, 55}},
		{"from the second keyframe", [][3]int{{90, 50, 1}}, result{true, 3, 12, 0, 90, -30}},
		{"inside a GOP", [][3]int{{90, 60, 1}}, result{false, 4, 12, 0, 80, -40}},
		{"tail cut between frames", [][3]int{{100, 20, 1}}, result{true, 0, 10, 0, 100, 0}},
		{"tail cut inside a frame", [][3]int{{95, 20, 1}}, result{true, 0, 10, 0, 100, 0}},
		{"twice as fast", [][3]int{{120, 20, 2}}, result{false, 0, 12, 0, 120, 0}},
		{"two edits", [][3]int{{30, 20, 1}, {30, 80, 1}}, result{false, 0, 3, 0, 30, 0}},
		{"only empty", [][3]int{{50, -1, 1}}, result{false, 0, 12, 70, 190, 70}},
		{"nothing inside", [][3]int{{50, 5000, 1}}, result{false, 0, 0, 0, 0, -4980}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := movie(track{1, "vide", movieTimescale, videoEntry(64, 48), c.edits, p.boxes(false)})
			x, err := openBytes(file, media.MP4)
			if err != nil {
				t.Fatal(err)
			}
			v := x.Tracks[0]
			got := result{v.EditsExact, v.FirstSample, v.EndSample, v.StartTicks, v.EndTicks, v.Keyframes[0].PTS}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			samples, err := v.Samples(nil, 0, 1)
			if err != nil || samples[0].PTS() != v.Keyframes[0].PTS {
				t.Errorf("sample 0 at %d, its keyframe at %d (%v)", samples[0].PTS(), v.Keyframes[0].PTS, err)
			}
		})
	}
}

// TestReordered checks that an edit which cuts between frames decoded in another order is not called exact.
func TestReordered(t *testing.T) {
	p := plan{ // I P B B: presented I B B P
		sizes: []uint32{1, 1, 1, 1}, duration: []uint32{10, 10, 10, 10}, cto: []int32{10, 30, 0, 0},
		keys: []uint32{0}, chunks: []int{4}, offsets: []int64{100},
	}
	for _, c := range []struct {
		length int
		exact  bool
	}{{40, true}, {30, false}, {20, false}} {
		edits := [][3]int{{c.length, 10, 1}}
		file := movie(track{1, "vide", movieTimescale, videoEntry(64, 48), edits, p.boxes(false)})
		x, err := openBytes(file, media.MP4)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Tracks[0].EditsExact; got != c.exact {
			t.Errorf("%d of 40 ticks: exact %v, want %v", c.length, got, c.exact)
		}
	}
}

// TestPriming checks that sound before and after the edit is outside.
func TestPriming(t *testing.T) {
	p := plan{chunks: []int{6}, offsets: []int64{100}}
	for range 6 {
		p.sizes, p.duration = append(p.sizes, 1), append(p.duration, 1024)
	}
	for _, c := range []struct {
		name       string
		edit       [3]int
		first, end uint32
		start      int64
	}{
		{"one frame", [3]int{0, 1024, 1}, 1, 6, 0},
		{"two frames and a bit", [3]int{0, 2112, 1}, 3, 6, 960},
		{"end inside the fifth", [3]int{4 * 1024 * 1000 / 48000, 1024, 1}, 1, 5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := movie(track{1, "soun", 48000, soundEntry(), [][3]int{c.edit}, p.boxes(false)})
			x, err := openBytes(file, media.MP4)
			if err != nil {
				t.Fatal(err)
			}
			a := x.Tracks[0]
			if !a.EditsExact || a.FirstSample != c.first || a.EndSample != c.end || a.StartTicks != c.start {
				t.Errorf("exact %v, samples %d to %d from %d; want %d to %d from %d", a.EditsExact,
					a.FirstSample, a.EndSample, a.StartTicks, c.first, c.end, c.start)
			}
		})
	}
}

// TestRawSound checks a track of more samples than are ever listed, each of one fixed size.
func TestRawSound(t *testing.T) {
	const count = 3_000_000_000
	boxes := [][]byte{
		fullBox("stts", 0, 0, u32(1, count, 1)), fullBox("stsz", 0, 0, u32(4, count)),
		fullBox("stsc", 0, 0, u32(1), u32(1, 1_000_000_000, 1)), fullBox("co64", 0, 0, u32(3), u64(100, 5<<30, 10<<30)),
	}
	file := slices.Concat(box("ftyp", []byte("qt  "), u32(0)), moov(track{1, "soun", 48000, soundEntry(), nil, boxes}))
	s := sparse{16 << 30, map[int64][]byte{0: file}}
	x, err := index.Open(context.Background(), s, s.size, media.QuickTime)
	if err != nil {
		t.Fatal(err)
	}
	a := x.Tracks[0]
	got, err := a.Samples(nil, 1_999_999_999, 2_000_000_001)
	want := []index.Sample{
		{Offset: 5<<30 + 999_999_999*4, Size: 4, Duration: 1, DTS: 1_999_999_999, Sync: true},
		{Offset: 10 << 30, Size: 4, Duration: 1, DTS: 2_000_000_000, Sync: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if at := a.SampleAt(2_500_000_000); at != 2_500_000_000 || a.SampleCount != count || a.EndTicks != count {
		t.Errorf("sample at 2.5e9 is %d of %d, end %d", at, a.SampleCount, a.EndTicks)
	}
	if _, err := a.Samples(nil, 0, count); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("all at once: %v, want a refusal", err)
	}
}

// TestTruncated checks that a sample beyond the end of the file is an error that names it, and the ones before it are
// not.
func TestTruncated(t *testing.T) {
	p := plan{sizes: []uint32{10, 10, 10}, duration: []uint32{1, 1, 1}, chunks: []int{3}}
	whole := func(at int64) []byte {
		p.offsets = []int64{at}
		return slices.Concat(moov(track{1, "vide", 600, videoEntry(64, 48), nil, p.boxes(false)}), make([]byte, 30))
	}
	file := whole(int64(len(whole(0)) - 30))
	for cut, lost := range map[int]bool{0: false, 1: true, 10: true} {
		x, err := openBytes(file[:len(file)-cut], media.MP4)
		if err != nil {
			t.Fatal(err)
		}
		v := x.Tracks[0]
		if v.Truncated != lost {
			t.Errorf("%d bytes cut: truncated %v", cut, v.Truncated)
		}
		if got, err := v.Samples(nil, 0, 2); err != nil || len(got) != 2 {
			t.Errorf("%d bytes cut: %d samples of what is left, %v", cut, len(got), err)
		}
		keep := make([]index.Sample, 1)
		got, err := v.Samples(keep, 0, 3)
		if lost && (fault.CodeOf(err) != fault.Damaged || !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1) {
			t.Errorf("%d bytes cut: %d samples, %v; want a fault", cut, len(got), err)
		}
	}
}

// TestConcurrent reads one track from several goroutines at once.
func TestConcurrent(t *testing.T) {
	p := random(rand.New(rand.NewPCG(8, 9)), 5000)
	x, err := openBytes(movie(track{1, "vide", 600, videoEntry(64, 48), nil, p.boxes(false)}), media.MP4)
	if err != nil {
		t.Fatal(err)
	}
	want := p.want(0)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for from := i * 13; from+50 < len(want); from += 601 {
				got, err := x.Tracks[0].Samples(nil, uint32(from), uint32(from+50))
				if err != nil || !slices.Equal(got, want[from:from+50]) {
					t.Errorf("samples from %d differ (%v)", from, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestCanceled checks that a long index stops being read when nobody waits for it.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := random(rand.New(rand.NewPCG(1, 1)), 50)
	file := movie(track{1, "vide", 600, videoEntry(64, 48), nil, p.boxes(false)})
	_, err := index.Open(ctx, bytes.NewReader(file), int64(len(file)), media.MP4)
	if fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v, want the context's error", err)
	}
}
