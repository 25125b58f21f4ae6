package index_test

import (
	"math"
	"os"
	"path/filepath"
	"sort"
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

// TestSamplesAgainstFFprobe compares every sample of every real ISO file with ffprobe's packets.
func TestSamplesAgainstFFprobe(t *testing.T) {
	for _, path := range realFiles(t) {
		if !container(path).IsISO() {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) { compareSamples(t, path) })
	}
}

// compareSamples reads a file twice with ffprobe: without its edit lists, when every sample must be the same, and
// with them, when the presented ones must.
func compareSamples(t *testing.T, path string) {
	t.Helper()
	x := open(t, path)
	if x.Precision != index.Samples {
		t.Fatalf("precision %v, want samples", x.Precision)
	}
	raw, streams, _ := probe(t, path, "-ignore_editlist", "1", "-show_packets", "-show_streams")
	if len(streams) < len(x.Tracks) {
		t.Fatalf("%d tracks, ffprobe says %d", len(x.Tracks), len(streams))
	}
	for _, track := range x.Tracks {
		all, err := track.Samples(nil, 0, track.SampleCount)
		if err != nil {
			t.Fatalf("track %d: %v", track.Index, err)
		}
		compareRaw(t, track, all, only(raw, track.Index))
	}
	edited, _, _ := probe(t, path, "-show_packets")
	for _, track := range x.Tracks {
		all, err := track.Samples(nil, track.FirstSample, track.EndSample)
		if err != nil {
			t.Fatalf("track %d: %v", track.Index, err)
		}
		comparePresented(t, track, all, only(edited, track.Index))
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
		a = append(a, row{s.DTS - track.PresentationOffset(), s.PTS() - track.PresentationOffset(), int64(s.Size), s.Offset, s.Sync})
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
	if diff := cmp.Diff(b, a); diff != "" {
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

func comparePresented(t *testing.T, track *index.Track, all []index.Sample, want []packet) {
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
	earliest := int64(math.MaxInt64)
	for _, p := range want {
		if p.discard() || p.PTS == nil || track.Kind == media.Audio && *p.PTS < 0 {
			continue
		}
		earliest = min(earliest, *p.PTS)
		b = append(b, row{*p.PTS, p.size(), p.pos()})
	}
	if earliest != track.StartTicks {
		t.Errorf("track %d starts at %d, ffprobe says %d", track.Index, track.StartTicks, earliest)
	}
	if diff := cmp.Diff(b, a); diff != "" {
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

// TestKeyframesAgainstFFprobe compares the keyframe list of every video track with ffprobe's key flags.
func TestKeyframesAgainstFFprobe(t *testing.T) {
	for _, path := range realFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			x := open(t, path)
			if x.Precision == index.None {
				t.Skip("no index in this file")
			}
			packets, _, _ := probe(t, path, "-ignore_editlist", "1", "-show_packets")
			for _, track := range x.Tracks {
				if track.Kind != media.Video || track.AllSync {
					continue
				}
				var want, got []int64
				all, err := track.Samples(nil, 0, track.SampleCount)
				if err != nil {
					t.Fatal(err)
				}
				ps := only(packets, track.Index)
				shift := int64(0) // see compareRaw
				if len(all) > 0 {
					shift = *ps[0].PTS - (all[0].PTS() - track.PresentationOffset())
				}
				for _, p := range ps {
					if p.key() {
						want = append(want, *p.PTS-shift)
					}
				}
				for _, k := range track.Keyframes {
					got = append(got, k.PTS-track.PresentationOffset())
				}
				sort.Slice(want, func(i, j int) bool { return want[i] < want[j] })
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("track %d keyframes (-ffprobe +index):\n%s", track.Index, firstLines(diff, 30))
				}
			}
		})
	}
}
