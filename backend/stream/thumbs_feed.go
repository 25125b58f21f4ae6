package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
)

// keyFeed is what the decoder of thumbnails reads: a fragmented MP4 of nothing but keyframes, read from the source as
// they are wanted. The n-th has the time n seconds, whatever its own: that is how what comes out is told apart. A
// keyframe that is damaged is left out.
type keyFeed struct {
	ctx   context.Context //nolint:containedctx // of the run that reads from it; io.Reader has no place for one
	file  io.ReaderAt
	track *index.Track
	wait  func(ctx context.Context) error // until nobody else needs the machine
	all   []thumb
	first int // the number of the first of them
	order *fmp4.KeyframeOrder

	rest []byte // of what is to be given out
	n    int    // of all, given out
	read int64  // bytes of keyframes

	failed atomic.Pointer[error] // the source's trouble, for which no more is given out
}

// trouble is why a feed ended too early, nil when it did not. It may be asked while the feed is read.
func (f *keyFeed) trouble() error {
	if err := f.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// newKeyFeed begins with the init segment.
func newKeyFeed(ctx context.Context, f io.ReaderAt, x *index.Track, all []thumb, first int) (*keyFeed, error) {
	entry := x.SampleEntry
	if entry == nil {
		var err error
		if entry, err = fmp4.DecoderEntry(x.Codec, x.CodecPrivate, x.Video.Width, x.Video.Height); err != nil {
			return nil, err
		}
	}
	init, err := fmp4.Init{
		Timescale: thumbFeedTimescale, Width: max(1, x.Video.Width), Height: max(1, x.Video.Height), SampleEntry: entry,
	}.Bytes()
	if err != nil {
		return nil, err
	}
	feed := &keyFeed{ctx: ctx, file: f, track: x, all: all, first: first, rest: init, order: &fmp4.KeyframeOrder{}}
	if x.Codec == media.H264 {
		feed.order = fmp4.NewKeyframeOrder(x.CodecPrivate)
	}
	return feed, nil
}

// thumbFeedTimescale is the timescale of a feed.
const thumbFeedTimescale = 1000

// at is the time that a feed gives to a thumbnail.
func (f *keyFeed) at(n int) time.Duration { return time.Duration(n) * time.Second }

// number is the thumbnail that bears a time.
func (f *keyFeed) number(at time.Duration) (n int, ok bool) {
	n = int(at / time.Second)
	return n, at%time.Second == 0 && n >= f.first && n < f.first+len(f.all)
}

// Read implements io.Reader. It ends with io.EOF whatever happened: what was decoded by then is of use; trouble says
// what did happen.
func (f *keyFeed) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.n == len(f.all) || f.read > thumbBytes {
			return 0, io.EOF
		}
		err := f.wait(f.ctx)
		if err == nil {
			f.rest, err = f.next()
			f.n++
		}
		if err != nil {
			f.failed.Store(&err)
			return 0, io.EOF
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// next reads the next keyframe; nothing where it is damaged.
func (f *keyFeed) next() ([]byte, error) {
	s, err := f.sample(f.all[f.n].find)
	switch {
	case f.ctx.Err() != nil:
		return nil, f.ctx.Err()
	case fault.CodeOf(err) == fault.Damaged:
		return nil, nil
	case err != nil:
		return nil, err
	}
	size := int64(s.Size) + int64(len(f.track.Stripped))
	if size > biggestKey || s.Size == 0 {
		return nil, nil
	}
	data := make([]byte, size)
	if _, err := f.file.ReadAt(data[copy(data, f.track.Stripped):], s.Offset); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil // the file is cut short
		}
		return nil, fmt.Errorf("read a keyframe: %w", err)
	}
	f.read += size
	data = f.order.Next(data)
	n := f.first + f.n
	head, err := fmp4.Single(uint32(n+1), media.FromDuration(f.at(n), thumbFeedTimescale), uint32(len(data)))
	if err != nil {
		return nil, err
	}
	return append(head, data...), nil
}

// sample is where a keyframe is.
func (f *keyFeed) sample(find int) (index.Sample, error) {
	if f.track.SampleCount == 0 {
		return f.track.KeyframeBlock(f.ctx, find)
	}
	n := uint32(find)
	if !f.track.AllSync {
		n = f.track.Keyframes[find].Sample
	}
	one, err := f.track.Samples(nil, n, n+1)
	if err != nil {
		return index.Sample{}, err
	}
	if len(one) != 1 {
		return index.Sample{}, fault.New(fault.Damaged, "There is no such picture.")
	}
	return one[0], nil
}
