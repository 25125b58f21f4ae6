package stream

import (
	"context"
	"math"
	"os"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// soundBlocks are the frames of an AAC track in Matroska, found by time when they are asked for. The container's times
// are rounded, commonly to milliseconds: a frame's true time is the nearest one on the grid of frames that begins with
// the track's first. A cut is the number of a frame on that grid.
type soundBlocks struct {
	track *index.Track
	rate  uint32      // samples a second: the timescale of the plan
	start media.Ticks // of the grid, in samples on the source's clock
	count int         // frames on the grid, holes included
	bits  int64       // bits a second, the most that a look showed
}

// nearest gives the frame on the grid that is nearest to a time of the track, and how many samples off it is.
func (b *soundBlocks) nearest(at media.Ticks) (frame int, off media.Ticks) {
	d := media.Rescale(at-b.track.StartTicks, b.track.Timescale, b.rate) + plan.AACFrame/2
	n := d / plan.AACFrame
	if d%plan.AACFrame < 0 {
		n--
	}
	return int(n), d - n*plan.AACFrame - plan.AACFrame/2
}

// timeOf is a frame's time in ticks of the track, rounded.
func (b *soundBlocks) timeOf(frame int) media.Ticks {
	return b.track.StartTicks + media.Rescale(int64(frame)*plan.AACFrame, b.rate, b.track.Timescale)
}

func (b *soundBlocks) between(ctx context.Context, from, to int) ([]index.Sample, error) {
	all, err := b.track.BlocksBetween(ctx, b.timeOf(from-1), b.timeOf(to+1))
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, s := range all {
		if n, _ := b.nearest(s.PTS()); n >= from && n < to {
			s.DTS, s.Duration = b.start+int64(n)*plan.AACFrame, plan.AACFrame
			out = append(out, s)
		}
	}
	return out, nil
}

func (b *soundBlocks) after(t media.Ticks) (frame int, at media.Ticks, ok bool) {
	n := max(0, (t-b.start+plan.AACFrame-1)/plan.AACFrame)
	return int(n), b.start + n*plan.AACFrame, n < int64(b.count)
}

// weigh guesses from what a look showed: sound is steady.
func (b *soundBlocks) weigh(from, to int) (bytes, samples int64) {
	samples = max(0, int64(to-from))
	return b.bits / 8 * samples * plan.AACFrame / int64(b.rate) * 5 / 4, samples
}

func (b *soundBlocks) light() bool { return true }

func (b *soundBlocks) shape() (soundShape, error) {
	return soundShape{timescale: b.rate, frame: plan.AACFrame, end: b.end(), count: b.count}, nil
}

func (b *soundBlocks) end() media.Ticks { return b.start + int64(b.count)*plan.AACFrame }

// Bounds of believing a track's times.
const (
	soundChecked = 2 * time.Second   // read at the start, in the middle and at the end
	soundOff     = plan.AACFrame / 4 // how far a frame may be from the grid, in samples
)

// newCuedAudio judges an audio track of a file of which only the keyframes of the picture are indexed.
func newCuedAudio(ctx context.Context, a media.Track, t *index.Track, where span, f *os.File) audioSource {
	s := audioSource{track: a, span: where}
	facts := plan.Facts{Indexed: true, Cut: t.Truncated, OneEntry: true, Monotonic: true}
	if s.verdict = plan.SendAudio(&a, facts); !s.verdict.Passthrough {
		return s // no need to read blocks
	}
	b := newSoundBlocks(ctx, a, t, f)
	if b == nil {
		facts.Indexed = false
		s.verdict = plan.SendAudio(&a, facts)
		return s
	}
	s.indexed, s.samples = t, b
	s.span = span{moment{t.StartTicks, t.Timescale}, moment{b.end(), b.rate}}
	s.track.BitRate = max(s.track.BitRate, b.bits)
	return s
}

// newSoundBlocks gives nil unless a track is plain AAC-LC whose frames lie on one grid, as far as a look at its start,
// its middle and its end shows.
func newSoundBlocks(ctx context.Context, a media.Track, t *index.Track, f *os.File) *soundBlocks {
	rate := t.Audio.SampleRate
	switch {
	case !t.Readable, len(t.CodecPrivate) == 0, t.FrameSamples != plan.AACFrame,
		rate < 7350, rate > 96_000, t.Duration <= 0, t.Duration > longest,
		a.Audio.SampleRate != rate, a.Audio.Channels != t.Audio.Channels:
		return nil
	}
	b := &soundBlocks{track: t, rate: uint32(rate), start: media.Rescale(t.StartTicks, t.Timescale, uint32(rate))}
	look := media.FromDuration(soundChecked, t.Timescale)
	last := 0
	for i, from := range []media.Ticks{
		t.StartTicks, t.StartTicks + (t.EndTicks-t.StartTicks-look)/2, t.EndTicks - look,
	} {
		to := from + look
		if i == 2 {
			to = math.MaxInt64 / 8 // all that there is
		}
		all, err := t.BlocksBetween(ctx, from, to)
		if err != nil || len(all) == 0 && i < 2 || !b.onGrid(f, all) {
			return nil
		}
		var bytes int64
		for _, s := range all {
			bytes += int64(s.Size) + int64(len(t.Stripped))
			n, _ := b.nearest(s.PTS())
			last = max(last, n)
		}
		if len(all) > 0 {
			b.bits = max(b.bits, bytes*8*int64(rate)/(int64(len(all))*plan.AACFrame))
		}
	}
	n, _ := b.nearest(t.EndTicks)
	if b.count = last + 1; b.timeOf(b.count) < t.EndTicks-look { // nothing at the end: it may be anywhere before
		b.count = max(b.count, n)
	}
	return b
}

// onGrid says whether frames follow each other on the grid, and are bare: not wrapped in ADTS.
func (b *soundBlocks) onGrid(f *os.File, all []index.Sample) bool {
	last := math.MinInt
	for i, s := range all {
		n, off := b.nearest(s.PTS())
		if n <= last || off > soundOff || off < -soundOff || s.Size == 0 {
			return false
		}
		last = n
		head := make([]byte, 2)
		w := wholeSample{f, b.track.Stripped, s}
		if i > 0 || w.size() < 2 {
			continue
		}
		if _, err := w.ReadAt(head, 0); err != nil || head[0] == 0xff && head[1]&0xf0 == 0xf0 {
			return false
		}
	}
	return true
}
