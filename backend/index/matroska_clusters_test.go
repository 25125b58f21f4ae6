package index_test

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// useBlocks asks a track for its blocks, within reason, and wants what is found to be in bounds.
func useBlocks(t testing.TB, track *index.Track) {
	t.Helper()
	n := len(track.Keyframes)
	for _, r := range [][2]int{{0, 1}, {0, n}, {n / 2, n/2 + 1}, {n - 1, n}, {-1, 0}, {n, n + 1}, {1, 1}} {
		all, exact, err := track.KeyframeBlocks(context.Background(), r[0], r[1])
		if err != nil && (all != nil || exact) || err == nil && len(all) == 0 {
			t.Errorf("track %d: %d samples of %v, exact %v, %v", track.Index, len(all), r, exact, err)
		}
		for _, s := range all {
			if s.Offset <= 0 || s.Size > math.MaxInt32 {
				t.Errorf("track %d: %d bytes at %d", track.Index, s.Size, s.Offset)
			}
		}
		if b := track.BlockBytes(r[0], r[1]); b < 0 {
			t.Errorf("track %d: %d bytes between %v", track.Index, b, r)
		}
	}
	for i := range min(n, 50) {
		all, exact, err := track.KeyframeBlocks(context.Background(), i, i+1)
		key, keyErr := track.KeyframeBlock(context.Background(), i)
		if err == nil && exact && (keyErr != nil || key != all[0]) {
			t.Errorf("track %d: keyframe %d is %+v, %v, not %+v", track.Index, i, key, keyErr, all[0])
		}
	}
	const far = math.MaxInt64 / 8
	for _, r := range [][2]int64{{0, 10}, {-far, far}, {track.EndTicks, track.EndTicks + 1}} {
		all, err := track.BlocksBetween(context.Background(), r[0], r[1])
		if err != nil && all != nil {
			t.Errorf("track %d: %d samples and %v", track.Index, len(all), err)
		}
		for _, s := range all {
			if s.PTS() < r[0] || s.PTS() >= r[1] {
				t.Errorf("track %d: sample at %d is not in %v", track.Index, s.PTS(), r)
			}
		}
	}
}

// TestBlocksOfFiles holds the blocks between any two keyframes against ffprobe's packets.
func TestBlocksOfFiles(t *testing.T) {
	for name, args := range map[string]string{
		"plain":          "",
		"small clusters": "-cluster_time_limit 200",
		"one cluster":    "-cluster_time_limit 30000 -cluster_size_limit 90000000",
		"Cues in front":  "-reserve_index_space 20000",
		"open GOP":       "-x264-params open-gop=1:scenecut=0",
		"two sounds":     "-map 0:v -map 1:a -map 1:a",
	} {
		t.Run(name, func(t *testing.T) {
			path := clip(t, "a.mkv", strings.Fields(args)...)
			x := open(t, path)
			raw, _, _ := probe(t, path, "-show_packets")
			for _, track := range x.Tracks {
				if !track.Readable {
					t.Fatalf("track %d is not readable", track.Index)
				}
				compareBlocks(t, track, only(raw, track.Index))
				useBlocks(t, track)
			}
		})
	}
}

