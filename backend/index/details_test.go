package index_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// TestOrientation checks every matrix of quarter turns, with and without mirroring.
func TestOrientation(t *testing.T) {
	const one, minus = 1 << 16, 1<<32 - 1<<16
	for _, c := range []struct {
		a, b, c, d uint32
		rotation   int
		mirrored   bool
	}{
		{one, 0, 0, one, 0, false},
		{0, one, minus, 0, 90, false},
		{minus, 0, 0, minus, 180, false},
		{0, minus, one, 0, 270, false},
		{minus, 0, 0, one, 0, true},   // left to right
		{one, 0, 0, minus, 180, true}, // upside down
		{0, one, one, 0, 270, true},
		{0, minus, minus, 0, 90, true},
		{0, 0, 0, 0, 0, false},
	} {
		file := movie(track{1, "vide", 600, videoEntry(64, 48), nil, nil})
		i := slices.Index(file, 't')
		for ; string(file[i:i+4]) != "tkhd"; i++ {
			continue
		}
		copy(file[i+4+40:], u32(c.a, c.b, 0, c.c, c.d, 0))
		x, err := openBytes(file, media.MP4)
		if err != nil {
			t.Fatal(err)
		}
		v := x.Tracks[0].Video
		if v.Rotation != c.rotation || v.Mirrored != c.mirrored {
			t.Errorf("%v: turned %d, mirrored %v", c, v.Rotation, v.Mirrored)
		}
	}
}

// TestEncrypted checks that a locked track is known by what it was.
func TestEncrypted(t *testing.T) {
	entry := videoEntry(64, 48)
	entry = box("encv", entry[8:], box("avcC", u8(1, 0x64, 0, 0x1f, 0xff, 0xe0, 0)),
		box("sinf", box("frma", []byte("avc1")), fullBox("schm", 0, 0, []byte("cenc"), u32(1<<16))))
	x, err := openBytes(movie(track{1, "vide", 600, entry, nil, nil}), media.MP4)
	if err != nil {
		t.Fatal(err)
	}
	v := x.Tracks[0]
	if !v.Encrypted || v.Codec != media.H264 || v.CodecString != "avc1.64001f" || v.NALLengthSize != 4 {
		t.Errorf("encrypted %v, codec %q (%q), length size %d", v.Encrypted, v.Codec, v.CodecString, v.NALLengthSize)
	}
}

// TestSound checks AAC's ways of saying what it is.
func TestSound(t *testing.T) {
	esds := func(object byte, asc ...byte) []byte {
		info := slices.Concat(u8(5, byte(len(asc))), asc)
		conf := slices.Concat(u8(4, byte(13+len(info)), object, 0x15), make([]byte, 3), u32(0, 0), info)
		return fullBox("esds", 0, 0, u8(3, byte(3+len(conf)), 0, 1, 0), conf)
	}
	entry := func(version uint16, extra []byte, inner ...[]byte) []byte {
		head := slices.Concat(make([]byte, 6), u16(1, version, 0, 0, 0, 2, 16, 0, 0), u32(22050<<16), extra)
		return box("mp4a", append([][]byte{head}, inner...)...)
	}
	for _, c := range []struct {
		name     string
		entry    []byte
		codec    media.Codec
		str      string
		profile  string
		rate, ch int
	}{
		{"LC", entry(0, nil, esds(0x40, 0x12, 0x10)), media.AAC, "mp4a.40.2", "LC", 44100, 2},
		{
			"HE-AAC, said in front", entry(0, nil, esds(0x40, 0x2b, 0x92, 0x08, 0x00)), media.AAC,
			"mp4a.40.5", "HE-AAC",
			44100, 2,
		},
		{
			"HE-AAC, said behind", entry(0, nil, esds(0x40, 0x13, 0x90, 0x56, 0xe5, 0xa0)), media.AAC,
			"mp4a.40.5", "HE-AAC",
			44100, 2,
		},
		{"HE-AACv2", entry(0, nil, esds(0x40, 0xeb, 0x8a, 0x08, 0x00)), media.AAC, "mp4a.40.29", "HE-AACv2", 44100, 2},
		{"5.1", entry(0, nil, esds(0x40, 0x11, 0xb0)), media.AAC, "mp4a.40.2", "LC", 48000, 6},
		{"MP3", entry(0, nil, esds(0x6b)), media.MP3, "mp4a.6b", "", 22050, 2},
		{"QuickTime, version 1", entry(1, make([]byte, 16), box("wave", box("frma", []byte("mp4a")),
			esds(0x40, 0x12, 0x10))), media.AAC, "mp4a.40.2", "LC", 44100, 2},
		{"QuickTime, version 2", entry(2, slices.Concat(u32(72), u64(0x40e7700000000000), u32(6, 127<<24, 16, 0, 0, 0)),
			esds(0x40)), media.AAC, "", "", 48000, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := openBytes(movie(track{1, "soun", 600, c.entry, nil, nil}), media.QuickTime)
			if err != nil {
				t.Fatal(err)
			}
			a := x.Tracks[0]
			if a.Codec != c.codec || a.CodecString != c.str || a.Profile != c.profile ||
				a.Audio.SampleRate != c.rate || a.Audio.Channels != c.ch {
				t.Errorf("got %q %q %q %+v", a.Codec, a.CodecString, a.Profile, a.Audio)
			}
		})
	}
}

