package index

import (
	"encoding/binary"
	"fmt"
	"strings"

	"dropstream/backend/media"
)

// trak is the state of reading one track.
type trak struct {
	out      *Track
	handler  string // of mdia's hdlr: vide, soun, sbtl ...
	duration uint64 // of mdhd, in Timescale
	edits    []edit
	first    media.Ticks // media time at which the edit starts
	last     media.Ticks // media time at which it ends; maxTicks where it is open
	tables   tables
	scan     *scanner
	next     media.Ticks // media DTS after the last sample

	size       [2]int // of tkhd, in pixels
	fragmented bool   // fragments may follow
}

// trak reads one trak box (ISO/IEC 14496-12 8.3.1). ffmpeg makes a stream of every one of them, even of a broken one,
// so a broken one stays in the list without samples.
func (f *isoFile) trak(b box) error {
	t := &trak{out: &Track{src: f.src, Timescale: 1}}
	t.out.Index = f.stream
	t.out.Kind = media.Other
	f.stream++
	f.traks = append(f.traks, t)
	return eachBox(f.walk, b.body, b.end, func(b box) error {
		switch b.typ {
		case "tkhd":
			return f.trackHeader(t, b)
		case "edts":
			return f.editLists(t, b)
		case "mdia":
			return f.media(t, b)
		case "udta":
			return f.trackUserData(t, b)
		case "tref":
			return f.references(b)
		}
		return nil
	})
}

// trackHeader reads tkhd (8.3.2).
func (f *isoFile) trackHeader(t *trak, b box) error {
	p, err := f.walk.load(b.body, b.bodySize(), 4<<10)
	if err != nil {
		return fmt.Errorf("read tkhd: %w", err)
	}
	version, flags, p, _ := fullBox(p)
	r := newBE(p)
	if version == 1 {
		r.skip(16)
		t.out.ID = r.u32()
		r.skip(12)
	} else {
		r.skip(8)
		t.out.ID = r.u32()
		r.skip(8)
	}
	r.skip(16) // reserved, layer, alternate_group, volume
	t.out.Default = flags&1 != 0
	if m := readMatrix(r); r.ok {
		t.out.Video.Rotation, t.out.Video.Mirrored = m.then(f.mvhd.matrix).orientation()
	}
	if w, h := r.u32()>>16, r.u32()>>16; r.ok { // of subtitles that are images; a picture's own entry says its size
		t.size = [2]int{int(w), int(h)}
	}
	return nil
}