func compareBlocks(t *testing.T, track *index.Track, want []packet) {
	t.Helper()
	type block struct{ PTS, Size int64 }
	blocksOf := func(all []index.Sample) (out []block) {
		for _, s := range all {
			out = append(out, block{s.PTS(), int64(s.Size)})
		}
		return out
	}
	packets := make([]block, 0, len(want))
	var keys []int
	for i, p := range want {
		packets = append(packets, block{*p.PTS, p.size()})
		if p.key() {
			keys = append(keys, i)
		}
	}
	if track.Kind == media.Audio {
		all, err := track.BlocksBetween(t.Context(), track.StartTicks, track.EndTicks+1)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(packets, blocksOf(all)); d != "" {
			t.Errorf("track %d (-ffprobe +index):\n%s", track.Index, firstLines(d, 20))
		}
		for from := track.StartTicks; from < track.EndTicks; from += 317 {
			all, err := track.BlocksBetween(t.Context(), from, from+317)
			if err != nil {
				t.Fatal(err)
			}
			outside := func(b block) bool { return b.PTS < from || b.PTS >= from+317 }
			in := slices.DeleteFunc(slices.Clone(packets), outside)
			if d := gocmp.Diff(in, blocksOf(all)); len(in) > 0 && d != "" {
				t.Errorf("track %d from %d (-ffprobe +index):\n%s", track.Index, from, firstLines(d, 20))
			}
		}
		return
	}
	keys = append(keys, len(packets))
	for i := range track.Keyframes {
		for j := i + 1; j <= len(track.Keyframes); j++ {
			all, exact, err := track.KeyframeBlocks(t.Context(), i, j)
			if err != nil || !exact {
				t.Fatalf("keyframes %d to %d: exact %v, %v", i, j, exact, err)
			}
			if d := gocmp.Diff(packets[keys[i]:keys[j]], blocksOf(all)); d != "" {
				t.Errorf("keyframes %d to %d (-ffprobe +index):\n%s", i, j, firstLines(d, 20))
			}
		}
	}
	if got := track.BlockBytes(0, len(track.Keyframes)); got < 1000 {
		t.Errorf("%d bytes in all", got)
	}
}

const (
	idCluster    = 0x1F43B675
	simple       = 0xA3
	keyFlag      = 0x80
	soundPrivate = "\x11\x90" // AAC-LC, 48 kHz, stereo
)

// written is a Matroska file that is written by hand: a picture as track 1, AAC as track 2, and clusters at times.
type written struct {
	encodings []byte // of the sound
	private   string // its CodecPrivate; "": AAC-LC of 48 kHz
	output    []byte // its OutputSamplingFrequency
	clusters  [][]byte
	unknown   bool      // clusters are of unknown size
	cues      [][2]int  // time and cluster of each
	frame     [2][]byte // the DefaultDuration of each track
}

func (w written) file() []byte {
	tracks := ebml(idTracks,
		ebml(0xAE, ebml(0xD7, u8(1)), ebml(0x83, u8(1)), ebml(0x86, []byte("V_MPEG4/ISO/AVC")), w.frame[0]),
		ebml(0xAE, ebml(0xD7, u8(2)), ebml(0x83, u8(2)), ebml(0x86, []byte("A_AAC")), w.encodings, w.frame[1],
			ebml(0x63A2, []byte(cmp.Or(w.private, soundPrivate))),
			ebml(0xE1, ebml(0xB5, u32(0x473b8000)), w.output, ebml(0x9F, u8(2)))))
	head := func(cues int) []byte {
		return ebml(0x114D9B74, ebml(0x4DBB, ebml(0x53AB, u32(0x1C53BB6B)), ebml(0x53AC, u32(uint32(cues)))))
	}
	at := len(head(0)) + len(tracks)
	var body []byte
	places := make([]uint32, 0, len(w.clusters))
	for _, c := range w.clusters {
		places = append(places, uint32(at+len(body)))
		if w.unknown {
			c = append(append(u32(idCluster), 0xff), c...)
		} else {
			c = ebml(idCluster, c)
		}
		body = append(body, c...)
	}
	cues := make([][]byte, 0, len(w.cues))
	for _, c := range w.cues {
		cues = append(cues, ebml(0xBB, ebml(0xB3, u32(uint32(c[0]))), ebml(0xB7, ebml(0xF7, u8(1)),
			ebml(0xF1, u32(places[c[1]])))))
	}
	return mkv(head(at+len(body)), tracks, body, ebml(0x1C53BB6B, cues...))
}

// at is a Cluster's payload: its time and its blocks.
func at(ms uint32, blocks ...[]byte) []byte {
	return append(ebml(0xE7, u32(ms)), bytes.Join(blocks, nil)...)
}

// one is a block's payload: its track, its time in the cluster, its flags and what follows.
func one(track byte, relative int16, flags byte, rest ...byte) []byte {
	return slices.Concat(u8(0x80|track), u16(uint16(relative)), u8(flags), rest)
}

