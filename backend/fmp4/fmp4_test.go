package fmp4

import (
	"bytes"
	"os"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

func TestTimeAbutsAndKeepsPresentationTimes(t *testing.T) {
	cases := []struct {
		name      string
		pts       []media.Ticks // decode order
		from, to  media.Ticks
		durations []uint32
		offsets   []int32
	}{
		{"no reordering", []media.Ticks{100, 110, 120}, 100, 130, []uint32{10, 10, 10}, []int32{0, 0, 0}},
		{"B frames", []media.Ticks{0, 30, 10, 20}, 0, 40, []uint32{10, 10, 10, 10}, []int32{0, 20, -10, -10}},
		{"variable rate", []media.Ticks{0, 70, 33}, 0, 100, []uint32{33, 37, 30}, []int32{0, 37, -37}},
		{"first stretched back, last on", []media.Ticks{5, 15}, 0, 60, []uint32{15, 45}, []int32{0, 0}},
		{"doubled time spread", []media.Ticks{0, 10, 10}, 0, 20, []uint32{10, 1, 9}, []int32{0, 0, -1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			samples := make([]Sample, len(c.pts))
			for i, p := range c.pts {
				samples[i] = Sample{PTS: p, Size: 1, Sync: i == 0}
			}
			got, err := Time(samples, c.from, c.to)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(Timing{c.durations, c.offsets}, got); d != "" {
				t.Error(d)
			}
			sum := c.from
			for _, d := range got.Durations {
				sum += media.Ticks(d)
			}
			if sum != c.to {
				t.Errorf("durations end at %d, want %d", sum, c.to)
			}
		})
	}
}

func TestTimeRefusesFramesPastTheEnd(t *testing.T) {
	if _, err := Time([]Sample{{PTS: 0}, {PTS: 50}}, 0, 50); err == nil {
		t.Error("a frame at the segment's end was taken")
	}
	if _, err := Time(nil, 0, 50); err == nil {
		t.Error("an empty segment was taken")
	}
}

func TestSegmentIsReadBack(t *testing.T) {
	samples := []Sample{{PTS: 1000, Size: 3, Sync: true}, {PTS: 1080, Size: 2}, {PTS: 1040, Size: 4}}
	data := []byte("abcdefghi")
	seg, err := Segment(7, samples, data, 1000, 1120)
	if err != nil {
		t.Fatal(err)
	}
	f, err := mp4.DecodeFile(bytes.NewReader(seg))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Segments) != 1 || len(f.Segments[0].Fragments) != 1 {
		t.Fatalf("got %d segments", len(f.Segments))
	}
	frag := f.Segments[0].Fragments[0]
	got, err := frag.GetFullSamples(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		dts  uint64
		pts  int64
		data string
	}{{1000, 1000, "abc"}, {1040, 1080, "de"}, {1080, 1040, "fghi"}}
	for i, w := range want {
		if got[i].DecodeTime != w.dts || got[i].PresentationTime() != w.pts || string(got[i].Data) != w.data {
			t.Errorf("sample %d: dts %d pts %d %q, want %+v", i, got[i].DecodeTime, got[i].PresentationTime(),
				got[i].Data, w)
		}
	}
	if frag.Moof.Mfhd.SequenceNumber != 7 {
		t.Errorf("sequence %d", frag.Moof.Mfhd.SequenceNumber)
	}
}

func TestAACInitIsReadBack(t *testing.T) {
	config, err := AACConfig(48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]byte{0x11, 0x90}, config); d != "" {
		t.Error(d)
	}
	entry, err := AACEntry(config, 48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Init{Timescale: 48000, SampleEntry: entry}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	trak := f.Init.Moov.Trak
	if trak.Mdia.Mdhd.Timescale != 48000 || trak.Mdia.Minf.Stbl.Stsd.Mp4a == nil || f.Init.Moov.Mvex == nil {
		t.Errorf("init lacks its parts: %+v", trak.Mdia.Mdhd)
	}
}

func FuzzReader(f *testing.F) {
	for _, name := range []string{"testdata/encoded.mp4"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b))
		if _, err := r.Init(); err != nil {
			return
		}
		for range 1000 {
			frag, err := r.Next()
			if err != nil {
				return
			}
			var total uint64
			for _, s := range frag.Samples {
				total += uint64(s.Size)
			}
			if total != uint64(len(frag.Data)) {
				t.Fatalf("samples of %d bytes in %d bytes", total, len(frag.Data))
			}
		}
	})
}

func FuzzADTS(f *testing.F) {
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x80, 0x01, 0x3f, 0xfc, 0x21, 0x00})
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := NewADTSReader(bytes.NewReader(b))
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}

// TestTurnedPictureKeepsItsCorner: whatever the turn, the picture's corners come to lie on those of the one shown.
func TestTurnedPictureKeepsItsCorner(t *testing.T) {
	const one = 1 << 16
	for rotation, want := range map[int][9]int32{
		0:   {one, 0, 0, 0, one, 0, 0, 0, 1 << 30},
		90:  {0, one, 0, -one, 0, 0, 720 * one, 0, 1 << 30},
		180: {-one, 0, 0, 0, -one, 0, 1280 * one, 720 * one, 1 << 30},
		270: {0, -one, 0, one, 0, 0, 0, 1280 * one, 1 << 30},
	} {
		if d := cmp.Diff(want, matrix(rotation, false, 1280, 720)); d != "" {
			t.Errorf("%d degrees:\n%s", rotation, d)
		}
	}
	if d := cmp.Diff([9]int32{-one, 0, 0, 0, one, 0, 1280 * one, 0, 1 << 30}, matrix(0, true, 1280, 720)); d != "" {
		t.Errorf("mirrored:\n%s", d)
	}
}