// media reads mdia and what is in it (8.4).
func (f *isoFile) media(t *trak, mdia box) error {
	var minf []box // after hdlr, which may come later and says how stsd is to be read
	err := eachBox(f.walk, mdia.body, mdia.end, func(b box) error {
		switch b.typ {
		case "mdhd":
			return f.mediaHeader(t, b)
		case "hdlr":
			p, err := f.walk.load(b.body, min(b.bodySize(), 64), 64)
			if err != nil {
				return fmt.Errorf("read hdlr: %w", err)
			}
			if len(p) >= 12 {
				t.setHandler(string(p[8:12]))
			}
		case "elng":
			p, err := f.walk.load(b.body, min(b.bodySize(), 64), 64)
			if err != nil {
				return fmt.Errorf("read elng: %w", err)
			}
			if _, _, p, ok := fullBox(p); ok {
				if lang := cString(p); lang != "" {
					t.out.Language = strings.ToLower(lang)
				}
			}
		case "minf":
			if len(minf) < 4 {
				minf = append(minf, b)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range minf {
		err = eachBox(f.walk, m.body, m.end, func(b box) error {
			if b.typ != "stbl" {
				return nil
			}
			return eachBox(f.walk, b.body, b.end, func(b box) error { return f.sampleTable(t, b) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *trak) setHandler(h string) {
	t.handler = h
	switch h {
	case "vide", "pict", "auxv":
		t.out.Kind = media.Video
	case "soun":
		t.out.Kind = media.Audio
	case "sbtl", "subt", "text", "clcp", "subp":
		t.out.Kind = media.Text
	}
}

// mediaHeader reads mdhd (8.4.2).
func (f *isoFile) mediaHeader(t *trak, b box) error {
	p, err := f.walk.load(b.body, b.bodySize(), 4<<10)
	if err != nil {
		return fmt.Errorf("read mdhd: %w", err)
	}
	version, _, p, _ := fullBox(p)
	r := newBE(p)
	if version == 1 {
		r.skip(16)
		t.out.Timescale, t.duration = r.u32(), known64(r.u64())
	} else {
		r.skip(8)
		t.out.Timescale, t.duration = r.u32(), known32(r.u32())
	}
	if t.out.Language == "" {
		t.out.Language = language(r.u16())
	}
	if t.out.Timescale == 0 || t.out.Timescale > 1<<31-1 {
		t.out.Timescale = 1 // ffmpeg's reading of a timescale that makes no sense
	}
	return nil
}

// macLanguages are QuickTime's language codes, by number, as ISO 639-2; only those that people still have files of.
var macLanguages = map[uint16]string{
	0: "eng", 1: "fra", 2: "deu", 3: "ita", 4: "nld", 5: "swe", 6: "spa", 7: "dan", 8: "por", 9: "nor", 10: "heb",
	11: "jpn", 12: "ara", 13: "fin", 14: "ell", 15: "isl", 17: "tur", 18: "hrv", 19: "zho", 20: "urd", 21: "hin",
	22: "tha", 23: "kor", 24: "lit", 25: "pol", 26: "hun", 27: "est", 28: "lav", 32: "rus", 33: "zho", 37: "ron",
	38: "ces", 39: "slk", 40: "slv", 80: "vie",
}

// language is mdhd's packed ISO 639-2 code, or a Macintosh one below 0x400.
func language(code uint16) string {
	if code < 0x400 {
		return macLanguages[code]
	}
	var l [3]byte
	for i := range l {
		l[i] = byte(code>>(10-5*i)&0x1f) + 0x60
		if l[i] < 'a' || l[i] > 'z' {
			return ""
		}
	}
	if string(l[:]) == "und" {
		return ""
	}
	return string(l[:])
}

// cString is p up to its first zero byte, or "" when it is no text.
func cString(p []byte) string {
	s, _, _ := strings.Cut(string(p), "\x00")
	return strings.ToValidUTF8(s, "")
}

// sampleTable notes one box of stbl (8.5.1). Only stsd is read now.
func (f *isoFile) sampleTable(t *trak, b box) error {
	switch b.typ {
	case "stsd":
		return f.sampleDescriptions(t, b)
	case "stts", "ctts", "stsc", "stsz", "stz2", "stco", "co64", "stss":
	default:
		return nil
	}
	head, err := f.walk.at(b.body, int(min(b.bodySize(), 16)))
	if err != nil {
		return fmt.Errorf("read %s: %w", b.typ, err)
	}
	if len(head) < 8 {
		return nil // an empty table
	}
	version, count := head[0], binary.BigEndian.Uint32(head[4:])
	tb := &t.tables
	switch b.typ {
	case "stts":
		return tb.stts.set(b, 8, count, 64)
	case "ctts":
		// Version 0 has unsigned offsets by the letter, but writers store negative ones in it all the same.
		_ = version
		return tb.ctts.set(b, 8, count, 64)
	case "stsc":
		return tb.stsc.set(b, 8, count, 96)
	case "stco":
		return tb.stco.set(b, 8, count, 32)
	case "co64":
		return tb.stco.set(b, 8, count, 64)
	case "stss":
		tb.hasStss = true
		return tb.stss.set(b, 8, count, 32)
	}
	if len(head) < 12 { // stsz, stz2
		return nil
	}
	size, count := binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[8:])
	switch {
	case b.typ == "stsz" && size != 0:
		tb.fixedSize, tb.samples = size, count
		return nil
	case b.typ == "stsz":
		tb.samples = count
		return tb.stsz.set(b, 12, count, 32)
	}
	bits := size & 0xff // field_size
	if bits != 4 && bits != 8 && bits != 16 {
		return damaged("stz2 with fields of %d bits", bits)
	}
	tb.samples = count
	return tb.stsz.set(b, 12, count, uint8(bits))
}
