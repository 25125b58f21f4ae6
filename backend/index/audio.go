package index

import (
	"fmt"

	"dropstream/backend/media"
)

// esds reads an ES descriptor (ISO/IEC 14496-1 7.2.6.5): the codec by its object type, and its configuration.
func (e *sampleEntry) esds(p []byte) {
	tag, body, _ := descriptor(p)
	if tag != 3 { // ES_Descriptor
		return
	}
	r := newBE(body)
	r.skip(2)
	flags := r.u8()
	if flags&0x80 != 0 {
		r.skip(2)
	}
	if flags&0x40 != 0 {
		r.skip(int(r.u8()))
	}
	if flags&0x20 != 0 {
		r.skip(2)
	}
	tag, body, _ = descriptor(r.p)
	if tag != 4 || len(body) < 13 { // DecoderConfigDescriptor
		return
	}
	r = newBE(body)
	object := r.u8()
	r.skip(8)
	avg := r.u32()
	t := e.t
	if avg > 0 && avg < 1<<31 {
		t.BitRate = int64(avg)
	}
	if c, ok := objectTypes[object]; ok {
		t.Codec = c
	}
	t.CodecString = fmt.Sprintf("%s.%02x", e.typ, object)
	tag, info, _ := descriptor(r.p)
	if tag != 5 || len(info) == 0 { // DecoderSpecificInfo
		return
	}
	t.CodecPrivate = info
	if t.Codec == media.AAC {
		configureAAC(t, info)
		if object != 0x40 {
			t.CodecString = fmt.Sprintf("mp4a.%02x", object)
		}
	}
}

// descriptor splits off one descriptor of ISO/IEC 14496-1: its tag, its body and what follows.
func descriptor(p []byte) (tag byte, body, rest []byte) {
	if len(p) < 2 {
		return 0, nil, nil
	}
	tag = p[0]
	n, i := 0, 1
	for ; i < len(p) && i < 5; i++ {
		n = n<<7 | int(p[i]&0x7f)
		if p[i]&0x80 == 0 {
			i++
			break
		}
	}
	n = min(n, len(p)-i) // some writers count past the end
	return tag, p[i : i+n], p[i+n:]
}

// bits reads bit fields; what is beyond the end reads as 0.
type bits struct {
	p   []byte
	pos int
}

func (b *bits) read(n int) (v uint32) {
	for range n {
		v <<= 1
		if i := b.pos / 8; i < len(b.p) {
			v |= uint32(b.p[i]>>(7-b.pos%8)) & 1
		}
		b.pos++
	}
	return v
}

func (b *bits) left() int { return len(b.p)*8 - b.pos }

var aacRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

func (b *bits) aacRate() int {
	i := b.read(4)
	if i == 15 {
		return int(b.read(24))
	}
	if int(i) < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

func (b *bits) aacObject() uint32 {
	o := b.read(5)
	if o == 31 {
		o = 32 + b.read(6)
	}
	return o
}

// configureAAC reads an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). The sample rate is that of the output: with
// SBR, twice the core's.
func configureAAC(t *Track, p []byte) {
	b := &bits{p: p}
	object := b.aacObject()
	rate := b.aacRate()
	channels := b.read(4)
	named := object
	switch object {
	case 5, 29: // SBR, PS: signalled at the front, around the core
		if r := b.aacRate(); r > 0 {
			rate = r
		}
		object = b.aacObject()
	case 2:
		t.FrameSamples = 1024
		if b.read(1) != 0 { // frameLengthFlag
			t.FrameSamples = 960
		}
		if b.read(1) != 0 {
			b.read(14) // coreCoderDelay
		}
		b.read(1)                                                                          // extensionFlag
		if channels != 0 && b.left() >= 16 && b.read(11) == 0x2b7 && b.aacObject() == 5 && // signalled at the back
			b.read(1) != 0 {
			named = 5
			if r := b.aacRate(); r > 0 {
				rate = r
			}
			if b.left() >= 12 && b.read(11) == 0x548 && b.read(1) != 0 {
				named = 29
			}
		}
	}
	if named != 2 {
		t.FrameSamples = 0
	}
	t.CodecString = fmt.Sprintf("mp4a.40.%d", named)
	t.Profile = map[uint32]string{
		1: "Main", 2: "LC", 3: "SSR", 4: "LTP", 5: "HE-AAC", 23: "LD", 29: "HE-AACv2", 39: "ELD", 42: "xHE-AAC",
	}[named]
	switch object { // other object types are codecs of their own in the same dress
	case 32, 33, 34:
		t.Codec = media.MP3
	case 36:
		t.Codec = "mp4als"
	}
	if rate > 0 {
		t.Audio.SampleRate = rate
	}
	// 0 leaves the channels to a program config element: the sample entry's count is then what there is.
	if n := [...]int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0}[channels&15]; n > 0 {
		t.Audio.Channels = n
		if named == 29 && n == 1 {
			t.Audio.Channels = 2 // parametric stereo
		}
	}
}

// configureAC3 reads dac3 (ETSI TS 102 366 F.4).
func configureAC3(t *Track, p []byte) {
	b := &bits{p: p}
	rate := b.read(2)
	b.read(8) // bsid, bsmod
	acmod, lfe := b.read(3), b.read(1)
	setAC3(t, rate, acmod, lfe)
	t.CodecString = "ac-3"
}

// configureEAC3 reads dec3 (ETSI TS 102 366 F.6): its first independent substream.
func configureEAC3(t *Track, p []byte) {
	b := &bits{p: p}
	b.read(16) // data_rate, num_ind_sub
	rate := b.read(2)
	b.read(5 + 1 + 1 + 3) // bsid, reserved, asvc, bsmod
	acmod, lfe := b.read(3), b.read(1)
	setAC3(t, rate, acmod, lfe)
	t.CodecString = "ec-3"
}

func setAC3(t *Track, rate, acmod, lfe uint32) {
	if rate < 3 {
		t.Audio.SampleRate = [...]int{48000, 44100, 32000}[rate]
	}
	t.Audio.Channels = [...]int{2, 1, 2, 3, 3, 4, 4, 5}[acmod&7] + int(lfe)
	if acmod == 7 {
		t.Audio.Layout = map[uint32]string{0: "5.0(side)", 1: "5.1(side)"}[lfe]
	}
}

// settleAudio fills in what follows from the rest.
func (e *sampleEntry) settleAudio() {
	t := e.t
	if t.Codec == media.AAC && t.CodecPrivate == nil {
		t.CodecString = ""
	}
	settleLayout(t)
}

// settleLayout names the layouts that a channel count alone implies.
func settleLayout(t *Track) {
	a := &t.Audio
	if a.Layout != "" {
		return
	}
	switch {
	case a.Channels == 1:
		a.Layout = "mono"
	case a.Channels == 2:
		a.Layout = "stereo"
	case a.Channels == 6 && t.Codec == media.AAC:
		a.Layout = "5.1"
	}
}
