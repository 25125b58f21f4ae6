package stream

import (
	"context"
	"log/slog"
	"math"
	"os"
	"slices"
	"sort"

	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// pictureBlocks are the samples of a Matroska video track, found by its Cues when they are asked for. A cut is a
// keyframe's number.
type pictureBlocks struct {
	track     *index.Track
	timescale uint32
	rate      media.Rational // of its frames, about
	log       *slog.Logger
}

// between gives the frames that are shown from one keyframe on until another. Where the file is not what its Cues say,
// frames that belong elsewhere are left out.
func (b *pictureBlocks) between(ctx context.Context, from, to int) ([]index.Sample, error) {
	all, exact, err := b.track.KeyframeBlocks(ctx, from, to)
	if err != nil {
		return nil, err
	}
	start, end := b.span(from, to)
	found := len(all)
	all = slices.DeleteFunc(all, func(s index.Sample) bool { return s.PTS() < start || s.PTS() >= end })
	if !exact || len(all) < found {
		b.log.LogAttrs(ctx, slog.LevelWarn, "Cues are not exact", slog.Int("track", b.track.Index),
			slog.Int("keyframe", from), slog.Bool("found", exact), slog.Int("framesLeftOut", found-len(all)))
	}
	for i := range all {
		all[i].DTS = media.Rescale(all[i].DTS, b.track.Timescale, b.timescale)
	}
	return all, nil
}

// span is when keyframe from is shown, and when keyframe to is, or the end of the track.
func (b *pictureBlocks) span(from, to int) (start, end media.Ticks) {
	end = b.track.EndTicks
	if to < len(b.track.Keyframes) {
		end = b.track.Keyframes[to].PTS
	}
	return b.track.Keyframes[from].PTS, end
}

// weigh takes all that stands between the keyframes for their frames.
func (b *pictureBlocks) weigh(from, to int) (bytes, samples int64) {
	start, end := b.span(from, to)
	return b.track.BlockBytes(from, to), (end-start)/frameTicks(b.rate, b.track.Timescale) + 1
}

func (b *pictureBlocks) light() bool { return true }

// Bounds of believing Cues.
const (
	spansChecked    = 8
	finestTimescale = 1_000_000 // beyond it a frame's length may not fit its 32 bits
	videoTimescale  = 90_000
)

// newCuedVideo judges a video track of which only the keyframes are indexed.
func newCuedVideo(ctx context.Context, v media.Track, t *index.Track, f *os.File, log *slog.Logger) *videoSource {
	s := &videoSource{track: v, span: indexedSpan(t)}
	s.timescale = timescaleOf(media.Rational{Num: 1, Den: int64(t.Timescale)})
	b := &pictureBlocks{track: t, timescale: t.Timescale, rate: v.Video.FrameRate, log: log}
	if b.timescale > finestTimescale {
		b.timescale = videoTimescale
	}
	facts := plan.Facts{
		Indexed: t.Readable, Cut: t.Truncated, OneEntry: true, Monotonic: true, Keyframes: true,
		LongestGOP: media.ToDuration(t.MaxGOPDuration, t.Timescale),
	}
	if s.verdict = plan.SendVideo(&v, facts); s.verdict.Passthrough { // only now is it worth reading blocks
		facts.Indexed, facts.Keyframes = b.holds(ctx, f)
		facts.Indexed = facts.Indexed && b.sendable()
		s.verdict = plan.SendVideo(&v, facts)
	}
	if s.verdict.Passthrough {
		entry, err := fmp4.AVCEntry(t.CodecPrivate, v.Video.Width, v.Video.Height, v.Video.PixelAspect)
		if s.entry = entry; err != nil {
			s.verdict = plan.Verdict{Reason: reasonNoConfiguration}
		}
	}
	if s.verdict.Passthrough {
		s.timescale, s.indexed, s.samples, s.end = b.timescale, t, b, len(t.Keyframes)
		if !v.Video.FrameRate.Valid() {
			s.track.Video.FrameRate = b.rate
		}
	}
	for _, k := range t.Keyframes {
		s.keyframes = append(s.keyframes, media.Rescale(k.PTS, t.Timescale, s.timescale))
		if s.verdict.Passthrough {
			s.keySamples = append(s.keySamples, k.Sample)
		}
	}
	return s
}

// sendable says whether every segment that plan.Passthrough may make is small enough to be read at once.
func (b *pictureBlocks) sendable() bool {
	keys, second := b.track.Keyframes, media.Ticks(b.track.Timescale)
	from := func(at media.Ticks) int {
		return sort.Search(len(keys), func(i int) bool { return keys[i].PTS >= at })
	}
	for i, k := range keys {
		j := from(k.PTS + plan.PassthroughSeconds*second)
		if j < len(keys) {
			j = from(keys[j].PTS + second) // a last piece joins the one before it
		}
		if b.track.BlockBytes(i, j) > index.MaxBlockBytes {
			return false
		}
	}
	return len(keys) > 0
}

// holds reads a spread of the groups between keyframes, and says whether the Cues are true there, and whether decoding
// can start clean: each group begins with an IDR picture, none of its frames is shown before it or after the next one
// begins, and its samples are made of whole NAL units. It also measures the rate of frames.
func (b *pictureBlocks) holds(ctx context.Context, f *os.File) (indexed, clean bool) {
	t := b.track
	n := len(t.Keyframes)
	if n == 0 || t.Keyframes[0].PTS != t.StartTicks || t.NALLengthSize == 0 {
		return false, false
	}
	clean = true
	var frames, ticks int64
	for k := range min(n, spansChecked) {
		i := k
		if n > spansChecked {
			i = k * (n - 1) / (spansChecked - 1)
		}
		all, exact, err := t.KeyframeBlocks(ctx, i, i+1)
		if err != nil || !exact {
			return false, false
		}
		start, end := b.span(i, i+1)
		clean = clean && b.clean(f, all, start, end)
		frames += int64(len(all))
		ticks += end - start
	}
	if !b.rate.Valid() && ticks > 0 && ticks < math.MaxInt64/1000 {
		b.rate = media.Rational{Num: frames * int64(t.Timescale), Den: ticks}
	}
	return true, clean
}

// clean says whether a group of samples begins with an IDR picture of the track's own size and stays within its time.
func (b *pictureBlocks) clean(f *os.File, all []index.Sample, start, end media.Ticks) bool {
	for _, s := range all {
		if s.PTS() < start || s.PTS() >= end || s.Size == 0 {
			return false
		}
	}
	first := wholeSample{f, b.track.Stripped, all[0]}
	last := wholeSample{f, b.track.Stripped, all[len(all)-1]}
	size := b.track.NALLengthSize
	return isIDR(first, size) && wholeNALs(first, size) && wholeNALs(last, size) &&
		!changesSize(first, size, b.track.CodecPrivate)
}
