package index

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"dropstream/backend/media"
)

// mkvTrack is the state of reading one TrackEntry.
type mkvTrack struct {
	out        *Track
	typ        int64
	private    []byte
	encoded    bool          // CodecPrivate is compressed or encrypted
	packing    packing       // of the blocks
	packings   int           // how many ways of packing are stacked in the blocks
	frame      time.Duration // DefaultDuration
	codecDelay time.Duration
	delay      media.Ticks // codecDelay, which is taken off every timestamp
	display    [2]int64
	unit       int64
	outputRate float64

	videoColour func() // reads Colour, once the codec's own is known

	first, last, before int64 // timestamps of blocks: the first, the latest, the one before it
	end                 int64 // end of the latest block that says its duration
}

// trackEntries reads Tracks (RFC 9559 5.1.4).
func (s *segment) trackEntries(p []byte) {
	eachElement(p, func(id uint32, entry []byte) {
		if id != 0xAE || len(s.order) >= maxTracks {
			return
		}
		t := &mkvTrack{out: &Track{src: s.src, Timescale: 1000}}
		t.out.Default, t.out.Language = true, "eng" // the defaults of the format
		t.out.Kind = media.Other
		s.trackEntry(t, entry)
		// ffmpeg makes streams of these only.
		if t.out.CodecTag == "" || t.typ != 1 && t.typ != 2 && t.typ != 17 && t.typ != 33 {
			return
		}
		t.out.Index = len(s.order)
		s.order = append(s.order, t)
		if s.tracks[int64(t.out.ID)] == nil {
			s.tracks[int64(t.out.ID)] = t
		}
	})
}

// trackFlags are the flags that say what a track is for (5.1.4.1.4 to 5.1.4.1.11).
var trackFlags = map[uint32]media.Role{
	0x55AB: media.ForHearingImpaired, 0x55AC: media.ForVisuallyImpaired, 0x55AE: media.IsOriginal,
	0x55AF: media.IsCommentary,
}

// trackEntry reads one TrackEntry.
func (s *segment) trackEntry(t *mkvTrack, p []byte) {
	out := t.out
	var video, audio []byte
	bcp47 := ""
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0xD7: // TrackNumber
			if n := uintOf(v); n <= math.MaxUint32 {
				out.ID = clamp32(n)
			}
		case 0x83:
			t.typ = uintOf(v)
			out.Kind = map[int64]media.TrackKind{1: media.Video, 2: media.Audio, 17: media.Text}[t.typ]
			if out.Kind == "" {
				out.Kind = media.Other
			}
		case 0x86:
			out.CodecTag = cString(v[:min(len(v), 128)])
		case 0x63A2:
			t.private = v
		case 0x22B59C:
			out.Language = strings.ToLower(cString(v[:min(len(v), 64)]))
		case 0x22B59D:
			bcp47 = strings.ToLower(cString(v[:min(len(v), 64)]))
		case 0x536E:
			out.Title = plainText(v[:min(len(v), maxTextBytes)])
		case 0x88:
			out.Default = uintOf(v) != 0
		case 0x55AA:
			out.Forced = uintOf(v) != 0
		case 0x55AB, 0x55AC, 0x55AE, 0x55AF:
			if uintOf(v) != 0 {
				out.Role |= trackFlags[id]
			}
		case 0x23E383:
			if d := uintOf(v); d > 0 && d < 1<<40 {
				t.frame = time.Duration(d)
			}
		case 0x56AA:
			if d := uintOf(v); d < 1<<40 {
				t.codecDelay = time.Duration(d)
			}
		case 0xE0:
			video = v
		case 0xE1:
			audio = v
		case 0x6D80:
			t.encodings(v)
		case 0x41E4:
			t.blockAddition(v)
		}
	})
	if bcp47 != "" {
		out.Language = bcp47
	}
	if out.Language == "und" {
		out.Language = ""
	}
	if video != nil && out.Kind == media.Video {
		t.video(video)
	}
	if audio != nil && out.Kind == media.Audio {
		t.audio(audio)
	}
	t.settle()
}

