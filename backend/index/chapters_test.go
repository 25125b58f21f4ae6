package index_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// TestEditions checks which chapters of Matroska a viewer is meant to see.
func TestEditions(t *testing.T) {
	flag := func(id uint32) []byte { return ebml(id, u8(1)) }
	chapter := func(at, end uint32, title string, more ...[]byte) []byte {
		parts := append([][]byte{
			ebml(0x91, u64(uint64(at)*1e9)), ebml(0x80, ebml(0x85, []byte(title))), ebml(0x92, u64(uint64(end)*1e9)),
		}, more...)
		return ebml(0xB6, parts...)
	}
	off := ebml(0x4598, u8(0)) // ChapterFlagEnabled
	const hidden = 0x98
	deep := chapter(9, 10, "bottom")
	for range 100 {
		deep = chapter(9, 10, "deep", deep)
	}
	for name, c := range map[string]struct {
		editions [][]byte
		want     []string
	}{
		"the first": {[][]byte{
			ebml(0x45B9, chapter(1, 2, "a"), chapter(2, 3, "b")), ebml(0x45B9, chapter(5, 6, "x")),
		}, []string{"1s a", "2s b"}},
		"the default one": {[][]byte{
			ebml(0x45B9, chapter(1, 2, "x")), ebml(0x45B9, flag(0x45DB), chapter(1, 2, "a")),
			ebml(0x45B9, flag(0x45DB), chapter(1, 2, "y")),
		}, []string{"1s a"}},
		"none that is hidden": {[][]byte{
			ebml(0x45B9, flag(0x45BD), flag(0x45DB), chapter(1, 2, "x")), ebml(0x45B9, chapter(3, 4, "a")),
		}, []string{"3s a"}},
		"those in others behind them, and none of what is hidden or disabled": {[][]byte{ebml(0x45B9,
			chapter(0, 9, "part", chapter(1, 2, "a"), chapter(2, 3, "b", flag(hidden))),
			chapter(9, 12, "x", flag(hidden), chapter(10, 11, "y")), chapter(12, 13, "z", off),
		)}, []string{"0s part", "1s a"}},
		"no bottomless ones": {[][]byte{ebml(0x45B9, deep)}, slices.Repeat([]string{"9s deep"}, 8)},
		"no more than a list": {[][]byte{
			ebml(0x45B9, slices.Repeat(chapter(1, 2, "a"), 1<<14)),
		}, slices.Repeat([]string{"1s a"}, 1<<12)},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := openBytes(mkv(
				ebml(idTracks, ebml(0xAE, ebml(0xD7, u8(1)), ebml(0x83, u8(1)), ebml(0x86, []byte("V_VP8")))),
				ebml(0x1043A770, c.editions...),
				ebml(idCluster, ebml(0xE7, u8(0)), ebml(simple, u8(0x81, 0, 0, 0x80))),
			), media.Matroska)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, chapterLines(x)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func chapterLines(x *index.Index) (lines []string) {
	for _, c := range x.Chapters {
		lines = append(lines, c.Start.Truncate(time.Second).String()+" "+c.Title)
	}
	return lines
}

// TestRoles checks what tracks are said to be for, in both containers' words.
func TestRoles(t *testing.T) {
	entry := func(more ...[]byte) []byte {
		return ebml(0xAE, append(more, ebml(0xD7, u8(1)), ebml(0x83, u8(17)), ebml(0x86, []byte("S_TEXT/UTF8")))...)
	}
	set := func(id uint32) []byte { return ebml(id, u8(1)) }
	x, err := openBytes(mkv(
		ebml(idTracks, entry(set(0x55AB), set(0x55AA)), entry(set(0x55AF), ebml(0x55AB, u8(0))), entry(set(0x55AE)),
			entry(set(0x55AC)), entry()),
		ebml(idCluster, ebml(0xE7, u8(0)), ebml(simple, u8(0x81, 0, 0, 0x80))),
	), media.Matroska)
	if err != nil {
		t.Fatal(err)
	}
	want := []media.Role{
		media.ForHearingImpaired, media.IsCommentary, media.IsOriginal, media.ForVisuallyImpaired, 0,
	}
	for i, track := range x.Tracks {
		if track.Role != want[i] || track.Forced != (i == 0) {
			t.Errorf("track %d of Matroska: role %b, forced %v", i, track.Role, track.Forced)
		}
	}

	kind := func(value string) []byte {
		return box("udta", fullBox("kind", 0, 0, []byte("urn:mpeg:dash:role:2011\x00"+value+"\x00")))
	}
	tagged := func(word string) []byte { return box("udta", box("tagc", []byte(word))) }
	for name, c := range map[string]struct {
		udta   []byte
		flags  uint32
		role   media.Role
		forced bool
	}{
		"caption":      {kind("caption"), 0, media.ForHearingImpaired, false},
		"commentary":   {kind("commentary"), 0, media.IsCommentary, false},
		"forced":       {kind("forced-subtitle"), 0, 0, true},
		"other scheme": {box("udta", fullBox("kind", 0, 0, []byte("about:x\x00dub\x00"))), 0, 0, false},
		"no scheme":    {box("udta", fullBox("kind", 0, 0)), 0, 0, false},
		"spoken":       {tagged("public.accessibility.transcribes-spoken-dialog"), 0, media.ForHearingImpaired, false},
		"forced only":  {tagged("public.subtitles.forced-only"), 0, 0, true},
		"all forced":   {nil, 1 << 31, 0, true},
		"plain":        {nil, 0x40000, 0, false},
	} {
		text := box("tx3g", make([]byte, 6), u16(1), u32(c.flags), make([]byte, 26))
		trak := track{1, "sbtl", 1000, text, nil, nil}.bytes()
		x, err := openBytes(box("moov", moov()[8:], box("trak", trak[8:], c.udta)), media.MP4)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Tracks[0]; got.Role != c.role || got.Forced != c.forced || got.Codec != "mov_text" {
			t.Errorf("%s: role %b, forced %v, codec %s", name, got.Role, got.Forced, got.Codec)
		}
	}
}
