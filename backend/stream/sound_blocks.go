package stream

import (
	"context"
	"io"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// soundBlocks are the frames of an audio track in Matroska, found by time when they are asked for. The container's
// times are rounded, commonly to milliseconds: a frame's true time is the nearest one on the grid of frames that begins
// with the track's first. A cut is the number of a frame on that grid.
type soundBlocks struct {
	track *index.Track
	rate  uint32      // samples a second: the timescale of the plan
	frame media.Ticks // samples in a frame
	start media.Ticks // of the grid, in samples on the source's clock
	count int         // frames on the grid, holes included
	short media.Ticks // samples that the last frame has less than the others
	bits  int64       // bits a second, the most that a look showed
	holes bool        // a look showed that frames are missing
}

// nearest gives the frame on the grid that is nearest to a time of the track, and how many samples off it is.
func (b *soundBlocks) nearest(at media.Ticks) (frame int, off media.Ticks) {
	d := media.Rescale(at-b.track.StartTicks, b.track.Timescale, b.rate) + b.frame/2
	n := d / b.frame
	if d%b.frame < 0 {
		n--
	}
	return int(n), d - n*b.frame - b.frame/2
}

// timeOf is a frame's time in ticks of the track, rounded.
func (b *soundBlocks) timeOf(frame int) media.Ticks {
	return b.track.StartTicks + media.Rescale(int64(frame)*b.frame, b.rate, b.track.Timescale)
}

func (b *soundBlocks) between(ctx context.Context, from, to int) ([]index.Sample, io.ReaderAt, error) {
	all, err := b.track.BlocksBetween(ctx, b.timeOf(from-1), b.timeOf(to+1))
	if err != nil {
		return nil, nil, err
	}
	out := all[:0]
	for _, s := range all {
		if n, _ := b.nearest(s.PTS()); n >= from && n < to {
			s.DTS, s.Duration = b.start+int64(n)*b.frame, uint32(b.frame)
			out = append(out, s)
		}
	}
	return out, nil, nil
}

func (b *soundBlocks) after(t media.Ticks) (frame int, at media.Ticks, ok bool) {
	n := max(0, (t-b.start+b.frame-1)/b.frame)
	return int(n), b.start + n*b.frame, n < int64(b.count)
}

// weigh guesses from what a look showed: sound is steady.
func (b *soundBlocks) weigh(from, to int) (bytes, samples int64) {
	samples = max(0, int64(to-from))
	return b.bits / 8 * samples * b.frame / int64(b.rate) * 5 / 4, samples
}

func (b *soundBlocks) light() bool { return true }

func (b *soundBlocks) shape() (soundShape, error) {
	return soundShape{timescale: b.rate, frame: b.frame, end: b.end(), count: b.count, holes: b.holes}, nil
}

func (b *soundBlocks) end() media.Ticks { return b.start + int64(b.count)*b.frame - b.short }
