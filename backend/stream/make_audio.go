package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// audioForm is what the sound of a track is transcoded to: AAC at 48 kHz.
type audioForm struct {
	name     string // in URLs
	channels int
	bits     int64 // a second
}

// The forms of transcoded sound.
var (
	stereo   = audioForm{"aac", 2, 192_000}
	surround = audioForm{"aac6", 6, 384_000}
)

// audioMaker encodes the segments of one audio track.
type audioMaker struct {
	e      *Engine
	src    media.Source
	audio  audioSource
	form   audioForm
	origin media.Ticks // presentation time 0 on the source's clock, in samples
	plan   func() (*plan.Plan, error)
}

const audioTries = 2 // plain, tolerant

func (m *audioMaker) attempts() int    { return audioTries }
func (m *audioMaker) weight() slotKind { return soundSlot }

func (m *audioMaker) run(ctx context.Context, from, to, attempt int, emit emitFunc) error {
	p, err := m.plan()
	if err != nil {
		return err
	}
	// What lies outside the track needs no encoder.
	for from < to && m.outside(p, from) {
		if err := m.silence(ctx, from, emit); err != nil {
			return err
		}
		from++
	}
	last := from
	for last < to && !m.outside(p, last) {
		last++
	}
	if from == last {
		return nil
	}
	h := ffmpeg.AudioHead{
		Source: m.src, Stream: m.audio.track.Index, Origin: m.origin, From: p.Bounds[from] / plan.AACFrame,
		To: p.Bounds[last] / plan.AACFrame, Start: m.audio.span.start.in(ffmpeg.AudioRate), Channels: m.form.channels,
		Bits: m.form.bits, Tolerant: attempt > 0,
	}
	err = m.e.runHead(ctx, h.Args(), func(c child) error {
		return m.read(ctx, p, h, from, last, &audioOutput{child: c, r: fmp4.NewADTSReader(c.out)}, emit)
	})
	if err != nil {
		return fmt.Errorf("run audio head from segment %d: %w", from, err)
	}
	return nil
}

// audioOutput is what a head writes.
type audioOutput struct {
	child

	r   *fmp4.ADTSReader
	got int // frames so far
}

// next gives the next frame, io.EOF when the head came to its end by itself.
func (o *audioOutput) next() ([]byte, error) {
	timer := o.watch()
	defer timer.Stop()
	frame, err := o.r.Next()
	switch {
	case err == nil:
		o.got++
	case errors.Is(err, io.EOF):
		if bad := o.ended(); bad != nil {
			return nil, bad
		}
	}
	return frame, err
}

// read groups the frames of a head into segments. Frames that the encoder did not get to, at the very end, are silence.
func (m *audioMaker) read(ctx context.Context, p *plan.Plan, h ffmpeg.AudioHead, from, to int, out *audioOutput,
	emit emitFunc,
) error {
	for range h.Skip() {
		if _, err := out.next(); err != nil {
			return errors.Join(errNoOutput, noEOF(err))
		}
	}
	for n := from; n < to; n++ {
		start, end := p.Span(n)
		var samples []fmp4.Sample
		var data []byte
		for t := start; t < end; t += plan.AACFrame {
			frame, err := out.next()
			if errors.Is(err, io.EOF) && n == to-1 && len(samples) > 0 {
				frame, err = fmp4.SilentAAC(m.form.channels), nil
			}
			if err != nil {
				return fmt.Errorf("frame %d of %d: %w", out.got, h.To-h.From+int64(h.Skip()), noEOF(err))
			}
			samples = append(samples, fmp4.Sample{PTS: t, Size: uint32(len(frame)), Sync: true})
			data = append(data, frame...)
		}
		seg, err := fmp4.Segment(uint32(n+1), samples, data, start, end)
		if err != nil {
			return fmt.Errorf("make segment %d: %w", n, err)
		}
		if !emit(ctx, n, seg) {
			return errEnough
		}
	}
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// outside says whether a segment lies wholly before the track or after it.
func (m *audioMaker) outside(p *plan.Plan, n int) bool {
	start := m.audio.span.start.in(ffmpeg.AudioRate) - m.origin
	end := m.audio.span.end.in(ffmpeg.AudioRate) - m.origin
	const slack = ffmpeg.AudioRate / 4 // tracks are not always as long as they say
	return p.Bounds[n+1] < start-slack || p.Bounds[n] > end+slack
}

func (m *audioMaker) silence(ctx context.Context, n int, emit emitFunc) error {
	seg, err := m.fill(n)
	if err != nil {
		return err
	}
	if !emit(ctx, n, seg) {
		return errEnough
	}
	return nil
}

// fill is silence for the length of segment n.
func (m *audioMaker) fill(n int) ([]byte, error) {
	p, err := m.plan()
	if err != nil {
		return nil, err
	}
	silent := fmp4.SilentAAC(m.form.channels)
	start, end := p.Span(n)
	var samples []fmp4.Sample
	var data []byte
	for t := start; t < end; t += plan.AACFrame {
		samples = append(samples, fmp4.Sample{PTS: t, Size: uint32(len(silent)), Sync: true})
		data = append(data, silent...)
	}
	return fmp4.Segment(uint32(n+1), samples, data, start, end)
}
