package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/proc"
	"dropstream/backend/sprite"
)

const (
	// thumbsMixed is how many places too late a picture may come out of the decoder: as many as one holds back.
	thumbsMixed = 16
	// thumbsCPU bounds the processor time of one run, in seconds.
	thumbsCPU = 120
	// thumbAlone bounds a run for one picture, and thumbMisses how many such runs in a row may give none.
	thumbAlone  = 15 * time.Second
	thumbMisses = 8
)

// thumbRun gathers the pictures that ffmpeg gives into sheets.
type thumbRun struct {
	x      *thumbs
	p      *thumbPlan
	h      ffmpeg.Thumbs
	ticket *ticket
	next   int // the sheet that is due
	got    map[int]thumbPicture
}

// thumbPicture is a thumbnail that was made.
type thumbPicture struct {
	at  time.Duration // of the keyframe, in the presentation
	raw []byte
}

// run makes sheets from number n on. Where ffmpeg fails without the source being to blame, what it gave of the sheet
// that was due is all there will be, so that every run brings the work nearer to its end.
func (x *thumbs) run(ctx context.Context, ticket *ticket, n int) error {
	ctx, cancel := context.WithTimeout(ctx, thumbsTime)
	defer cancel()
	v := x.t.survey.video.track
	r := &thumbRun{x: x, p: x.plan(), ticket: ticket, next: n, got: map[int]thumbPicture{}}
	r.h = ffmpeg.Thumbs{Stream: v.Index, Format: v.Video}
	r.h.Width, r.h.Height = thumbSize(v.Video)
	var err error
	switch {
	case r.p.indexed:
		err = r.keyframes(ctx)
	case x.t.src.SizeBytes <= wholeSource && v.Codec != media.H264:
		// Keyframes alone may seem to be out of order to a decoder of H.264, which then leaves them out.
		err = r.whole(ctx)
	default:
		err = r.places(ctx)
	}
	var exit *proc.ExitError
	switch {
	case err == nil:
		return r.flush(ctx, len(r.p.all), true)
	case errors.As(err, &exit):
		due := r.next
		if err := r.flush(ctx, min((due+1)*sprite.PerSheet, len(r.p.all)), true); err != nil {
			return err
		}
		return ctx.Err() //nolint:wrapcheck // the caller's own
	}
	return errors.Join(err, r.rest(ctx))
}

// keyframes decodes the keyframes that the index names, and nothing else.
func (r *thumbRun) keyframes(ctx context.Context) error {
	first := r.next * sprite.PerSheet
	t := r.x.t
	feed, err := newKeyFeed(ctx, r.x.file, t.survey.sameTrack(t.survey.video.track), r.p.all[first:], first)
	if err != nil {
		return fmt.Errorf("feed the decoder of thumbnails: %w", err)
	}
	feed.wait = r.ticket.wait
	err = r.decode(ctx, feed, func(at time.Duration, raw []byte) error {
		if n, ok := feed.number(at); ok {
			return r.take(ctx, n, thumbPicture{r.p.all[n].at, raw})
		}
		return nil
	})
	if trouble := feed.trouble(); trouble != nil {
		return trouble
	}
	return err
}

// whole reads a source without an index from its start, or from the sheet that is due, to its end.
func (r *thumbRun) whole(ctx context.Context) error {
	r.fromFile(r.next * sprite.PerSheet)
	r.h.Apart = r.p.apart / 2 // of what is nearer than a place on the grid the first one is taken
	return r.decode(ctx, nil, func(at time.Duration, raw []byte) error {
		if err := r.ticket.wait(ctx); err != nil {
			return err
		}
		return r.take(ctx, r.p.near(at), thumbPicture{at, raw})
	})
}

// places seeks to each place of the grid, for a source that is too long to be read.
func (r *thumbRun) places(ctx context.Context) error {
	misses := 0
	var last error
	for n := r.next * sprite.PerSheet; n < len(r.p.all); n++ {
		if err := r.ticket.wait(ctx); err != nil {
			return err
		}
		r.fromFile(n)
		r.h.Most, r.h.AllFrames = 1, r.x.t.survey.video.track.Codec == media.H264
		misses++
		alone, cancel := context.WithTimeout(ctx, thumbAlone)
		err := r.decode(alone, nil, func(at time.Duration, raw []byte) error {
			misses = 0
			return r.take(ctx, n, thumbPicture{at, raw})
		})
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if last = err; misses == thumbMisses && err != nil {
			return fmt.Errorf("take single pictures: %w", last)
		}
	}
	return nil
}

// fromFile has ffmpeg read the source itself, from a thumbnail's place on.
func (r *thumbRun) fromFile(n int) {
	t := r.x.t
	r.h.Source, r.h.Origin, r.h.From = &t.src, t.timeline.origin.duration(), nil
	if at := r.p.all[n].at; at > 0 {
		at += r.h.Origin
		r.h.From = &at
	}
}

// decode runs ffmpeg and gives out each picture with its time. The error of a run that failed is an *[proc.ExitError].
func (r *thumbRun) decode(ctx context.Context, feed io.Reader, give func(time.Duration, []byte) error) error {
	tools := r.x.t.e.tools
	spec := tools.Spec(tools.ThumbsArgs(r.h))
	spec.Low, spec.Stdin, spec.Limits.CPUSeconds = true, feed, thumbsCPU
	p, err := proc.Start(ctx, spec)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() {
		p.Kill()
		_ = p.Stdout().Close()
		_ = p.Wait() // its end is known already
	}()
	for {
		raw := make([]byte, r.h.Bytes())
		_, err := io.ReadFull(p.Stdout(), raw)
		if err != nil {
			break // the end, good or bad, is told by Wait
		}
		if err := give(r.h.Time(raw), raw); err != nil {
			return err
		}
	}
	return p.Wait() //nolint:wrapcheck // it says what failed
}

// take takes the picture of thumbnail n. The sheets that nothing can be added to any more are finished.
func (r *thumbRun) take(ctx context.Context, n int, p thumbPicture) error {
	if _, ok := r.got[n]; ok || n < r.next*sprite.PerSheet {
		return nil
	}
	r.got[n] = p
	return r.flush(ctx, n-thumbsMixed, true)
}

// flush finishes the sheets whose thumbnails all lie before number n.
func (r *thumbRun) flush(ctx context.Context, n int, keep bool) error {
	for r.next*sprite.PerSheet < n && (min((r.next+1)*sprite.PerSheet, len(r.p.all)) <= n) {
		s, err := r.sheet()
		if err != nil {
			return err
		}
		r.x.put(ctx, r.next, s, true, keep && len(s.Times) > 0)
		r.next++
	}
	return nil
}

// rest keeps what there is of the sheet that is due, until the next try.
func (r *thumbRun) rest(ctx context.Context) error {
	s, err := r.sheet()
	if err == nil && len(s.Times) > 0 {
		r.x.put(ctx, r.next, s, false, false)
	}
	return err
}

// sheet puts the sheet that is due together.
func (r *thumbRun) sheet() (*sprite.Sheet, error) {
	m := sprite.NewMaker(r.h.Width, r.h.Height)
	from, to := r.next*sprite.PerSheet, min((r.next+1)*sprite.PerSheet, len(r.p.all))
	end := r.p.end(to)
	for n := from; n < to; n++ {
		p, ok := r.got[n]
		if !ok {
			continue
		}
		delete(r.got, n)
		var pic sprite.Picture
		pic.Y, pic.Cb, pic.Cr, pic.YStride, pic.CStride = r.h.Planes(p.raw)
		m.Add(p.at, pic)
	}
	return m.Sheet(end)
}
