package index_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/index"
	"dropstream/backend/media"
)

// TestHostile opens files whose boxes lie. Each must be refused in words, or opened with what can be believed; none may
// crash, hang, or take memory for what it only claims to hold.
func TestHostile(t *testing.T) {
	entry := videoEntry(64, 48)
	video := func(boxes ...[]byte) []byte {
		return movie(track{1, "vide", 600, entry, nil, boxes})
	}
	stts, stsc := fullBox("stts", 0, 0, u32(1, 6, 10)), fullBox("stsc", 0, 0, u32(1), u32(1, 3, 1))
	stco, stsz := fullBox("stco", 0, 0, u32(2, 100, 200)), fullBox("stsz", 0, 0, u32(7, 6))
	vp8 := ebml(0x86, []byte("V_VP8"))
	many := make([]track, 200)
	for i := range many {
		many[i] = track{uint32(i), "vide", 600, entry, nil, nil}
	}
	const huge = 1<<32 - 1
	cases := []struct {
		name string
		file []byte
		want fault.Code // "": it opens
	}{
		{"nothing", nil, fault.Damaged},
		{"no moov", box("ftyp", []byte("isom"), u32(0)), fault.Damaged},
		{
			"no moov after mdat", slices.Concat(box("ftyp", []byte("isom")), box("mdat", make([]byte, 99))),
			fault.Damaged,
		},
		{"half a moov", video(stts, stsc, stco, stsz)[:1<<16+100], fault.Damaged},
		{"an empty moov", box("moov"), ""},
		{"a moov of 300 MB", nil, fault.Unsupported}, // settled below
		{"200 tracks", moov(many...), fault.Unsupported},
		{"2^32 sizes", video(stts, stsc, stco, fullBox("stsz", 0, 0, u32(0, huge))), fault.Damaged},
		{"2^32 small sizes", video(stts, stsc, stco, fullBox("stz2", 0, 0, u32(4, huge))), fault.Damaged},
		{"2^32 samples of one size", video(stts, stsc, stco, fullBox("stsz", 0, 0, u32(7, huge))), ""},
		{"2^32 durations", video(fullBox("stts", 0, 0, u32(huge)), stsc, stco, stsz), fault.Damaged},
		{"2^32 chunks", video(stts, stsc, fullBox("stco", 0, 0, u32(huge)), stsz), fault.Damaged},
		{"2^32 wide chunks", video(stts, stsc, fullBox("co64", 0, 0, u32(huge)), stsz), fault.Damaged},
		{"2^32 runs of chunks", video(stts, fullBox("stsc", 0, 0, u32(huge)), stco, stsz), fault.Damaged},
		{"2^32 keyframes", video(stts, stsc, stco, stsz, fullBox("stss", 0, 0, u32(huge))), fault.Damaged},
		{"2^32 offsets", video(stts, stsc, stco, stsz, fullBox("ctts", 0, 0, u32(huge))), fault.Damaged},
		{"endless run of durations", video(fullBox("stts", 0, 0, u32(1, huge, huge)), stsc, stco, stsz), ""},
		{"longer than time", video(fullBox("stts", 0, 0, u32(1, huge, huge)), fullBox("stsc", 0, 0, u32(1, 1, huge, 1)),
			stco, fullBox("stsz", 0, 0, u32(7, huge))), fault.Damaged},
		{"endless run of chunks", video(stts, fullBox("stsc", 0, 0, u32(1, 1, huge, 1)), stco, stsz), ""},
		{
			"chunks that go back",
			video(stts, fullBox("stsc", 0, 0, u32(3), u32(1, 1, 1, 9, 1, 1, 2, 1, 1)), stco, stsz),
			fault.Damaged,
		},
		{"chunks from zero", video(stts, fullBox("stsc", 0, 0, u32(1), u32(0, 3, 1)), stco, stsz), fault.Damaged},
		{"chunks of nothing", video(stts, fullBox("stsc", 0, 0, u32(1), u32(1, 0, 1)), stco, stsz), ""},
		{"keyframes that go back", video(stts, stsc, stco, stsz, fullBox("stss", 0, 0, u32(2, 4, 2))), fault.Damaged},
		{"keyframes that are not there", video(stts, stsc, stco, stsz, fullBox("stss", 0, 0, u32(2, 0, 77))), ""},
		{"no keyframes", video(stts, stsc, stco, stsz, fullBox("stss", 0, 0, u32(0))), ""},
		{"no tables", video(), ""},
		{"no durations", video(stsc, stco, stsz), ""},
		{"sizes of 3 bits", video(stts, stsc, stco, fullBox("stz2", 0, 0, u32(3, 6), u32(0))), fault.Damaged},
		{"a timescale of zero", movie(track{1, "vide", 0, entry, nil, [][]byte{stts, stsc, stco, stsz}}), ""},
		{"an edit from before time", movie(track{1, "vide", 600, entry, [][3]int{{5, -7, 1}}, nil}), fault.Damaged},
		{"an edit beyond time", movie(track{1, "vide", 600, entry, [][3]int{{5, 1 << 62, 1}}, nil}), fault.Damaged},
		{"an edit longer than time", movie(track{1, "vide", 600, entry, [][3]int{{-5, 0, 1}}, nil}), fault.Damaged},
		{"many empty edits", movie(track{1, "vide", 600, entry, emptyEdits(3000), nil}), fault.Damaged},
		{"boxes in boxes", nested(5000), ""},
		{"many boxes", box("moov", bytes.Repeat(box("free"), 20000)), fault.Unsupported},
		{"an empty entry", movie(track{1, "vide", 600, box("avc1"), nil, nil}), ""},
		{"an entry that is cut", movie(track{1, "vide", 600, entry[:40], nil, nil}), ""},
		{"a compressed moov", box("moov", box("cmov", make([]byte, 40))), ""},
		{"a run of 2^32 samples", fragmentedMovie(0, huge, 0, 0), fault.Unsupported},
		{"a run of 2^32 listed samples", fragmentedMovie(trunSize, huge, 0, 0), fault.Damaged},
		{"a fragment beyond time", fragmentedMovie(0, 6, 1<<63, 0), fault.Damaged},
		{"a fragment before the file", fragmentedMovie(0, 6, 0, -1<<31), ""},

		{"no segment", []byte("\x1a\x45\xdf\xa3\x84\x42\x82\x81x"), fault.Damaged},
		{"half a segment", mkv(ebml(0x1549A966))[:30], fault.Damaged},
		{"elements in elements", mkv(ebml(idTracks, nestedElements(5000))), ""},
		{"a size beyond all", mkv(u32(0x1654AE6B), u8(1), bytes.Repeat([]byte{0x7f}, 7)), ""},
		{"a track without a number", mkv(ebml(idTracks, ebml(0xAE, ebml(0x83, u8(1)), vp8))), ""},
		{"a scale of zero", mkv(ebml(idInfo, ebml(0x2AD7B1, u8(0))), ebml(idTracks)), ""},
		{"a duration of NaN", mkv(ebml(idInfo, ebml(0x4489, u32(0x7fc00000))), ebml(idTracks)), ""},
		{"a duration without end", mkv(ebml(idInfo, ebml(0x4489, u64(0x7fefffffffffffff))), ebml(idTracks)), ""},
		{"a cue beyond time", mkvCues(u64(1<<63 - 1)), ""},
		{"seeks in a circle", mkv(ebml(0x114D9B74, ebml(0x4DBB, ebml(0x53AB, u32(0x114D9B74)), ebml(0x53AC, u8(1)))),
			ebml(idTracks)), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var r io.ReaderAt = bytes.NewReader(c.file)
			size := int64(len(c.file))
			if c.name == "a moov of 300 MB" {
				size = 301 << 20
				r = sparse{size, map[int64][]byte{0: slices.Concat(u32(300<<20), []byte("moov"))}}
			}
			container := media.MP4
			if bytes.HasPrefix(c.file, []byte("\x1a\x45")) {
				container = media.Matroska
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			x, err := index.Open(context.Background(), r, size, container)
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 8<<20 {
				t.Errorf("allocated %d bytes for a file of %d", spent, len(c.file))
			}
			if fault.CodeOf(err) != c.want {
				t.Fatalf("got %v (%q), want code %q", err, fault.CodeOf(err), c.want)
			}
			if err == nil {
				use(t, x)
			}
		})
	}
}

