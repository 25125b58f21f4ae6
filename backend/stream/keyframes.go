package stream

import (
	"io"
	"os"

	"dropstream/backend/codec"
	"dropstream/backend/index"
	"dropstream/backend/media"
)

// Bounds of looking into samples for what the container does not say.
const (
	maxLookedAt  = 20_000
	startsLooked = 16
	frameHead    = 1 << 10 // of a frame without NAL units, in which its header begins
)

// hasNALs says whether a codec's samples are made of NAL units.
func hasNALs(c media.Codec) bool { return c == media.H264 || c == media.HEVC }

// checkedCodec says whether it can be seen in a codec's samples where decoding can start.
func checkedCodec(c media.Codec) bool {
	return hasNALs(c) || c == media.AV1 || c == media.VP9
}

// isStart says whether decoding can start clean at a sample: an IDR picture of H.264, a random access point of HEVC, a
// shown keyframe of AV1 or VP9. Of other codecs the container is believed.
func isStart(s wholeSample, c media.Codec, lengthSize int) bool {
	switch c {
	case media.H264:
		return isIDR(s, lengthSize)
	case media.HEVC:
		return isRandomAccess(s, lengthSize)
	case media.VP9:
		h, err := codec.ParseVP9(s.head(codec.VP9HeaderBytes))
		return err == nil && h.Key && h.Shown
	case media.AV1:
		key, err := codec.AV1Key(s.head(frameHead))
		return err == nil && key
	default:
		return true
	}
}

// head reads the first n bytes of a sample, or all that there are. Nil when they cannot be read.
func (w wholeSample) head(n int64) []byte {
	p := make([]byte, min(n, w.size()))
	if _, err := io.ReadFull(io.NewSectionReader(w, 0, w.size()), p); err != nil {
		return nil
	}
	return p
}

// trueKeyframes finds where decoding can start in a track that has no table of sync samples, by looking at the samples
// themselves. whole says that each keyframe and what follows it is shown after all that comes before it. It gives none
// when there are too many samples to look at.
func trueKeyframes(t *index.Track, c media.Codec, f *os.File) (keys []index.Keyframe, whole bool) {
	if t.SampleCount > maxLookedAt {
		return nil, false
	}
	samples, err := t.Samples(nil, 0, t.SampleCount)
	if err != nil {
		return nil, false
	}
	whole = true
	var past, latest media.Ticks // the latest time before the last keyframe, and of all
	for i, s := range samples {
		pts := s.PTS()
		if isStart(wholeSample{r: f, sample: s}, c, t.NALLengthSize) {
			keys = append(keys, index.Keyframe{Sample: uint32(i), DTS: s.DTS, PTS: pts, First: pts})
			past = latest
		} else if len(keys) > 0 && pts < keys[len(keys)-1].PTS {
			k := &keys[len(keys)-1]
			k.First = min(k.First, pts)
			whole = whole && c == media.HEVC && (len(keys) == 1 || pts > past)
		}
		if latest = max(latest, pts); i == 0 {
			latest = pts
		}
	}
	return keys, whole && len(keys) > 0
}

// startsAt says whether decoding can start clean at a spread of the keyframes, with pictures of the track's own size;
// containers also call other pictures sync samples.
func startsAt(t *index.Track, c media.Codec, keys []index.Keyframe, f *os.File) bool {
	step := max(1, len(keys)/startsLooked)
	for i := 0; i < len(keys); i += step {
		s, err := t.Samples(nil, keys[i].Sample, keys[i].Sample+1)
		if err != nil || len(s) != 1 {
			return false
		}
		whole := wholeSample{r: f, sample: s[0]}
		if !isStart(whole, c, t.NALLengthSize) || changesSize(whole, c, t.NALLengthSize, t.CodecPrivate) {
			return false
		}
	}
	return len(keys) > 0
}

// maxNALs bounds the NAL units of one sample that are looked at.
const maxNALs = 64

// isIDR says whether the first slice of an H.264 sample belongs to an IDR picture (NAL unit type 5, ISO/IEC 14496-10
// table 7-1).
func isIDR(s wholeSample, lengthSize int) bool {
	idr := false
	eachNAL(s, lengthSize, func(header byte, _, _ int64) bool { // parameter sets, SEI and delimiters come first
		kind := header & 0x1f
		idr = kind == 5
		return kind != 5 && kind != 1 && kind != 2
	})
	return idr
}

// isRandomAccess says whether the first slice of an HEVC sample belongs to a picture that decoding can start at.
func isRandomAccess(s wholeSample, lengthSize int) bool {
	found := false
	eachNAL(s, lengthSize, func(header byte, _, _ int64) bool {
		kind := codec.HEVCType(header)
		found = codec.HEVCRandomAccess(kind)
		return !codec.HEVCSlice(kind)
	})
	return found
}

// wholeNALs says whether a sample is made of NAL units with lengths before them, to its end, as far as it is
// looked at.
func wholeNALs(s wholeSample, lengthSize int) bool {
	return eachNAL(s, lengthSize, func(byte, int64, int64) bool { return true })
}

// eachNAL calls do with the first byte of each NAL unit of a sample, where it is and how long, until it says false. It
// says whether all lengths fit.
func eachNAL(s wholeSample, lengthSize int, do func(header byte, at, size int64) bool) (fits bool) {
	if lengthSize < 1 || lengthSize > 4 {
		return false
	}
	head := make([]byte, lengthSize+1) // a NAL unit's length, and its first byte
	end := s.size()
	pos := int64(0)
	for range maxNALs {
		if pos == end {
			return true
		}
		if end-pos <= int64(lengthSize) {
			return false
		}
		if _, err := s.ReadAt(head, pos); err != nil {
			return false
		}
		var size int64
		for _, b := range head[:lengthSize] {
			size = size<<8 | int64(b)
		}
		if !do(head[lengthSize], pos+int64(lengthSize), size) {
			return true
		}
		if pos += int64(lengthSize) + size; size == 0 || pos > end {
			return false
		}
	}
	return true
}
