package index

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"dropstream/backend/media"
)

const maxStsdBytes = 4 << 20

// sampleDescriptions reads stsd (ISO/IEC 14496-12 8.5.2): the track's codec, from its first entry.
func (f *isoFile) sampleDescriptions(t *trak, b box) error {
	p, err := f.walk.load(b.body, b.bodySize(), maxStsdBytes)
	if err != nil {
		return fmt.Errorf("read stsd: %w", err)
	}
	version, _, p, ok := fullBox(p)
	if !ok || len(p) < 4 {
		return nil // a track without a description is of no known codec
	}
	p = p[4:]
	eachBoxIn(p, func(typ string, body, whole []byte) {
		t.out.SampleEntries++
		if t.out.SampleEntries > 1 {
			return
		}
		t.out.SampleEntry = append([]byte(nil), whole...)
		e := sampleEntry{t: t.out, typ: typ, quickTime: f.x.Container == media.QuickTime || version == 0}
		e.read(body)
		if images[t.out.Codec] {
			t.out.Video.Width, t.out.Video.Height = t.size[0], t.size[1]
		}
	})
	return nil
}

// sampleEntry is the state of reading one sample entry.
type sampleEntry struct {
	t         *Track
	typ       string // the entry's own type, or the original one of an encrypted entry
	quickTime bool   // sound entries may be QuickTime's versions 1 and 2
}

// read reads an entry by the kind of its track.
func (e *sampleEntry) read(body []byte) {
	t := e.t
	t.CodecTag = tagText(e.typ)
	if strings.HasPrefix(e.typ, "enc") {
		e.protected(body)
	}
	r := newBE(body)
	r.skip(8) // reserved, data_reference_index
	switch t.Kind {
	case media.Video:
		e.video(r)
	case media.Audio:
		e.audio(r)
	default:
		t.Codec = textCodecs[e.typ]
		if t.Codec == "" {
			t.Kind = media.Other
		} else {
			t.Kind = media.Text
			if e.typ == "mp4s" { // subpictures of DVD, whose colours are in the configuration
				e.children(r.p)
			}
			const allForced = 1 << 31 // displayFlags (TS 26.245 5.16, as QuickTime extends it)
			t.Forced = t.Forced || e.typ == "tx3g" && r.u32()&allForced != 0
		}
	}
}

// tagText is a code of four bytes as text, with what cannot be shown left out.
func tagText(typ string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, typ)
}

// video reads a VisualSampleEntry (12.1.3).
func (e *sampleEntry) video(r *be) {
	v := &e.t.Video
	r.skip(16)
	v.Width, v.Height = int(r.u16()), int(r.u16())
	r.skip(14 + 32) // resolution, data size, frame_count, compressorname
	r.skip(4)       // depth, pre_defined
	e.t.Codec = videoCodecs[strings.ToLower(e.typ)]
	if e.t.Codec == "" {
		e.t.Codec = videoCodecs[e.typ]
	}
	if r.ok {
		e.children(r.p)
	}
	settlePixels(e.t)
}

// audio reads an AudioSampleEntry (12.2.3) or QuickTime's sound description, versions 0 to 2.
func (e *sampleEntry) audio(r *be) {
	a := &e.t.Audio
	version := r.u16()
	r.skip(6)
	a.Channels = int(r.u16())
	bits := int(r.u16())
	r.skip(4) // compression ID, packet size
	a.SampleRate = int(r.u32() >> 16)
	e.t.Codec = audioCodecs[e.typ]
	if e.quickTime {
		switch version {
		case 1:
			r.skip(16)
		case 2:
			r.skip(4) // size of this structure
			if rate := math.Float64frombits(r.u64()); rate >= 1 && rate < 1e7 {
				a.SampleRate = int(rate)
			}
			a.Channels = int(min(r.u32(), 255))
			r.skip(4)
			bits = int(r.u32())
			flags := r.u32()
			r.skip(8)
			if e.typ == "lpcm" {
				e.t.Codec = pcmCodec(bits, flags&1 != 0, flags&2 != 0)
			}
		}
	}
	if !r.ok {
		return
	}
	switch e.typ {
	case "twos", "sowt", "raw ":
		if bits == 24 || bits == 32 || bits == 8 {
			e.t.Codec = pcmCodec(bits, false, e.typ == "twos")
		}
	}
	e.children(r.p)
	e.settleAudio()
}

