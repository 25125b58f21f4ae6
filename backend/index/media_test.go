package index_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// realFiles are the files of the media folder that the package indexes.
func realFiles(t testing.TB) []string {
	t.Helper()
	dir := mediaDir(t)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if container(e.Name()) != "" {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		t.Fatalf("no video in %s", dir)
	}
	return files
}

// TestRealFiles compares what the index says of every real file with what ffprobe says of it.
func TestRealFiles(t *testing.T) {
	for _, path := range realFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) { compare(t, path) })
	}
}

// compare reads a file twice with ffprobe: without its edit lists and with them.
func compare(t *testing.T, path string) *index.Index {
	t.Helper()
	x := open(t, path)
	raw, _, _ := probe(t, path, "-ignore_editlist", "1", "-show_packets")
	edited, streams, format := probe(t, path, "-show_packets", "-show_streams", "-show_format")
	compareHeaders(t, x, streams, format)
	if x.Precision == index.Samples {
		compareSamples(t, x, raw, edited)
	}
	if x.Precision != index.None {
		compareKeyframes(t, x, raw)
	}
	return x
}

// compareSamples wants every sample to be the same as ffprobe's packets without edit lists, and the presented ones to
// be those with them.
func compareSamples(t *testing.T, x *index.Index, raw, edited []packet) {
	t.Helper()
	for _, track := range x.Tracks {
		all, err := track.Samples(nil, 0, track.SampleCount)
		if err != nil {
			t.Fatalf("track %d: %v", track.Index, err)
		}
		compareRaw(t, track, all, only(raw, track.Index))
		some, err := track.Samples(nil, track.FirstSample, track.EndSample)
		if err != nil {
			t.Fatalf("track %d: %v", track.Index, err)
		}
		comparePresented(t, x, track, some, only(edited, track.Index))
	}
}

func only(all []packet, stream int) (some []packet) {
	for _, p := range all {
		if p.Stream == stream {
			some = append(some, p)
		}
	}
	return some
}

// dtsShift is what ffprobe adds to every PTS of a track with negative composition offsets.
func dtsShift(all []index.Sample) (shift int64) {
	for _, s := range all {
		shift = max(shift, -int64(s.CTO))
	}
	return shift
}

func compareRaw(t *testing.T, track *index.Track, all []index.Sample, want []packet) {
	t.Helper()
	if raw := track.Kind == media.Audio && len(all) > 0 && all[0].Size <= 8; raw {
		comparePCM(t, track, all, want) // ffprobe puts raw sound together into larger packets
		return
	}
	if len(want) == 0 && track.Kind != media.Video && track.Kind != media.Audio {
		return // a chapter track, which ffprobe takes for itself
	}
	if len(all) != len(want) {
		t.Fatalf("track %d: %d samples, ffprobe says %d", track.Index, len(all), len(want))
	}
	type row struct {
		DTS, PTS, Size, Pos int64
		Key                 bool
	}
	var a, b []row
	for i, s := range all {
		offset := track.PresentationOffset()
		a = append(a, row{s.DTS - offset, s.PTS() - offset, int64(s.Size), s.Offset, s.Sync})
		p := want[i]
		r := row{0, 0, p.size(), p.pos(), p.key()}
		if p.DTS != nil {
			r.DTS = *p.DTS
		}
		if p.PTS != nil {
			r.PTS = *p.PTS
		}
		b = append(b, r)
	}
	// ffprobe moves the DTS back, or the PTS on, by the lowest composition offset: one constant for a whole track.
	if len(b) > 0 {
		dts, pts := b[0].DTS-a[0].DTS, b[0].PTS-a[0].PTS
		if shift := dtsShift(all); dts != 0 && dts != -shift || pts != 0 && pts != shift {
			t.Errorf("track %d: DTS %+d and PTS %+d from ffprobe's, want 0 or %d", track.Index, -dts, -pts, shift)
		}
		for i := range b {
			b[i].DTS -= dts
			b[i].PTS -= pts
		}
	}
	if !slices.Equal(b, a) {
		diff := cmp.Diff(b, a)
		t.Errorf("track %d (-ffprobe +samples):\n%s", track.Index, firstLines(diff, 30))
	}
}

// comparePCM compares the bytes that the samples cover.
func comparePCM(t *testing.T, track *index.Track, all []index.Sample, want []packet) {
	t.Helper()
	if track.CodecTag == "ipcm" {
		return // ffprobe 5.1 takes all integer PCM for 16 bits, whatever pcmC and stsz say
	}
	i := 0
	for _, p := range want {
		for at := p.pos(); at < p.pos()+p.size(); at += int64(all[i-1].Size) {
			if all[i].Offset != at {
				t.Fatalf("track %d: sample %d at %d, ffprobe says %d", track.Index, i, all[i].Offset, at)
			}
			i++
		}
	}
	if i != len(all) {
		t.Errorf("track %d: %d samples, ffprobe says %d", track.Index, len(all), i)
	}
}

func comparePresented(t *testing.T, x *index.Index, track *index.Track, all []index.Sample, want []packet) {
	t.Helper()
	if len(want) == 0 && track.Kind != media.Video && track.Kind != media.Audio {
		return
	}
	if !track.EditsExact || len(all) == 0 || all[0].Size <= 8 && track.Kind == media.Audio {
		return
	}
	type row struct {
		PTS, Size, Pos int64
	}
	var a, b []row
	for _, s := range all {
		a = append(a, row{s.PTS(), int64(s.Size), s.Offset})
	}
	shift := int64(0)
	if x.Fragmented {
		shift = dtsShift(all) // see compareRaw
	}
	earliest := int64(math.MaxInt64)
	for _, p := range want {
		if p.discard() || p.PTS == nil || track.Kind == media.Audio && *p.PTS < 0 {
			continue
		}
		earliest = min(earliest, *p.PTS-shift)
		b = append(b, row{*p.PTS - shift, p.size(), p.pos()})
	}
	if earliest != track.StartTicks {
		t.Errorf("track %d starts at %d, ffprobe says %d", track.Index, track.StartTicks, earliest)
	}
	if !slices.Equal(b, a) {
		diff := cmp.Diff(b, a)
		t.Errorf("track %d presented (-ffprobe +samples):\n%s", track.Index, firstLines(diff, 30))
	}
}

func firstLines(s string, n int) string {
	for i := range s {
		if s[i] == '\n' {
			if n--; n == 0 {
				return s[:i] + "\n..."
			}
		}
	}
	return s
}

// compareKeyframes compares the keyframe list of every video track with ffprobe's key flags.
func compareKeyframes(t *testing.T, x *index.Index, raw []packet) {
	t.Helper()
	for _, track := range x.Tracks {
		if track.Kind != media.Video || track.AllSync {
			continue
		}
		all, err := track.Samples(nil, 0, track.SampleCount)
		if err != nil {
			t.Fatal(err)
		}
		ps := only(raw, track.Index)
		shift := int64(0) // see compareRaw
		if len(all) > 0 {
			shift = *ps[0].PTS - (all[0].PTS() - track.PresentationOffset())
		}
		var want []int64
		for _, p := range ps {
			if p.key() {
				want = append(want, *p.PTS-shift)
			}
		}
		slices.Sort(want)
		got := make([]int64, 0, len(track.Keyframes))
		for _, k := range track.Keyframes {
			got = append(got, k.PTS-track.PresentationOffset())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("track %d keyframes (-ffprobe +index):\n%s", track.Index, firstLines(diff, 30))
		}
	}
}
