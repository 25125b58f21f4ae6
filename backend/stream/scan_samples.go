package stream

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
)

// scanSamples reads every sample of the video track, as heads will, and looks whether they can be sent as they are.
func (e *Engine) scanSamples(ctx context.Context, src media.Source, t scanTask, gate scanGate) (videoScan, error) {
	s := sampleScan{out: videoScan{timescale: t.timescale}, task: t}
	h := ffmpeg.CopyHead{
		Source: src, Stream: t.video.Index, Kind: media.Video, Codec: t.video.Codec, Timescale: t.timescale,
	}
	err := e.runHead(ctx, h.Args(), func(c child) error { return s.read(ctx, c, src.Container, gate) })
	if refused := refusalOf(err); refused != notRefused {
		s.out.refused, err = refused, nil
	}
	if err != nil {
		return videoScan{}, fmt.Errorf("read samples: %w", err)
	}
	return s.finish()
}

// refusalOf is why samples that gave an error cannot be sent.
func refusalOf(err error) refusal {
	switch {
	case errors.Is(err, fmp4.ErrReconfigured):
		return reconfigured
	case errors.Is(err, errUnordered):
		return disordered
	case errors.Is(err, fmp4.ErrMalformed):
		return corrupt
	}
	return notRefused
}

// sampleScan gathers the samples of a video track.
type sampleScan struct {
	task   scanTask
	out    videoScan
	spans  []groupSpan // of each group
	orders []placed    // since the last IDR picture
	n      int
}

// groupSpan is when the first and the last frame of a group are shown.
type groupSpan struct{ first, last media.Ticks }

// placed is a frame's time and its place.
type placed struct {
	at    media.Ticks
	order int64
}

func (s *sampleScan) read(ctx context.Context, c child, container media.Container, gate scanGate) error {
	timer := c.watch()
	defer func() { timer.Stop() }()
	frames, err := newCopiedFrames(fmp4.NewReader(c.out), s.task.video.Codec, ordersFrames(container))
	if err != nil {
		return err
	}
	if frames.ts != s.task.timescale {
		return errChanged
	}
	s.out.entry = bytes.Clone(frames.entry)
	for {
		f, err := frames.next()
		timer.Stop()
		if errors.Is(err, io.EOF) {
			s.settle()
			return nil
		}
		if err != nil {
			return err
		}
		s.take(f)
		s.n++
		if err := gate.wait(ctx, s.n); err != nil {
			return err
		}
		timer = c.watch()
	}
}

func (s *sampleScan) take(f copiedFrame) {
	o := &s.out
	if f.key || f.start {
		if f.start {
			s.settle()
		}
		o.groups = append(o.groups, scannedGroup{at: f.at, clean: f.start})
		s.spans = append(s.spans, groupSpan{f.at, f.at})
	}
	if len(o.groups) == 0 || len(o.groups) > scanFrames {
		return // nothing can be shown before a keyframe
	}
	g, span := &o.groups[len(o.groups)-1], &s.spans[len(s.spans)-1]
	g.bytes += int64(len(f.data))
	g.frames++
	span.first, span.last = min(span.first, f.at), max(span.last, f.at)
	o.largest = max(o.largest, int64(len(f.data)))
	if len(o.frames) <= scanFrames {
		o.frames = append(o.frames, f.at)
	}
	if f.ordered && len(s.orders) < maxGroupFrames {
		s.orders = append(s.orders, placed{f.at, f.order})
	}
}

// settle sees whether the frames since the last IDR picture are shown in the order that the stream says.
func (s *sampleScan) settle() {
	slices.SortFunc(s.orders, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(s.orders); i++ {
		if s.orders[i].order <= s.orders[i-1].order || s.orders[i].at == s.orders[i-1].at {
			s.out.refused = max(s.out.refused, disordered)
		}
	}
	s.orders = s.orders[:0]
}

// finish finds out which groups nothing crosses.
func (s *sampleScan) finish() (videoScan, error) {
	o := &s.out
	switch {
	case o.refused != notRefused:
		return *o, nil // it was not read to its end
	case len(o.groups) == 0:
		return videoScan{}, errNoOutput
	case len(o.groups) > scanFrames: // as good as every frame is one: nobody's pass-through is worth that
		o.refused = disordered
		return *o, nil
	}
	last := media.Ticks(math.MinInt64)
	for i := range o.groups {
		o.groups[i].clean = o.groups[i].clean && last < o.groups[i].at
		last = max(last, s.spans[i].last)
	}
	first := media.Ticks(math.MaxInt64)
	for i, g := range slices.Backward(o.groups) {
		first = min(first, s.spans[i].first)
		o.groups[i].clean = g.clean && first >= g.at
	}
	step := frameTicks(s.task.video.Video.FrameRate, o.timescale)
	o.start, o.end = first, last+step
	if len(o.frames) > scanFrames {
		o.frames = nil
	}
	slices.Sort(o.frames)
	if n := len(o.frames); n > 1 {
		o.end = last + max(1, min(2*step, o.frames[n-1]-o.frames[n-2]))
	}
	o.frames = slices.Compact(o.frames)
	return *o, nil
}