// TestRealDetails checks what ffprobe does not say in the same words.
func TestRealDetails(t *testing.T) {
	dir := mediaDir(t)
	t.Run("passthrough", func(t *testing.T) {
		x := open(t, filepath.Join(dir, "sample.mp4"))
		v, a := x.Tracks[0], x.Tracks[1]
		if v.CodecString != "avc1.64001f" || v.NALLengthSize != 4 || !v.EditsExact || len(v.SampleEntry) < 100 ||
			string(v.SampleEntry[4:8]) != "avc1" || v.Video.Chroma != "4:2:0" || v.Video.BitDepth != 8 {
			t.Errorf("picture: %+v", v)
		}
		if a.CodecString != "mp4a.40.2" || !a.AllSync || a.Keyframes != nil {
			t.Errorf("sound: %+v", a)
		}
	})
	t.Run("no stss", func(t *testing.T) {
		v := open(t, filepath.Join(dir, "sample_without_stss.mp4")).Tracks[0]
		if !v.AllSync || !v.SyncUncertain {
			t.Errorf("all sync %v, uncertain %v", v.AllSync, v.SyncUncertain)
		}
	})
	t.Run("mirrored", func(t *testing.T) {
		v := open(t, filepath.Join(dir, "sample_rotate_and_reflect.mp4")).Tracks[0].Video
		if v.Rotation != 270 || !v.Mirrored {
			t.Errorf("turned %d, mirrored %v", v.Rotation, v.Mirrored)
		}
	})
	t.Run("encrypted", func(t *testing.T) {
		if v := open(t, filepath.Join(dir, "subsample_encrypted_noaltref.webm")).Tracks[0]; !v.Encrypted {
			t.Error("not encrypted")
		}
	})
	t.Run("no description", func(t *testing.T) {
		x := open(t, filepath.Join(dir, "sample_missing_stsd.mp4"))
		if a := x.Tracks[1]; a.SampleEntries != 0 || a.Codec != "" || a.Index != 1 {
			t.Errorf("%d entries, codec %q", a.SampleEntries, a.Codec)
		}
	})
	t.Run("chapters", func(t *testing.T) {
		for _, name := range []string{"sample_with_chapters.mp4", "sample_with_chapters.mkv"} {
			x := open(t, filepath.Join(dir, name))
			if len(x.Chapters) < 2 {
				t.Errorf("%s: %d chapters", name, len(x.Chapters))
			}
			for _, c := range x.Chapters {
				if c.Title == "" || c.End <= c.Start {
					t.Errorf("%s: chapter %+v", name, c)
				}
			}
			for _, track := range x.Tracks {
				if track.Kind == media.Text {
					t.Errorf("%s: chapters are offered as subtitles", name)
				}
			}
		}
	})
}

// TestChapters checks both ways of MP4 of saying chapters: Nero's list, and a track of text.
func TestChapters(t *testing.T) {
	meta := filepath.Join(t.TempDir(), "meta.txt")
	write(t, meta, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"+
		"[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Zwölf\n")
	want := []media.Chapter{
		{Start: 0, End: time.Second, Title: "One"}, {Start: time.Second, End: 3 * time.Second, Title: "Zwölf"},
	}
	for name, args := range map[string][]string{
		"a.mp4": nil, "a.mov": nil, "a.mkv": nil, "b.mp4": {"-movflags", "+disable_chpl"},
	} {
		path := ffmpeg(t, name, slices.Concat([]string{
			"-f", "lavfi", "-i", testPicture, "-i", meta, "-map_metadata", "1", "-map", "0:v", "-c:v", "mpeg4",
		}, args)...)
		if diff := cmp.Diff(want, open(t, path).Chapters); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOtherContainers checks that a container without an index is no error.
func TestOtherContainers(t *testing.T) {
	for _, c := range []media.Container{media.MPEGTS, media.AVI, media.Ogg, media.FLV} {
		x, err := openBytes([]byte("anything"), c)
		if err != nil || x.Precision != index.None || x.Container != c || len(x.Tracks) != 0 {
			t.Errorf("%s: %+v, %v", c, x, err)
		}
	}
}
