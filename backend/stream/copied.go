package stream

import (
	"errors"
	"fmt"
	"io"

	"dropstream/backend/fmp4"
	"dropstream/backend/media"
)

// copiedFrame is one of a source's own frames, as a copy head brings it.
type copiedFrame struct {
	at    media.Ticks // when it is shown, on the source's clock
	key   bool        // the container calls it a keyframe
	start bool        // decoding can start here clean; see clean
	data  []byte

	decoded media.Ticks
	order   int64 // among those from the last IDR picture on
	ordered bool
}

// copiedFrames reads the frames of a copy head, in decode order.
type copiedFrames struct {
	r       *fmp4.Reader
	entry   []byte // the sample entry
	ts      uint32
	avc     *fmp4.AVC  // of H.264
	hevc    *fmp4.HEVC // of HEVC
	byOrder bool       // the container does not say when frames are shown: the stream itself has to
	queue   []copiedFrame
	ahead   []copiedFrame // byOrder: the group that is being gathered
	bytes   int
	ended   error
}

// newCopiedFrames reads the head's init segment.
func newCopiedFrames(r *fmp4.Reader, codec media.Codec, byOrder bool) (*copiedFrames, error) {
	enc, err := r.Init()
	if errors.Is(err, io.EOF) {
		return nil, errNoOutput
	}
	if err != nil {
		return nil, err
	}
	c := &copiedFrames{r: r, entry: enc.SampleEntry, ts: enc.Timescale}
	switch codec {
	case media.H264:
		c.byOrder = byOrder
		c.avc, err = fmp4.NewAVC(enc.SampleEntry)
	case media.HEVC:
		c.hevc, err = fmp4.NewHEVC(enc.SampleEntry)
	default:
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture's configuration: %w", err)
	}
	return c, nil
}

// ordersFrames says whether a container leaves it to the stream to say when its frames are shown.
func ordersFrames(c media.Container) bool { return c == media.AVI }

// next gives the next frame. Errors: io.EOF after the last one, fmp4.ErrReconfigured, fmp4.ErrMalformed, errUnordered.
func (c *copiedFrames) next() (copiedFrame, error) {
	for len(c.queue) == 0 {
		if c.ended != nil {
			return copiedFrame{}, c.ended
		}
		f, err := c.r.Next()
		if errors.Is(err, io.EOF) {
			c.ended = err
			if err := c.order(); err != nil {
				return copiedFrame{}, err
			}
			continue
		}
		if err != nil {
			return copiedFrame{}, err
		}
		at := 0
		for _, s := range f.Samples {
			if err := c.take(s, f.Data[at:at+int(s.Size)]); err != nil {
				return copiedFrame{}, err
			}
			at += int(s.Size)
		}
	}
	f := c.queue[0]
	c.queue = c.queue[1:]
	return f, nil
}

// take reads a sample.
func (c *copiedFrames) take(s fmp4.Sample, data []byte) error {
	f := copiedFrame{at: s.PTS, decoded: s.DTS, key: s.Sync, start: s.Sync, data: data}
	if c.avc != nil {
		a, err := c.avc.Read(data)
		if err != nil {
			return err
		}
		f.start, f.data, f.order, f.ordered = a.IDR, a.Data, a.Order, a.Ordered
	}
	if c.hevc != nil {
		var err error
		if f.data, err = c.hevc.Strip(data); err != nil {
			return err
		}
	}
	if !c.byOrder {
		c.queue = append(c.queue, f)
		return nil
	}
	if f.start {
		if err := c.order(); err != nil {
			return err
		}
	}
	c.ahead = append(c.ahead, f)
	if c.bytes += len(f.data); c.bytes > fmp4.MaxSegmentBytes || len(c.ahead) > maxGroupFrames {
		return errUnordered
	}
	return nil
}

const maxGroupFrames = 1 << 15

// errUnordered says that it cannot be known when frames are shown.
var errUnordered = errors.New("the order of the frames is not known")

// order takes the time at which a frame is decoded for the one at which it is shown, in groups whose frames are shown
// in that order. Of others it is not known: decoders differ in how long they hold frames back.
func (c *copiedFrames) order() error {
	if len(c.ahead) == 0 {
		return nil
	}
	if c.ahead[0].start { // and not what comes before the first IDR picture
		for i := range c.ahead {
			f := &c.ahead[i]
			if !f.ordered || i > 0 && f.order <= c.ahead[i-1].order {
				return errUnordered
			}
			f.at = f.decoded
		}
		c.queue = append(c.queue, c.ahead...)
	}
	c.ahead, c.bytes = nil, 0
	return nil
}

// copied reads what a copy head writes, to its end: begin is given what stands before the frames, take each frame. A
// head that brings no frame for too long is ended by its timer.
func (c child) copied(
	codec media.Codec, byOrder bool, begin func(*copiedFrames) error, take func(copiedFrame) error,
) error {
	timer := c.watch()
	defer func() { timer.Stop() }()
	frames, err := newCopiedFrames(fmp4.NewReader(c.out), codec, byOrder)
	if err != nil {
		return err
	}
	if err := begin(frames); err != nil {
		return err
	}
	for {
		f, err := frames.next()
		timer.Stop()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(f); err != nil {
			return err
		}
		timer = c.watch()
	}
}
