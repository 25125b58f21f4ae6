package stream

import (
	"os"
	"slices"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// span is where a track lies on the source's clock, as the probe says it, with the file's own length where the track
// is silent.
func probeSpan(p *media.Probe, t *media.Track) span {
	start := t.Start
	length := t.Duration
	if length <= 0 {
		length = p.Start + p.Duration - start
	}
	return span{at(start), at(start + max(length, 0))}
}

// timescaleOf is the timescale that tells a track's times exactly: its time base's, made finer until a tick is short.
func timescaleOf(base media.Rational) uint32 {
	const fallback = 90_000
	if !base.Valid() || base.Den > 1<<30 {
		return fallback
	}
	ts := base.Den
	if ts < minTimescale {
		ts *= (minTimescale + ts - 1) / ts
	}
	return uint32(ts)
}

// indexedSpan is where an indexed track lies on the source's clock.
func indexedSpan(t *index.Track) span {
	return span{moment{t.StartTicks, t.Timescale}, moment{t.EndTicks, t.Timescale}}
}

const reasonNoConfiguration = "the picture's configuration is missing, so it is converted"

// newVideoSource judges an indexed video track.
func newVideoSource(v media.Track, t *index.Track, f *os.File) *videoSource {
	s := &videoSource{
		track: v, timescale: t.Timescale, indexed: t, samples: tableSamples{t}, end: int(t.EndSample),
		span: indexedSpan(t),
	}
	keys := t.Keyframes
	clean := t.ClosedGOP && len(keys) > 0
	if t.AllSync && v.Codec == media.H264 {
		keys, clean = trueKeyframes(t, f)
	}
	longest := t.MaxGOPDuration
	if t.AllSync {
		longest = longestGap(keys, t.EndTicks)
	}
	facts := plan.Facts{
		Indexed: true, Edits: !t.EditsExact, Cut: t.Truncated, OneEntry: t.SampleEntries == 1,
		Monotonic:  t.DTSMonotonic,
		Keyframes:  clean && (v.Codec != media.H264 || idrOnly(t, keys, f)),
		LongestGOP: media.ToDuration(longest, t.Timescale), LargestSample: int64(t.MaxSampleBytes),
	}
	s.verdict = plan.SendVideo(&v, facts)
	if s.verdict.Passthrough {
		var err error
		if s.entry, err = fmp4.CleanVisualEntry(t.SampleEntry); err != nil || t.NALLengthSize == 0 {
			s.verdict = plan.Verdict{Reason: reasonNoConfiguration}
		}
	}
	if t.AllSync && len(keys) == 0 {
		return s // nothing is known of where decoding can start
	}
	if !s.verdict.Passthrough { // ffmpeg works in its own time base, which a coarse one is made finer for
		s.timescale = timescaleOf(media.Rational{Num: 1, Den: int64(t.Timescale)})
	}
	for _, k := range keys {
		if k.Sample >= t.FirstSample && k.Sample < t.EndSample {
			s.keyframes = append(s.keyframes, media.Rescale(k.PTS, t.Timescale, s.timescale))
			s.keySamples = append(s.keySamples, k.Sample)
		}
	}
	return s
}

// newAudioSource judges an indexed audio track.
func newAudioSource(a media.Track, t *index.Track) audioSource {
	s := audioSource{track: a, indexed: t, samples: tableSamples{t}, span: indexedSpan(t)}
	s.verdict = plan.SendAudio(&a, plan.Facts{
		Indexed: len(t.CodecPrivate) > 0 && t.AllSync, Cut: t.Truncated, OneEntry: t.SampleEntries == 1,
		Monotonic: t.DTSMonotonic && t.EditsExact,
	})
	return s
}

// Bounds of looking into samples for what the container does not say.
const (
	maxLookedAt = 20_000
	idrChecked  = 16
)

// trueKeyframes finds the IDR pictures of an H.264 track that has no table of sync samples, by looking at the
// samples themselves. It gives none when there are too many samples to look at.
func trueKeyframes(t *index.Track, f *os.File) ([]index.Keyframe, bool) {
	if t.SampleCount > maxLookedAt {
		return nil, false
	}
	samples, err := t.Samples(nil, 0, t.SampleCount)
	if err != nil {
		return nil, false
	}
	var keys []index.Keyframe
	closed := true
	for i, s := range samples {
		if isIDR(wholeSample{r: f, sample: s}, t.NALLengthSize) {
			keys = append(keys, index.Keyframe{Sample: uint32(i), DTS: s.DTS, PTS: s.PTS()})
		} else if len(keys) > 0 && s.PTS() < keys[len(keys)-1].PTS {
			closed = false
		}
	}
	return keys, closed && len(keys) > 0
}

// idrOnly says whether a spread of the keyframes are IDR pictures, from which decoding can start clean, of the track's
// own size; a container also calls recovery points sync samples.
func idrOnly(t *index.Track, keys []index.Keyframe, f *os.File) bool {
	step := max(1, len(keys)/idrChecked)
	for i := 0; i < len(keys); i += step {
		s, err := t.Samples(nil, keys[i].Sample, keys[i].Sample+1)
		if err != nil || len(s) != 1 {
			return false
		}
		whole := wholeSample{r: f, sample: s[0]}
		if !isIDR(whole, t.NALLengthSize) || changesSize(whole, t.NALLengthSize, t.CodecPrivate) {
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
	eachNAL(s, lengthSize, func(kind byte, _, _ int64) bool { // parameter sets, SEI and delimiters come first
		idr = kind == 5
		return kind != 5 && kind != 1 && kind != 2
	})
	return idr
}

// wholeNALs says whether an H.264 sample is made of NAL units with lengths before them, to its end, as far as it is
// looked at.
func wholeNALs(s wholeSample, lengthSize int) bool {
	return eachNAL(s, lengthSize, func(byte, int64, int64) bool { return true })
}

// eachNAL calls do with the type of each NAL unit of a sample, where it is and how long, until it says false. It says
// whether all lengths fit.
func eachNAL(s wholeSample, lengthSize int, do func(kind byte, at, size int64) bool) (fits bool) {
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
		if !do(head[lengthSize]&0x1f, pos+int64(lengthSize), size) {
			return true
		}
		if pos += int64(lengthSize) + size; size == 0 || pos > end {
			return false
		}
	}
	return true
}

func longestGap(keys []index.Keyframe, end media.Ticks) media.Ticks {
	var longest media.Ticks
	for i, k := range keys {
		next := end
		if i+1 < len(keys) {
			next = keys[i+1].PTS
		}
		longest = max(longest, next-k.PTS)
	}
	return longest
}

// nothingToPlay names why a file without playable tracks cannot be played.
func nothingToPlay(p *media.Probe) error {
	for _, t := range p.Tracks {
		if t.Encrypted {
			return errEncrypted
		}
	}
	for _, t := range p.Tracks {
		if t.Kind == media.Video || t.Kind == media.Audio {
			return undecodable(&t)
		}
	}
	return fault.New(fault.Unsupported, "This file has neither pictures nor sound in it.")
}

var errEncrypted = fault.New(fault.Encrypted, "This video is locked (encrypted), and the key is not in the file.")

func undecodable(t *media.Track) error {
	if t.Encrypted {
		return errEncrypted
	}
	if t.Codec == "" || t.Codec == "none" {
		return fault.New(fault.Unsupported, "What this video is encoded with is not known, so it cannot be played.")
	}
	if t.Kind == media.Video && (t.Video.Width == 0 || t.Video.Height == 0) {
		return fault.New(fault.Damaged, "This video's picture has no readable size, so it cannot be played.")
	}
	return fault.New(fault.Unsupported,
		"This video is encoded with "+plan.CodecName(t.Codec)+", which the installed ffmpeg cannot decode.")
}

const frameGuess = 40 * time.Millisecond // of a track that does not say its frame rate

// frameTicks is the length of a frame, at a guess when the rate is not known.
func frameTicks(rate media.Rational, timescale uint32) media.Ticks {
	if rate.Valid() {
		if f := rate.Float(); f > 1 && f < 1000 {
			return max(1, int64(timescale)*rate.Den/rate.Num)
		}
	}
	return max(1, media.FromDuration(frameGuess, timescale))
}

// framesOf gives the presentation times of the frames from keyframe i up to the next one, ascending, in ticks of ts.
func (v *videoSource) framesOf(i int, ts uint32, origin media.Ticks) []media.Ticks {
	to := v.indexed.EndSample
	if i+1 < len(v.keySamples) {
		to = v.keySamples[i+1]
	}
	samples, err := v.indexed.Samples(nil, v.keySamples[i], to)
	if err != nil {
		return nil
	}
	out := make([]media.Ticks, len(samples))
	for n, s := range samples {
		out[n] = media.Rescale(s.PTS(), v.indexed.Timescale, ts) - origin
	}
	slices.Sort(out)
	return out
}

// between gives the frames from keyframe i up to the next one, on the presentation's clock.
func between(frames, keys []media.Ticks, i int, origin media.Ticks) []media.Ticks {
	from, _ := slices.BinarySearch(frames, keys[i])
	to := len(frames)
	if i+1 < len(keys) {
		to, _ = slices.BinarySearch(frames, keys[i+1])
	}
	out := make([]media.Ticks, 0, max(0, to-from))
	for _, f := range frames[from:max(from, to)] {
		out = append(out, f-origin)
	}
	return out
}

// in gives the source with its keyframes in another timescale.
func (v *videoSource) in(ts uint32) *videoSource {
	if ts == v.timescale {
		return v
	}
	c := *v
	c.timescale = ts
	c.keyframes = make([]media.Ticks, len(v.keyframes))
	for i, k := range v.keyframes {
		c.keyframes[i] = media.Rescale(k, v.timescale, ts)
	}
	return &c
}
