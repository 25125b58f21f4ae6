package stream

import (
	"context"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// pictureBlocks are the samples of a Matroska video track, found by its Cues when they are asked for. A cut is a
// keyframe's number.
type pictureBlocks struct {
	track     *index.Track
	codec     media.Codec
	timescale uint32
	rate      media.Rational // of its frames, about
	log       *slog.Logger
	// starts is when what is decoded from each keyframe on begins to be shown, for the keyframes that are cuts. Where
	// it says nothing, that is with the keyframe.
	starts map[int]media.Ticks
}

// between gives the frames that are shown from one keyframe on until another. Where the file is not what its Cues say,
// frames that belong elsewhere are left out.
func (b *pictureBlocks) between(ctx context.Context, from, to int) ([]index.Sample, io.ReaderAt, error) {
	all, exact, err := b.track.KeyframeBlocks(ctx, from, to)
	if err != nil {
		return nil, nil, err
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
	return all, nil, nil
}

// span is when what is decoded from keyframe from on begins to be shown, and the same of keyframe to, or the end of the
// track.
func (b *pictureBlocks) span(from, to int) (start, end media.Ticks) {
	end = b.track.EndTicks
	if to < len(b.track.Keyframes) {
		end = b.start(to)
	}
	return b.start(from), end
}

func (b *pictureBlocks) start(i int) media.Ticks {
	if at, ok := b.starts[i]; ok {
		return at
	}
	return b.track.Keyframes[i].PTS
}

// weigh takes all that stands between the keyframes for their frames.
func (b *pictureBlocks) weigh(from, to int) (bytes, samples int64) {
	start, end := b.span(from, to)
	return b.track.BlockBytes(from, to), (end-start)/frameTicks(b.rate, b.track.Timescale) + 1
}

func (b *pictureBlocks) light() bool { return true }

// holds reads a spread of the groups between keyframes, and says whether the Cues are true there, and whether decoding
// can start clean: each group begins with a picture that decoding can start at, none of its frames is shown before the
// group is or after the next one begins, and its samples are whole. It also measures the rate of frames.
func (b *pictureBlocks) holds(ctx context.Context, f *os.File) (indexed, clean bool) {
	t := b.track
	n := len(t.Keyframes)
	if n == 0 || t.Keyframes[0].PTS != t.StartTicks || t.NALLengthSize == 0 && hasNALs(b.codec) {
		return false, false
	}
	clean, b.starts = true, map[int]media.Ticks{}
	var frames, ticks int64
	for k := range min(n, spansChecked) {
		i := k
		if n > spansChecked {
			i = k * (n - 1) / (spansChecked - 1)
		}
		all, exact, err := t.KeyframeBlocks(ctx, i, i+1)
		if err != nil || !exact || !b.startsOf(ctx, i) {
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

// startsOf finds out when a group begins to be shown, and the one after it.
func (b *pictureBlocks) startsOf(ctx context.Context, i int) bool {
	for n := i; b.codec == media.HEVC && n <= i+1 && n < len(b.track.Keyframes); n++ {
		at, ok, err := b.track.GroupStart(ctx, n)
		if err != nil || !ok {
			return false
		}
		b.starts[n] = at
	}
	return true
}

// clean says whether a group of samples begins with a picture that decoding can start at, of the track's own size, and
// stays within its time.
func (b *pictureBlocks) clean(f *os.File, all []index.Sample, start, end media.Ticks) bool {
	for _, s := range all {
		if s.PTS() < start || s.PTS() >= end || s.Size == 0 {
			return false
		}
	}
	first := wholeSample{f, b.track.Stripped, all[0]}
	last := wholeSample{f, b.track.Stripped, all[len(all)-1]}
	size := b.track.NALLengthSize
	return isStart(first, b.codec, size) && (!hasNALs(b.codec) || wholeNALs(first, size) && wholeNALs(last, size)) &&
		!changesSize(first, b.codec, size, b.track.CodecPrivate)
}
