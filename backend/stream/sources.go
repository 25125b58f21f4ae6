package stream

import (
	"os"
	"slices"
	"time"

	"dropstream/backend/codec"
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
		track: v, timescale: t.Timescale, indexed: t, samples: tableSamples{t, t.FirstSample}, end: int(t.EndSample),
		span: indexedSpan(t),
	}
	keys, whole := t.Keyframes, t.ClosedGOP
	if v.Codec == media.HEVC { // what is shown before its keyframe goes with it
		whole = t.OrderedGOPs
	}
	if t.AllSync && checkedCodec(v.Codec) {
		keys, whole = trueKeyframes(t, v.Codec, f)
	}
	longest := t.MaxGOPDuration
	if t.AllSync {
		longest = longestGap(keys, t.EndTicks)
	}
	facts := plan.Facts{
		Indexed: true, Edits: !t.EditsExact, Cut: t.Truncated, OneEntry: t.SampleEntries == 1,
		Monotonic:  t.DTSMonotonic,
		Keyframes:  whole && startsAt(t, v.Codec, keys, f),
		LongestGOP: media.ToDuration(longest, t.Timescale), LargestSample: int64(t.MaxSampleBytes),
	}
	s.verdict = plan.SendVideo(&v, facts)
	if s.verdict.Passthrough {
		s.enter(sourcePicture(v, t))
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
			s.groups = append(s.groups, group{media.Rescale(k.First, t.Timescale, s.timescale), int(k.Sample)})
		}
	}
	return s
}

// enter makes the sample entry for what is passed through, and the codec's name that goes with it.
func (v *videoSource) enter(p fmp4.Picture, err error) {
	if err == nil {
		v.entry, err = p.Entry()
	}
	name := p.CodecString()
	if err != nil || name == "" {
		v.verdict = plan.Verdict{Reason: reasonNoConfiguration}
		return
	}
	v.track.CodecString = name
}

// sourcePicture is what the entry of an MP4 track says. HDR that only the codec's own headers speak of is said.
func sourcePicture(v media.Track, t *index.Track) (fmp4.Picture, error) {
	p, err := fmp4.ParsePicture(t.SampleEntry)
	if err == nil && p.Colour.Primaries == 0 && v.Video.HighDynamicRange() {
		p.Colour = colourOf(v.Video)
	}
	if t.NALLengthSize == 0 && hasNALs(v.Codec) {
		err = fmp4.ErrMalformed
	}
	return p, err
}

// colourOf is a picture's colour, as far as it is known.
func colourOf(v media.VideoFormat) (c fmp4.Colour) {
	c.Primaries, c.Transfer, c.Matrix = index.ColourCodes(v)
	c.FullRange = v.FullRange
	return c
}

// soundTags are the sample entries whose configuration is what their codec's is called.
var soundTags = map[media.Codec]string{
	media.Opus: "Opus", media.FLAC: "fLaC", media.AC3: "ac-3", media.EAC3: "ec-3",
}

// newAudioSource judges an indexed audio track.
func newAudioSource(a media.Track, t *index.Track) audioSource {
	samples := tableSamples{t, t.FirstSample}
	s := audioSource{
		track: a, indexed: t, span: indexedSpan(t),
		sound: fmp4.Sound{
			Codec: a.Codec, Config: t.CodecPrivate, SampleRate: a.Audio.SampleRate, Channels: a.Audio.Channels,
		},
	}
	known := len(t.CodecPrivate) > 0 && (a.Codec == media.AAC || t.CodecTag == soundTags[a.Codec])
	if known && a.Codec != media.AAC && a.Codec != media.FLAC {
		samples.first, s.span.start = firstPacket(t, s.span.start)
	}
	s.samples = samples
	s.verdict = plan.SendAudio(&a, plan.Facts{
		Indexed: known && t.AllSync, Cut: t.Truncated, OneEntry: t.SampleEntries == 1,
		Monotonic: t.DTSMonotonic && t.EditsExact,
	})
	return s
}

// firstPacket gives the first packet that is sent of a track, and when its sound begins. An edit list leaves out what a
// decoder makes before the sound itself, and the index with it the whole packet that holds both: of codecs that need
// it, or would lose a packet's sound for a few milliseconds, it is sent.
func firstPacket(t *index.Track, start moment) (first uint32, begins moment) {
	first = t.FirstSample
	if first > 0 {
		before, err := t.Samples(nil, first-1, first)
		if err == nil && before[0].PTS()+media.Ticks(before[0].Duration) == t.StartTicks {
			first--
		}
	}
	one, err := t.Samples(nil, first, first+1)
	if err != nil || len(one) == 0 {
		return t.FirstSample, start
	}
	at := one[0].PTS()
	if o, err := codec.ParseDOps(t.CodecPrivate); err == nil && t.Codec == media.Opus { // a decoder drops as much
		return first, moment{at + media.Rescale(int64(o.PreSkip), codec.OpusRate, t.Timescale), t.Timescale}
	}
	if first < t.FirstSample {
		at = max(at, 0)
	}
	return first, moment{at, t.Timescale}
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
	if v.frames != nil {
		c.frames = make([]media.Ticks, len(v.frames))
	}
	for i, f := range v.frames {
		c.frames[i] = media.Rescale(f, v.timescale, ts)
	}
	return &c
}
