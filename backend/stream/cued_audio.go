package stream

import (
	"context"
	"math"
	"os"
	"time"

	"dropstream/backend/codec"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// Bounds of believing a track's times.
const (
	soundChecked  = 2 * time.Second // read at the start, in the middle and at the end
	leastRate     = 7350            // hertz
	mostRate      = 192_000
	maxSoundFrame = 64 << 10 // bytes of a first frame that is read whole
)

// newCuedAudio judges an audio track of a file of which only the keyframes of the picture are indexed.
func newCuedAudio(ctx context.Context, a media.Track, t *index.Track, where span, f *os.File) audioSource {
	s := audioSource{track: a, span: where}
	facts := plan.Facts{Indexed: true, Cut: t.Truncated, OneEntry: true, Monotonic: true}
	if s.verdict = plan.SendAudio(&a, facts); !s.verdict.Passthrough {
		return s // no need to read blocks
	}
	b, sound := newSoundBlocks(ctx, a, t, f)
	if b == nil {
		facts.Indexed = false
		s.verdict = plan.SendAudio(&a, facts)
		return s
	}
	s.indexed, s.samples, s.sound = t, b, sound
	s.span = span{moment{t.StartTicks, t.Timescale}, moment{b.end(), b.rate}}
	if o, err := codec.ParseDOps(sound.Config); err == nil && sound.Codec == media.Opus { // a decoder drops as much
		s.span.start = moment{b.start + int64(o.PreSkip), b.rate}
	}
	s.track.BitRate = max(s.track.BitRate, b.bits)
	return s
}

// newSoundBlocks gives nil unless a track's frames are of one length and lie on one grid, as far as a look at its
// start, its middle and its end shows.
func newSoundBlocks(ctx context.Context, a media.Track, t *index.Track, f *os.File) (*soundBlocks, fmp4.Sound) {
	sound := fmp4.Sound{
		Codec: a.Codec, Config: t.CodecPrivate, SampleRate: t.Audio.SampleRate, Channels: a.Audio.Channels,
	}
	if !t.Readable || t.Duration <= 0 || t.Duration > longest || a.Audio.Channels != t.Audio.Channels {
		return nil, sound
	}
	look := media.FromDuration(soundChecked, t.Timescale)
	first, err := t.BlocksBetween(ctx, t.StartTicks, t.StartTicks+look)
	if err != nil || len(first) == 0 {
		return nil, sound
	}
	b := &soundBlocks{track: t}
	if !b.configure(&sound, wholeSample{f, t.Stripped, first[0]}) || a.Codec == media.AAC &&
		a.Audio.SampleRate != sound.SampleRate {
		return nil, sound
	}
	b.rate = uint32(sound.SampleRate)
	b.start = media.Rescale(t.StartTicks, t.Timescale, b.rate)
	if sound.Codec == media.Opus { // the container rounds what comes before the sound; the codec says it exactly
		o, err := codec.ParseDOps(sound.Config)
		if err != nil {
			return nil, sound
		}
		skip := media.Rescale(int64(o.PreSkip), b.rate, t.Timescale)
		b.start = media.Rescale(t.StartTicks+skip, t.Timescale, b.rate) - int64(o.PreSkip)
	}
	middle := t.StartTicks + (t.EndTicks-t.StartTicks-look)/2
	for i, from := range []media.Ticks{t.StartTicks, middle, t.EndTicks - look} {
		to := from + look
		if i == 2 {
			to = math.MaxInt64 / 8 // all that there is
		}
		all, err := t.BlocksBetween(ctx, from, to)
		if err != nil || len(all) == 0 && i < 2 || !b.onGrid(f, all, sound) {
			return nil, sound
		}
		b.weighed(all)
	}
	n, _ := b.nearest(t.EndTicks)
	if b.timeOf(b.count) < t.EndTicks-look { // nothing at the end: it may be anywhere before
		b.count, b.holes = max(b.count, n), true
	}
	return b, sound
}

// weighed takes what a look showed into the count of frames and the bit rate.
func (b *soundBlocks) weighed(all []index.Sample) {
	var bytes int64
	for _, s := range all {
		bytes += int64(s.Size) + int64(len(b.track.Stripped))
		n, _ := b.nearest(s.PTS())
		b.count = max(b.count, n+1)
	}
	if len(all) > 0 {
		b.bits = max(b.bits, bytes*8*int64(b.rate)/(int64(len(all))*b.frame))
	}
}

// configure learns the length of a frame, and completes the configuration by what Matroska leaves to the frames.
func (b *soundBlocks) configure(s *fmp4.Sound, first wholeSample) bool {
	switch s.Codec {
	case media.AAC:
		b.frame = int64(b.track.FrameSamples)
		return len(s.Config) > 0 && b.frame == plan.AACFrame && s.SampleRate >= leastRate && s.SampleRate <= 96_000
	case media.Opus:
		o, err := codec.ParseOpusHead(s.Config)
		if err != nil {
			return false
		}
		s.Config, s.SampleRate = o.DOps(), codec.OpusRate
		b.frame = int64(codec.OpusSamples(first.head(2)))
	case media.FLAC:
		info, err := codec.ParseFLAC(s.Config)
		if err != nil || info.MinBlock != info.MaxBlock {
			return false
		}
		s.SampleRate, b.frame = info.Rate, int64(info.MaxBlock)
	case media.AC3:
		h, err := codec.ParseAC3(first.head(codec.AC3HeaderBytes))
		if err != nil || h.Enhanced {
			return false
		}
		s.Config, s.SampleRate, b.frame = h.DAC3(), h.Rate, int64(h.Samples)
	case media.EAC3:
		h, config, err := codec.EAC3(first.head(maxSoundFrame))
		if err != nil {
			return false
		}
		s.Config, s.SampleRate, b.frame = config, h.Rate, int64(h.Samples)
	default:
		return false
	}
	return b.frame > 0 && s.SampleRate >= leastRate && s.SampleRate <= mostRate
}

// onGrid says whether frames follow each other on the grid, and are what the first one is.
func (b *soundBlocks) onGrid(f *os.File, all []index.Sample, sound fmp4.Sound) bool {
	last := math.MinInt
	for i, s := range all {
		n, off := b.nearest(s.PTS())
		most := b.frame / 4 // how far a frame may be from the grid
		if n <= last || off > most || off < -most || s.Size == 0 {
			return false
		}
		b.holes = b.holes || i > 0 && (n > last+1 || b.short > 0)
		last = n
		if i > 0 && sound.Codec == media.AAC { // its frames say nothing of themselves
			continue
		}
		if !b.alike(wholeSample{f, b.track.Stripped, s}, sound) {
			return false
		}
	}
	return true
}

// alike says whether a frame begins as its codec's frames do, and is as long as the first one. A frame of FLAC may be
// shorter, which only the last one of a stream is.
func (b *soundBlocks) alike(w wholeSample, sound fmp4.Sound) bool {
	head := w.head(codec.AC3HeaderBytes)
	switch sound.Codec {
	case media.Opus:
		return int64(codec.OpusSamples(head)) == b.frame
	case media.FLAC:
		n, err := codec.ParseFLACFrame(head)
		b.short = b.frame - int64(n)
		return err == nil && b.short >= 0
	case media.AC3, media.EAC3:
		h, err := codec.ParseAC3(head)
		return err == nil && h.Enhanced == (sound.Codec == media.EAC3) && int64(h.Samples) == b.frame &&
			h.Rate == sound.SampleRate && !h.Dependent
	default: // bare, not wrapped in ADTS
		return len(head) >= 2 && (head[0] != 0xff || head[1]&0xf0 != 0xf0)
	}
}
