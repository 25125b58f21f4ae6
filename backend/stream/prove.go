package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// proofLikeness is how alike what was encoded and what was to be encoded must be, in decibels, each picture and each
// plane. A good encoder is far above it; a picture that is green, or another one of the clip, is far below.
const proofLikeness = 24

var errUnlike = errors.New("the pictures do not look like those that were encoded")

// proveEncoder has an encoder make segments of a clip as heads do, and checks them as no head can: keyframes exactly
// where they were asked for and nowhere else, pictures of the right form and number, and each decoded and compared with
// the one that went in. Nil when all is well.
func (e *Engine) proveEncoder(ctx context.Context, enc ffmpeg.Encoder) error {
	const (
		perFrame = 90_000 / ffmpeg.ClipFrameRate
		frames   = 30
	)
	clip := &ffmpeg.Clip{Width: 1280, Height: 720, Frames: frames}
	p := &plan.Plan{
		Timescale: 90_000, Exact: true, Bounds: []media.Ticks{0, 13 * perFrame, 17 * perFrame, frames * perFrame},
	}
	nothing := func(int) ([]byte, bool) { return nil, false }
	track := media.Track{Video: media.VideoFormat{FrameRate: clip.Rate()}}
	m := &videoMaker{
		e: e, video: &videoSource{track: track, timescale: 90_000},
		rung: inBand(plan.Rung{Name: "proof", Width: clip.Width, Height: clip.Height, BitsPerSecond: 6_000_000}),
		plan: func() (*plan.Plan, error) { return p, nil },
		init: func(context.Context, []byte) error { return nil }, near: nothing, waited: func() bool { return false },
		frames: func(from, to media.Ticks) (all []media.Ticks) {
			for t := from; t < to; t += perFrame {
				all = append(all, t)
			}
			return all
		},
	}
	h := m.head(p, 0, p.Len(), tryPlain)
	h.Clip, h.Encoder, h.Low = clip, enc, true
	var made bytes.Buffer
	g := &grouper{m: m, p: p, to: p.Len(), check: &headCheck{began: time.Now(), decoded: true}} // decoded below
	g.emit = func(_ context.Context, _ int, data []byte) bool {
		if made.Len() == 0 {
			made.Write(g.init)
		}
		made.Write(data)
		return true
	}
	if err := m.encode(ctx, h, g); err != nil {
		return fmt.Errorf("make a test encode: %w", err)
	}
	if g.next != p.Len() {
		return fmt.Errorf("make a test encode: %d of %d segments: %w", g.next, p.Len(), errNoOutput)
	}
	want := make([]byte, clip.FrameBytes())
	luma := clip.Width * clip.Height
	n, err := e.tools.DecodePictures(ctx, made.Bytes(), clip.FrameBytes(), true, func(n int, yuv []byte) error {
		clip.Draw(want, n)
		if like := min(likeness(want[:luma], yuv[:luma]), likeness(want[luma:], yuv[luma:])); like < proofLikeness {
			return fmt.Errorf("picture %d, %.1f dB: %w", n, like, errUnlike)
		}
		return nil
	})
	if err == nil && n != frames {
		err = errCount
	}
	if err != nil {
		return fmt.Errorf("look at a test encode: %w", err)
	}
	return nil
}

// likeness is the peak signal-to-noise ratio of two planes, in decibels.
func likeness(a, b []byte) float64 {
	var sum int64
	for i, v := range a {
		d := int64(v) - int64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(float64(sum), 1))
}
