package index_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// tenHours is a movie of ten hours at 60 frames a second with its index at the end: 1-second GOPs with B-frames, AAC
// at 48 kHz, chunks as a muxer interleaves them.
var tenHours = sync.OnceValue(func() (f struct {
	file         sparse
	video, sound plan
	moovBytes    int
},
) {
	r := rand.New(rand.NewPCG(1, 2))
	const frames, sounds = 10 * 3600 * 60, 10 * 3600 * 48000 / 1024
	at := int64(16) // after the header of mdat
	v, a := &f.video, &f.sound
	for len(v.sizes) < frames || len(a.sizes) < sounds {
		n := 0
		for ; n < 1+len(v.sizes)%3%2 && len(v.sizes) < frames; n++ {
			i := len(v.sizes)
			if i%60 == 0 {
				v.keys = append(v.keys, uint32(i))
			}
			v.sizes = append(v.sizes, 500+r.Uint32N(9000))
			v.duration = append(v.duration, 256)
			v.cto = append(v.cto, [...]int32{512, 1280, 512, 0, 256}[i%60%5])
		}
		if n > 0 {
			v.chunks, v.offsets = append(v.chunks, n), append(v.offsets, at)
			for _, s := range v.sizes[len(v.sizes)-n:] {
				at += int64(s)
			}
		}
		n = 0
		for ; n < 1 && len(a.sizes) < sounds; n++ {
			a.sizes = append(a.sizes, 200+r.Uint32N(400))
			a.duration = append(a.duration, 1024)
		}
		if n > 0 {
			a.chunks, a.offsets = append(a.chunks, n), append(a.offsets, at)
			at += int64(a.sizes[len(a.sizes)-1])
		}
	}
	head := append(box("ftyp", []byte("isom"), u32(512), []byte("isom")), u32(1)...)
	head = append(append(head, "mdat"...), u64(uint64(at+100))...)
	index := moov(
		track{1, "vide", 15360, videoEntry(1920, 1080), [][3]int{{36000000, 512, 1}}, v.boxes(true)},
		track{2, "soun", 48000, soundEntry(), [][3]int{{36000000, 1024, 1}}, a.boxes(true)},
	)
	start := int64(20) + at + 100
	f.moovBytes = len(index)
	f.file = sparse{start + int64(len(index)), map[int64][]byte{0: head, start: index}}
	return f
})

// TestTenHours checks a range in every part of a very long movie, and that memory does not grow with it.
func TestTenHours(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a 50 MB index")
	}
	f := tenHours()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x, err := index.Open(context.Background(), f.file, f.file.size, media.MP4)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	const most = 4 << 20
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
		t.Errorf("an index of %d MB keeps %d bytes, want at most %d", f.moovBytes>>20, grown, most)
	}
	for i, p := range []plan{f.video, f.sound} {
		track := x.Tracks[i]
		want := p.want(track.PresentationOffset())
		if track.SampleCount != uint32(len(want)) || !track.EditsExact || !track.DTSMonotonic {
			t.Fatalf("track %d: %d samples, exact %v; want %d", i, track.SampleCount, track.EditsExact, len(want))
		}
		r := rand.New(rand.NewPCG(3, 4))
		for range 200 {
			from := r.IntN(len(want))
			to := min(from+1+r.IntN(700), len(want))
			got, err := track.Samples(nil, uint32(from), uint32(to))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want[from:to], got) {
				diff := cmp.Diff(want[from:to], got)
				t.Fatalf("track %d, samples %d to %d (-want +got):\n%s", i, from, to, firstLines(diff, 20))
			}
			at := want[from].DTS
			for _, d := range []int64{0, 1, int64(want[from].Duration) - 1} {
				if s := track.SampleAt(at + d); s != uint32(from) {
					t.Fatalf("track %d: sample at %d+%d is %d, want %d", i, at, d, s, from)
				}
			}
		}
	}
	video := x.Tracks[0]
	if len(video.Keyframes) != len(f.video.keys) {
		t.Fatalf("%d keyframes, want %d", len(video.Keyframes), len(f.video.keys))
	}
	for i, k := range video.Keyframes {
		at := int64(i) * 60 * 256
		want := index.Keyframe{Sample: f.video.keys[i], DTS: at - 512, PTS: at, First: at}
		if k != want {
			t.Fatalf("keyframe %d is %+v, want %+v", i, k, want)
		}
	}
	if video.MaxGOPDuration != 60*256 || video.EndTicks != 10*3600*60*256 {
		t.Errorf("GOP %d, end %d", video.MaxGOPDuration, video.EndTicks)
	}
}

// BenchmarkOpenTenHours reports the time to open a ten-hour movie and the heap that its index keeps.
func BenchmarkOpenTenHours(b *testing.B) {
	f := tenHours()
	var before, after runtime.MemStats
	var x *index.Index
	b.SetBytes(int64(f.moovBytes))
	b.ReportAllocs()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		var err error
		if x, err = index.Open(context.Background(), f.file, f.file.size, media.MP4); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "retained-B")
	runtime.KeepAlive(x)
}

// BenchmarkSamples reports the time to find a 4-second segment's samples in the middle of a ten-hour movie.
func BenchmarkSamples(b *testing.B) {
	f := tenHours()
	x, err := index.Open(context.Background(), f.file, f.file.size, media.MP4)
	if err != nil {
		b.Fatal(err)
	}
	video := x.Tracks[0]
	var dst []index.Sample
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		from := uint32(i*7919*60) % (video.SampleCount - 240)
		if dst, err = video.Samples(dst[:0], from, from+240); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenRealFile reports the time to open an ordinary file.
func BenchmarkOpenRealFile(b *testing.B) {
	file := readAll(b, filepath.Join(mediaDir(b), "long_1080p_lowbitrate.mp4"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := openBytes(file, media.MP4); err != nil {
			b.Fatal(err)
		}
	}
}