const (
	trunSize = 0x200
	idInfo   = 0x1549A966
	idTracks = 0x1654AE6B
)

func emptyEdits(n int) (all [][3]int) {
	for range n {
		all = append(all, [3]int{1 << 54, -1, 1})
	}
	return all
}

func nested(depth int) []byte {
	p := []byte(nil)
	for range depth {
		p = box("moov", p)
	}
	return p
}

// fragmentedMovie is a moov without samples, and one fragment of count samples.
func fragmentedMovie(fields, count uint32, tfdt uint64, offset int32) []byte {
	return slices.Concat(
		moov(track{1, "vide", 600, videoEntry(64, 48), nil, nil}),
		box("moof", box("traf",
			fullBox("tfhd", 0, 0x20038, u32(1, 10, 10, 0)),
			fullBox("tfdt", 1, 0, u64(tfdt)),
			fullBox("trun", 0, 1|fields, u32(count, uint32(offset)), u32(7, 7, 7, 7, 7, 7)))),
		box("mdat", make([]byte, 1000)))
}

// ebml is an EBML element with a size of eight bytes.
func ebml(id uint32, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	p := bytes.TrimLeft(u32(id), "\x00")
	return slices.Concat(p, u64(1<<56|uint64(len(body))), body)
}

func mkv(parts ...[]byte) []byte {
	return slices.Concat(ebml(0x1A45DFA3, ebml(0x4282, []byte("matroska"))), ebml(0x18538067, parts...))
}