// pcmCodec is ffmpeg's name for raw sound.
func pcmCodec(bits int, float, bigEndian bool) media.Codec {
	kind, order := "s", "le"
	if float {
		kind = "f"
	}
	if bigEndian {
		order = "be"
	}
	if bits == 8 {
		return "pcm_s8"
	}
	return media.Codec(fmt.Sprintf("pcm_%s%d%s", kind, bits, order))
}

// children reads the boxes inside a sample entry.
func (e *sampleEntry) children(p []byte) {
	t := e.t
	eachBoxIn(p, func(typ string, body, _ []byte) {
		switch typ {
		case "avcC", "hvcC", "av1C", "vpcC", "vvcC", "apvC", "glbl", // pictures
			"dOps", "dfLa", "alac", "dac3", "dec3", "dac4", "ddts": // sound
			if typ == "alac" && len(body) < 8 || e.typ == "alac" && typ != "alac" {
				return
			}
			if t.CodecPrivate == nil {
				t.CodecPrivate = body
				e.configuration(typ, body)
			}
		case "pcmC": // ISO/IEC 23003-5 4.2: flags (little-endian), bits
			if len(body) >= 6 && (e.typ == "ipcm" || e.typ == "fpcm") {
				t.Codec = pcmCodec(int(body[5]), e.typ == "fpcm", body[4]&1 == 0)
			}
		case "enda": // QuickTime: the byte order of in24 and its like
			if len(body) >= 2 && body[1] == 1 && strings.HasSuffix(string(t.Codec), "be") {
				t.Codec = t.Codec[:len(t.Codec)-2] + "le"
			}
		case "esds":
			if _, _, rest, ok := fullBox(body); ok {
				e.esds(rest)
			}
		case "wave":
			e.children(body)
		case "pasp":
			r := newBE(body)
			if h, v := r.u32(), r.u32(); r.ok && h > 0 && v > 0 {
				t.Video.PixelAspect = reduced(int64(h), int64(v))
			}
		case "colr":
			e.colour(body)
		case "dvcC", "dvvC", "dvwC":
			e.dolbyVision(body)
		case "fiel":
			if len(body) > 0 && body[0] == 2 {
				t.Video.Interlaced = true
			}
		case "btrt":
			r := newBE(body)
			r.skip(8)
			if avg := r.u32(); r.ok && avg > 0 {
				t.BitRate = int64(avg)
			}
		}
	})
}

// protected reads an encrypted entry's sinf (8.12), which says what the entry was. It is found by its name: it comes
// after boxes whose meaning depends on what it says, and where those start depends on the kind of entry.
func (e *sampleEntry) protected(body []byte) {
	e.t.Encrypted = true
	_, sinf, _ := bytes.Cut(body, []byte("sinf"))
	eachBoxIn(sinf, func(typ string, body, _ []byte) {
		if typ == "frma" && len(body) >= 4 && strings.HasPrefix(e.typ, "enc") {
			e.typ = string(body[:4])
		}
	})
}

// dolbyVision reads a DOVIDecoderConfigurationRecord.
func (e *sampleEntry) dolbyVision(p []byte) {
	if len(p) < 4 {
		return
	}
	profile, level := p[2]>>1, p[2]&1<<5|p[3]>>3
	e.t.Video.DolbyVisionProfile = int(profile)
	if strings.HasPrefix(e.typ, "dv") || strings.HasPrefix(e.typ, "dav") {
		e.t.CodecString = fmt.Sprintf("%s.%02d.%02d", e.typ, profile, level)
	}
}

// colour reads colr (12.1.5): code points of ISO/IEC 23091-2.
func (e *sampleEntry) colour(p []byte) {
	if len(p) < 10 || string(p[:4]) != "nclx" && string(p[:4]) != "nclc" {
		return
	}
	r := newBE(p[4:])
	setColour(&e.t.Video, uint(r.u16()), uint(r.u16()), uint(r.u16()))
	if string(p[:4]) == "nclx" {
		e.t.Video.FullRange = r.u8()&0x80 != 0
	}
}