type found struct {
	PTS  int64
	Sync bool
	Data string
}

type blockCase struct {
	name           string
	written        written
	picture, sound []found
	exact          bool
}

func (c blockCase) file() []byte { return c.written.file() }

func blockCases() []blockCase {
	picture := at(0, ebml(simple, one(1, 0, keyFlag, 'a')), ebml(simple, one(1, 40, 0, 'b')))
	later := at(100, ebml(simple, one(1, 0, keyFlag, 'c')))
	two := [][2]int{{0, 0}, {100, 1}}
	pictures := []found{{0, true, "a"}, {40, false, "b"}}
	laced := func(flags byte, rest ...byte) written {
		sound := ebml(simple, one(2, 0, keyFlag|flags, rest...))
		return written{clusters: [][]byte{slices.Concat(picture, sound), later}, cues: two}
	}
	sounds := []found{{0, true, "x"}, {21, true, "yy"}, {43, true, "zzz"}}
	encoded := func(parts ...[]byte) []byte { return ebml(0x6D80, ebml(0x6240, parts...)) }
	return []blockCase{
		{"simple blocks", written{clusters: [][]byte{picture, later}, cues: two}, pictures, nil, true},
		{"clusters of unknown size", written{
			clusters: [][]byte{picture, later}, cues: two, unknown: true,
		}, pictures, nil, true},
		{
			"block groups",
			written{clusters: [][]byte{
				at(0,
					ebml(0xA0, ebml(0xA1, one(1, 0, 0, 'a'))),
					ebml(0xA0, ebml(0x9B, u8(40)), ebml(0xA1, one(1, 80, 0, 'b')), ebml(0xFB, u8(0xd8))),
					ebml(0xA0, ebml(0xA1, one(1, 40, 0, 'B')), ebml(0xFB, u8(40)), ebml(0xFB, u8(0xd8)))),
				later,
			}, cues: two},
			[]found{{0, true, "a"}, {80, false, "b"}, {40, false, "B"}},
			nil, true,
		},
		{"a keyframe inside a cluster", written{
			clusters: [][]byte{append(slices.Clone(picture), ebml(simple, one(1, 100, keyFlag, 'c'))...)},
			cues:     [][2]int{{0, 0}, {100, 0}},
		}, pictures, nil, true},
		{"negative times", written{
			clusters: [][]byte{
				at(50, ebml(simple, one(1, -50, keyFlag, 'a')), ebml(simple, one(1, -10, 0, 'b'))), later,
			}, cues: two,
		}, pictures, nil, true},
		{"a cue that is late", written{
			clusters: [][]byte{picture, later}, cues: [][2]int{{0, 0}, {101, 1}},
		}, append(slices.Clone(pictures), found{100, true, "c"}), nil, false},
		{"a cue without a keyframe", written{
			clusters: [][]byte{at(0, ebml(simple, one(1, 0, 0, 'a'))), later}, cues: two,
		}, []found{{0, false, "a"}}, nil, false},
		{"rubbish in a cluster", written{
			clusters: [][]byte{append(slices.Clone(picture), 0xA5, 0x81, 0, 0xA3, 0x80), later}, cues: two,
		}, pictures, nil, false},
		{"Xiph lacing", laced(0x02, 2, 1, 2, 'x', 'y', 'y', 'z', 'z', 'z'), pictures, sounds, true},
		{"EBML lacing", laced(0x06, 2, 0x81, 0xC0, 'x', 'y', 'y', 'z', 'z', 'z'), pictures, sounds, true},
		{"fixed lacing", laced(0x04, 2, 'x', 'y', 'z'), pictures, []found{
			{0, true, "x"}, {21, true, "y"}, {43, true, "z"},
		}, true},
		{"lacing that does not fit", laced(0x02, 2, 200, 200, 'x', 'y'), pictures, nil, false},
		{"fixed lacing that does not fit", laced(0x04, 2, 'x', 'y'), pictures, nil, false},
		{"lacing without sizes", laced(0x06), pictures, nil, false},
		{"header stripping", func() written {
			w := laced(0, 'x')
			w.encodings = encoded(ebml(0x5034, ebml(0x4254, u8(3)), ebml(0x4255, []byte("HEAD"))))
			return w
		}(), pictures, []found{{0, true, "HEADx"}}, true},
	}
}