// mkvCues is a file with a cue at the given time, and one at 5.
func mkvCues(at []byte) []byte {
	cue := func(at []byte) []byte {
		return ebml(0xBB, ebml(0xB3, at), ebml(0xB7, ebml(0xF7, u8(1)), ebml(0xF1, u8(0))))
	}
	return mkv(
		ebml(idTracks, ebml(0xAE, ebml(0xD7, u8(1)), ebml(0x83, u8(1)), ebml(0x86, []byte("V_VP8")))),
		ebml(0x1C53BB6B, cue(at), cue(u8(5)), cue(u8(5))),
		ebml(0x1F43B675, ebml(0xE7, u8(0)), ebml(0xA3, u8(0x81, 0, 0, 0x80))))
}

func nestedElements(depth int) []byte {
	p := []byte(nil)
	for range depth {
		p = ebml(0xAE, p)
	}
	return p
}

// use asks an index for everything it offers, within reason.
func use(t testing.TB, x *index.Index) {
	t.Helper()
	_ = x.Probe()
	for _, from := range []int64{-1 << 62, 0, 1 << 40} {
		// What cannot be read is an error or nothing; a panic inside would be a fault of ours.
		err := x.TextBlocks(t.Context(), from, 1<<61, anyTrack, func(b index.Block) {
			if b.Track == nil || b.PTS < from || b.Duration < 0 {
				t.Errorf("block at %d for %d, asked from %d", b.PTS, b.Duration, from)
			}
		})
		if err != nil && strings.Contains(err.Error(), "panic") {
			t.Error(err)
		}
	}
	for _, track := range x.Tracks {
		if track.Timescale == 0 || track.FirstSample > track.EndSample || track.EndSample > track.SampleCount {
			t.Errorf("track %d: timescale %d, samples %d to %d of %d", track.Index, track.Timescale,
				track.FirstSample, track.EndSample, track.SampleCount)
		}
		n := track.SampleCount
		for _, from := range []uint32{0, n / 2, n - min(n, 3)} {
			all, err := track.Samples(nil, from, from+3)
			if err == nil && len(all) != int(min(3, n-from)) {
				t.Errorf("track %d: %d samples from %d of %d", track.Index, len(all), from, n)
			}
			for i, s := range all {
				if at := track.SampleAt(s.DTS); track.DTSMonotonic && at != from+uint32(i) {
					t.Errorf("track %d: sample at %d is %d, want %d", track.Index, s.DTS, at, from+uint32(i))
				}
			}
		}
		for _, at := range []int64{-1 << 62, -1, 0, track.EndTicks, 1 << 61} {
			if s := track.SampleAt(at); s >= max(n, 1) {
				t.Errorf("track %d: sample at %d is %d of %d", track.Index, at, s, n)
			}
		}
		useBlocks(t, track)
		for i := 1; i < len(track.Keyframes); i++ {
			if track.Keyframes[i].Sample <= track.Keyframes[i-1].Sample {
				t.Errorf("track %d: keyframe %d is not after the one before it", track.Index, i)
			}
		}
	}
}