// encodings reads ContentEncodings (5.1.4.1.31): whether blocks are encrypted or compressed, and CodecPrivate not as it
// was.
func (t *mkvTrack) encodings(p []byte) {
	eachElement(p, func(id uint32, enc []byte) {
		if id != 0x6240 {
			return
		}
		scope := int64(1)
		read := packing{unknown: true} // unless it is said
		eachElement(enc, func(id uint32, v []byte) {
			switch id {
			case 0x5034:
				read = packing{}
				read.read(v)
			case 0x5032:
				scope = uintOf(v)
			case 0x5033:
				t.out.Encrypted = t.out.Encrypted || uintOf(v) == 1
			case 0x5035:
				t.out.Encrypted = true
			}
		})
		if scope&1 != 0 {
			t.packing = read
			t.packings++
		}
		t.encoded = t.encoded || scope&2 != 0
	})
	t.packing.unknown = t.packing.unknown || t.packings > 1
	if !t.packing.unknown && !t.packing.zlib {
		t.out.Stripped = t.packing.strip
	}
}

// blockAddition reads a BlockAdditionMapping (5.1.4.1.17), for Dolby Vision's configuration.
func (t *mkvTrack) blockAddition(p []byte) {
	kind := int64(0)
	var extra []byte
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0x41E7:
			kind = uintOf(v)
		case 0x41ED:
			extra = v
		}
	})
	const dvcC, dvvC, dvwC = 0x64766343, 0x64767643, 0x64767743
	if (kind == dvcC || kind == dvvC || kind == dvwC) && len(extra) > 2 {
		t.out.Video.DolbyVisionProfile = int(extra[2] >> 1)
	}
}

// video reads Video (5.1.4.1.28).
func (t *mkvTrack) video(p []byte) {
	v := &t.out.Video
	eachElement(p, func(id uint32, b []byte) {
		switch id {
		case 0xB0:
			v.Width = int(min(uintOf(b), math.MaxInt32))
		case 0xBA:
			v.Height = int(min(uintOf(b), math.MaxInt32))
		case 0x54B0:
			t.display[0] = min(uintOf(b), math.MaxInt32)
		case 0x54BA:
			t.display[1] = min(uintOf(b), math.MaxInt32)
		case 0x54B2:
			t.unit = uintOf(b)
		case 0x9A:
			v.Interlaced = uintOf(b) == 1
		}
	})
	if (t.unit == 0 || t.unit == 3) && t.display[0] > 0 && t.display[1] > 0 && v.Width > 0 && v.Height > 0 {
		v.PixelAspect = reduced(t.display[0]*int64(v.Height), t.display[1]*int64(v.Width))
	}
	if t.frame > 0 {
		v.FrameRate = frameRate(t.frame)
	}
	t.videoColour = func() { // over what the codec says
		eachElement(p, func(id uint32, b []byte) {
			if id == 0x55B0 {
				t.colour(b)
			}
		})
	}
}

// colour reads Colour (5.1.4.1.28.16).
func (t *mkvTrack) colour(p []byte) {
	v := &t.out.Video
	const unspecified = 2
	m, tr, pr := uint(unspecified), uint(unspecified), uint(unspecified)
	code := func(b []byte) uint { return uint(clamp32(uintOf(b))) }
	eachElement(p, func(id uint32, b []byte) {
		switch id {
		case 0x55B1:
			m = code(b)
		case 0x55BA:
			tr = code(b)
		case 0x55BB:
			pr = code(b)
		case 0x55B9:
			if r := uintOf(b); r == 1 || r == 2 {
				v.FullRange = r == 2
			}
		case 0x55B2:
			if n := uintOf(b); n >= 8 && n <= 16 && v.BitDepth == 0 {
				v.BitDepth = int(n)
			}
		case 0x55BC, 0x55BD: // MaxCLL, MaxFALL
			if t.out.ContentLight == nil {
				t.out.ContentLight = make([]byte, 4)
			}
			at := (id - 0x55BC) * 2
			n := min(clamp32(uintOf(b)), math.MaxUint16)
			t.out.ContentLight[at], t.out.ContentLight[at+1] = byte(n>>8), byte(n&0xff)
		case 0x55D0:
			t.out.MasteringDisplay = masteringDisplay(b)
		}
	})
	setColour(v, pr, tr, m)
}