// TestBlocksByHand reads blocks that no muxer at hand writes.
func TestBlocksByHand(t *testing.T) {
	for _, c := range blockCases() {
		t.Run(c.name, func(t *testing.T) {
			file := c.file()
			x, err := openBytes(file, media.Matroska)
			if err != nil {
				t.Fatal(err)
			}
			all, exact, err := x.Tracks[0].KeyframeBlocks(t.Context(), 0, 1)
			if err != nil || exact != c.exact {
				t.Errorf("exact %v, %v", exact, err)
			}
			if d := gocmp.Diff(c.picture, contents(file, x.Tracks[0], all)); d != "" {
				t.Errorf("picture:\n%s", d)
			}
			if all, err = x.Tracks[1].BlocksBetween(t.Context(), 0, 1000); err != nil {
				t.Error(err)
			}
			if d := gocmp.Diff(c.sound, contents(file, x.Tracks[1], all)); d != "" {
				t.Errorf("sound:\n%s", d)
			}
			use(t, x)
		})
	}
}

func contents(file []byte, track *index.Track, all []index.Sample) (out []found) {
	for _, s := range all {
		data := string(track.Stripped) + string(file[s.Offset:s.Offset+int64(s.Size)])
		out = append(out, found{s.PTS(), s.Sync, data})
	}
	return out
}

// TestUnreadable: what is encrypted or compressed is not passed off as readable.
func TestUnreadable(t *testing.T) {
	for name, enc := range map[string][]byte{
		"zlib":            ebml(0x5034, ebml(0x4254, u8(0))),
		"zlib by default": ebml(0x5034),
		"encrypted":       ebml(0x5035),
		"type encrypted":  slices.Concat(ebml(0x5033, u8(1)), ebml(0x5034, ebml(0x4254, u8(3)))),
		"nothing said":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := blockCases()[0]
			c.written.encodings = ebml(0x6D80, ebml(0x6240, enc))
			x, err := openBytes(c.file(), media.Matroska)
			if err != nil {
				t.Fatal(err)
			}
			if x.Tracks[1].Readable || !x.Tracks[0].Readable {
				t.Errorf("readable: picture %v, sound %v", x.Tracks[0].Readable, x.Tracks[1].Readable)
			}
			if _, err := x.Tracks[1].BlocksBetween(t.Context(), 0, 10); err == nil {
				t.Error("its blocks were read")
			}
		})
	}
}

// TestFrameSamples: only plain AAC-LC says how long its frames are.
func TestFrameSamples(t *testing.T) {
	for name, c := range map[string]struct {
		private string
		output  []byte
		want    int
	}{
		"LC":                       {"\x11\x90", nil, 1024},
		"LC of 960":                {"\x11\x94", nil, 960},
		"LC, said twice":           {"\x11\x90", ebml(0x78B5, u32(0x473b8000)), 1024},
		"SBR in front":             {"\x2b\x11\x88\x00", nil, 0},
		"SBR at the back":          {"\x13\x10\x56\xe5\x98", nil, 0},
		"SBR by the container":     {"\x13\x10", ebml(0x78B5, u32(0x473b8000)), 0},
		"no AudioSpecificConfig":   {"\x00", nil, 0},
		"Main":                     {"\x09\x90", nil, 0},
		"parametric stereo":        {"\xeb\x09\x88\x00", nil, 0},
		"LC, but the rate is none": {"\x16\x90", nil, 1024},
	} {
		t.Run(name, func(t *testing.T) {
			w := blockCases()[0].written
			w.private, w.output = c.private, c.output
			x, err := openBytes(w.file(), media.Matroska)
			if err != nil {
				t.Fatal(err)
			}
			if got := x.Tracks[1].FrameSamples; got != c.want {
				t.Errorf("%d samples a frame of %s, want %d", got, x.Tracks[1].CodecString, c.want)
			}
		})
	}
}