// TestEveryByte opens small real files with each byte of their headers changed, and with each length cut.
func TestEveryByte(t *testing.T) {
	for _, name := range []string{
		"sample_av1.mkv", "subsample_encrypted_noaltref.webm", "sample_fragmented.mp4",
		"h265_bframes.mp4", "sample_partially_fragmented.mp4", "dolbyVision-hdr.MOV",
	} {
		t.Run(name, func(t *testing.T) {
			whole := readAll(t, filepath.Join(mediaDir(t), name))
			c := container(name)
			p := bytes.Clone(whole)
			for at := 0; at < min(len(whole), 3000); at++ {
				for _, v := range []byte{whole[at] + 1, whole[at] ^ 0x80} {
					p[at] = v
					open1(t, p, c)
				}
				p[at] = whole[at]
			}
			for n := 0; n < min(len(whole), 6000); n += 7 {
				open1(t, whole[:n], c)
			}
		})
	}
}

// open1 opens bytes that may be anything: the error, if any, has a code and a sentence.
func open1(t testing.TB, p []byte, c media.Container) {
	t.Helper()
	x, err := openBytes(p, c)
	if err == nil {
		use(t, x)
		return
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Damaged && f.Code != fault.Unsupported {
		t.Fatalf("error without a sentence: %v", err)
	}
	if strings.Contains(err.Error(), "panic") {
		t.Errorf("caught: %v", err)
	}
}

// TestReaderError checks that a reader's own error comes through.
func TestReaderError(t *testing.T) {
	file := movie(track{1, "vide", 600, videoEntry(64, 48), nil, plan{
		sizes: []uint32{1}, duration: []uint32{1}, chunks: []int{1}, offsets: []int64{50},
	}.boxes(false)})
	for fail := range 12 {
		r := &failing{r: bytes.NewReader(file), left: fail}
		x, err := index.Open(context.Background(), r, int64(len(file)), media.MP4)
		if err == nil {
			_, err = x.Tracks[0].Samples(nil, 0, 1)
		}
		if r.left < 0 && !errors.Is(err, os.ErrClosed) {
			t.Errorf("read %d fails: got %v", fail, err)
		}
	}
}

// failing fails after some reads.
type failing struct {
	r    io.ReaderAt
	left int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrClosed
	}
	return f.r.ReadAt(p, off)
}

func FuzzOpen(f *testing.F) {
	p := plan{
		sizes: []uint32{1, 2, 3}, duration: []uint32{1, 1, 2}, cto: []int32{1, -1, 0}, keys: []uint32{0, 2},
		chunks: []int{2, 1}, offsets: []int64{8, 20},
	}
	for _, edits := range [][][3]int{nil, {{9, -1, 1}, {3, 1, 1}}} {
		f.Add(moov(track{1, "vide", 600, videoEntry(64, 48), edits, p.boxes(false)}), false)
		f.Add(moov(track{1, "soun", 600, soundEntry(), edits, p.boxes(true)}), false)
	}
	f.Add(fragmentedMovie(trunSize, 6, 9, 200), false)
	f.Add(mkvCues(u8(3)), true)
	for _, c := range blockCases() {
		f.Add(c.file(), true)
	}
	f.Add(mkvText(ebml(0x6D80, ebml(0x6240, ebml(0x5034, ebml(0x4254, u8(3)), ebml(0x4255, []byte("He")))))), true)
	if dir := os.Getenv("DROPSTREAM_MEDIA"); dir != "" {
		for _, name := range []string{"sample_av1.mkv", "subsample_encrypted_noaltref.webm"} {
			if p, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
				f.Add(p, true)
			}
		}
	}
	f.Fuzz(func(t *testing.T, p []byte, ebml bool) {
		c := media.MP4
		if ebml {
			c = media.Matroska
		}
		open1(t, p, c)
		x, err := index.Open(t.Context(), bytes.NewReader(p), int64(len(p)), c)
		if err != nil {
			return
		}
		for _, track := range x.Tracks {
			for i := range min(len(track.Keyframes), 8) {
				if at, ok, err := track.GroupStart(t.Context(), i); err == nil && ok && at > track.Keyframes[i].PTS {
					t.Errorf("the group of keyframe %d begins at %d, after it at %d", i, at, track.Keyframes[i].PTS)
				}
			}
		}
	})
}
