package stream

import (
	"context"
	"fmt"
	"io"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// sampleSource finds the samples of a track, whatever its container. What the cuts of its plan number is its own
// affair. All times are on the source's clock, in the timescale of the plan.
type sampleSource interface {
	// between gives the samples from one cut up to another, in decode order, and where their bytes are: nil is the
	// source's file, at the samples' offsets; another reader is for containers whose samples lie in pieces.
	between(ctx context.Context, from, to int) ([]index.Sample, io.ReaderAt, error)
	// weigh gives the bytes from one cut up to another, or a little more, and how many samples there are.
	weigh(from, to int) (bytes, samples int64)
	// light says that weighing a whole track piece by piece is quick.
	light() bool
}

// soundSource is the sampleSource of an audio track.
type soundSource interface {
	sampleSource
	// after gives the first cut at t or later, and its time; ok is false past the last one.
	after(t media.Ticks) (cut int, at media.Ticks, ok bool)
	shape() (soundShape, error)
}

// soundShape is what planning needs to know of passed-through sound.
type soundShape struct {
	timescale    uint32
	frame        media.Ticks // length of a frame
	end          media.Ticks // of the last frame
	first, count int         // the first cut, and how many there are
	holes        bool        // frames are missing between the first and the last, as far as it was looked at
}

// tableSamples are the samples of an index that knows them all. A cut is a sample's number.
type tableSamples struct {
	track *index.Track
	first uint32 // the first one that is sent
}

func (t tableSamples) between(_ context.Context, from, to int) ([]index.Sample, io.ReaderAt, error) {
	all, err := t.track.Samples(nil, uint32(from), uint32(to))
	return all, nil, err
}

func (t tableSamples) weigh(from, to int) (bytes, samples int64) {
	if from == int(t.track.FirstSample) && to == int(t.track.EndSample) {
		return t.track.SampleBytes, int64(to - from)
	}
	all, err := t.track.Samples(nil, uint32(from), uint32(to))
	if err != nil {
		return 0, 0
	}
	for _, s := range all {
		bytes += int64(s.Size)
	}
	return bytes, int64(len(all))
}

// maxWeighed bounds how many samples are weighed to know a peak; a longer track's peak is estimated.
const maxWeighed = 100_000

func (t tableSamples) light() bool { return t.track.EndSample-t.track.FirstSample <= maxWeighed }

func (t tableSamples) after(at media.Ticks) (sample int, pts media.Ticks, ok bool) {
	i := t.track.SampleAt(at)
	for range 3 {
		if i >= t.track.EndSample {
			return 0, 0, false
		}
		if i >= t.first {
			s, err := t.track.Samples(nil, i, i+1)
			if err != nil || len(s) != 1 {
				return 0, 0, false
			}
			if s[0].PTS() >= at {
				return int(i), s[0].PTS(), true
			}
		}
		i++
	}
	return 0, 0, false
}

func (t tableSamples) shape() (soundShape, error) {
	// The first samples of a cut track say odd lengths; one from the middle says the track's own.
	middle := t.track.FirstSample + (t.track.EndSample-t.track.FirstSample)/2
	one, err := t.track.Samples(nil, middle, middle+1)
	if err != nil || len(one) != 1 {
		return soundShape{}, fmt.Errorf("read a sample of track %d: %w", t.track.Index, err)
	}
	frame := max(1, media.Ticks(one[0].Duration))
	count := media.Ticks(t.track.EndSample - t.first)
	return soundShape{
		holes:     t.track.EndTicks-t.track.StartTicks > (count+1)*frame,
		timescale: t.track.Timescale, frame: frame, end: t.track.EndTicks,
		first: int(t.first), count: int(t.track.EndSample - t.first),
	}, nil
}

// wholeSample reads one sample, with the bytes that the file leaves out of it.
type wholeSample struct {
	r        io.ReaderAt
	stripped []byte
	sample   index.Sample
}

func (w wholeSample) size() int64 { return int64(len(w.stripped)) + int64(w.sample.Size) }

// ReadAt reads p from a place in the sample.
func (w wholeSample) ReadAt(p []byte, at int64) (n int, err error) {
	if at < int64(len(w.stripped)) {
		n = copy(p, w.stripped[at:])
	}
	if n == len(p) {
		return n, nil
	}
	m, err := w.r.ReadAt(p[n:], w.sample.Offset+at+int64(n)-int64(len(w.stripped)))
	return n + m, err
}