// masteringDisplay makes the payload of mdcv of MasteringMetadata (5.1.4.1.28.30): chromaticities in units of 0.00002,
// green first as in SMPTE ST 2086's message, luminances in units of 0.0001 candelas per square metre. Nil where one is
// missing.
func masteringDisplay(p []byte) []byte {
	const chromaticities, least, most = 8, 8, 9
	at := map[uint32]int{ // by element: red x and y, green, blue, white point, luminance
		0x55D1: 4, 0x55D2: 5, 0x55D3: 0, 0x55D4: 1, 0x55D5: 2, 0x55D6: 3, 0x55D7: 6, 0x55D8: 7,
		0x55D9: most, 0x55DA: least,
	}
	var values [10]float64
	seen := 0
	eachElement(p, func(id uint32, b []byte) {
		if i, ok := at[id]; ok {
			values[i] = floatOf(b)
			seen |= 1 << i
		}
	})
	if seen != 1<<len(values)-1 {
		return nil
	}
	out := make([]byte, 0, 24)
	for _, v := range values[:chromaticities] {
		out = binary.BigEndian.AppendUint16(out, uint16(min(max(0, v*50_000+0.5), math.MaxUint16)))
	}
	for _, v := range []float64{values[most], values[least]} {
		out = binary.BigEndian.AppendUint32(out, uint32(min(max(0, v*10_000+0.5), math.MaxUint32)))
	}
	return out
}

// audio reads Audio (5.1.4.1.29).
func (t *mkvTrack) audio(p []byte) {
	a := &t.out.Audio
	a.SampleRate, a.Channels = 8000, 1
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0xB5:
			if r := floatOf(v); r >= 1 && r < 1e7 {
				a.SampleRate = int(r)
			}
		case 0x78B5:
			if r := floatOf(v); r >= 1 && r < 1e7 {
				t.outputRate = r
			}
		case 0x9F:
			a.Channels = int(min(uintOf(v), 255))
		}
	})
	if t.outputRate > 0 {
		a.SampleRate = int(t.outputRate)
	}
}

// settle reads the codec's own configuration and fills in what follows from it.
func (t *mkvTrack) settle() {
	out := t.out
	if t.encoded {
		t.private = nil
	}
	out.Codec = matroskaCodec(out.CodecTag, t.private)
	if len(t.private) > 0 {
		out.CodecPrivate = append([]byte(nil), t.private...)
	}
	switch out.Codec {
	case media.H264:
		configureAVC(out, "avc1", out.CodecPrivate)
	case media.HEVC:
		configureHEVC(out, "hvc1", out.CodecPrivate)
	case media.AV1:
		configureAV1(out, out.CodecPrivate)
	case media.AAC:
		rate := out.Audio.SampleRate
		if configureAAC(out, out.CodecPrivate); t.outputRate > 0 {
			if out.Audio.SampleRate != rate { // SBR that only the container speaks of
				out.FrameSamples = 0
			}
			out.Audio.SampleRate = rate
		}
	case media.Opus:
		out.CodecString, out.Audio.SampleRate = "opus", 48000
	case media.FLAC:
		out.CodecString = "fLaC"
	case media.AC3:
		out.CodecString = "ac-3"
	case media.EAC3:
		out.CodecString = "ec-3"
	case media.MP3:
		out.CodecString = "mp4a.6b"
	default: // the others' configurations say nothing that is needed
	}
	if out.Kind == media.Video {
		if t.videoColour != nil {
			t.videoColour()
		}
		if (out.Codec == media.VP8 || out.Codec == media.VP9 && len(out.CodecPrivate) == 0) && out.Video.Chroma == "" {
			out.Video.BitDepth, out.Video.Chroma = max(out.Video.BitDepth, 8), "4:2:0" // all that VP8 has
		}
		settlePixels(out)
	}
	if out.Kind == media.Audio {
		settleLayout(out)
	}
}

// frameRate is the rate of frames of one length in nanoseconds, which was rounded when it was written.
func frameRate(frame time.Duration) media.Rational {
	for _, den := range []int64{1, 1001} {
		unit := int64(time.Second) // frames per 1/den seconds, in whole thousands for 1001
		num := (unit*den + int64(frame)/2) / int64(frame)
		if den == 1001 {
			num = (num + 500) / 1000 * 1000
		}
		if num > 0 && abs(num*int64(frame)-unit*den) <= num*den {
			return reduced(num, den)
		}
	}
	return reduced(int64(time.Second), int64(frame))
}

// rounded is a number of nanoseconds as a duration.
func rounded(ns float64) time.Duration { return time.Duration(math.Round(ns)) }
