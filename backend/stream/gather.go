package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dropstream/backend/fmp4"
	"dropstream/backend/plan"
)

// grouper gathers a head's frames into the segments of the plan.
type grouper struct {
	m        *videoMaker
	p        *plan.Plan
	next, to int // the segment being gathered, and the end of the window
	attempt  int
	emit     emitFunc
	samples  []fmp4.Sample
	data     []byte
	any      bool
	count    int // pictures in the segment handed over last

	init  []byte
	sets  fmp4.ParameterSets // of this run's encoder, where they go into the samples
	check *headCheck         // nil with x264
}

// read reads the whole of a head and hands over all segments but the last. Watch starts a timer that ends the head; it
// is stopped when a frame arrives.
func (g *grouper) read(ctx context.Context, r *fmp4.Reader, watch func() *time.Timer) error {
	timer := watch()
	defer func() { timer.Stop() }()
	enc, err := r.Init()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return errNoOutput
		}
		return err
	}
	if enc.Timescale != g.p.Timescale {
		return errChanged
	}
	if err := g.begin(ctx, enc.SampleEntry); err != nil {
		return err
	}
	for {
		f, err := r.Next()
		timer.Stop()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		at := 0
		for _, s := range f.Samples {
			if err := g.take(ctx, s, f.Data[at:at+int(s.Size)]); err != nil {
				return err
			}
			at += int(s.Size)
		}
		timer = watch()
	}
	if !g.any {
		return errNoOutput
	}
	return nil
}

// begin takes the encoder's sample entry, and makes the init segment.
func (g *grouper) begin(ctx context.Context, entry []byte) (err error) {
	r := g.m.rung
	if isInBand(r) {
		if g.sets, err = fmp4.ReadParameterSets(entry); err != nil {
			return fmt.Errorf("read the encoder's parameter sets: %w", err)
		}
		if entry, err = fmp4.InBandEntry(entry, g.m.level()); err != nil {
			return fmt.Errorf("make the sample entry: %w", err)
		}
	}
	if g.check != nil {
		g.check.opened = true
		if err := g.form(g.sets); err != nil {
			return err
		}
	}
	init := fmp4.Init{Timescale: g.p.Timescale, Width: r.Width, Height: r.Height, SampleEntry: entry}
	if g.init, err = init.Bytes(); err != nil {
		return err
	}
	return g.m.init(ctx, g.init)
}

// take adds a frame, and hands over the segment before it when it begins a new one.
func (g *grouper) take(ctx context.Context, s fmp4.Sample, data []byte) error {
	eps := g.m.tolerance(g.p)
	s.PTS -= g.m.origin
	if g.attempt >= tryHold {
		s.PTS = g.p.Bounds[g.next]
	}
	if g.check != nil {
		if err := g.picture(s, data); err != nil {
			return err
		}
	}
	if isInBand(g.m.rung) && s.Sync {
		var err error
		if data, err = g.sets.InsertParameterSets(data); err != nil {
			return fmt.Errorf("put parameter sets into a picture: %w", err)
		}
		s.Size = uint32(len(data))
	}
	if !g.any {
		late := s.PTS - g.p.Bounds[g.next]
		if g.next > 0 && late > eps+frameTicks(g.m.video.track.Video.FrameRate, g.p.Timescale) &&
			g.attempt < tryMuchEarlier {
			return errLate
		}
		g.any = true
	}
	if s.Sync && s.PTS >= g.p.Bounds[g.next+1]-eps && len(g.samples) > 0 {
		if err := g.flush(ctx); err != nil {
			return err
		}
	}
	// A source without frames for the whole of a segment: its picture stands still.
	for s.Sync && len(g.samples) == 0 && g.next < g.to && s.PTS >= g.p.Bounds[g.next+1]-eps {
		if g.next+1 >= g.to {
			return nil
		}
		if err := g.still(ctx); err != nil {
			return err
		}
	}
	if len(g.samples) == 0 && !s.Sync {
		return nil // nothing can be shown before a keyframe
	}
	if len(g.data)+len(data) > fmp4.MaxSegmentBytes {
		return fmp4.ErrMalformed
	}
	s.PTS = max(s.PTS, g.p.Bounds[g.next])
	g.samples = append(g.samples, s)
	g.data = append(g.data, data...)
	return nil
}

// flush hands the gathered segment over.
func (g *grouper) flush(ctx context.Context) error {
	if len(g.samples) == 0 || g.next >= g.to {
		return nil
	}
	from, to := g.p.Span(g.next)
	seg, err := fmp4.Segment(uint32(g.next+1), g.samples, g.data, from, to)
	if err != nil {
		return fmt.Errorf("make segment %d: %w", g.next, err)
	}
	n := g.next
	if g.check != nil {
		if err := g.whole(ctx, n, seg); err != nil {
			return err
		}
	}
	g.count = len(g.samples)
	g.samples, g.data = g.samples[:0], g.data[:0]
	g.next++
	if !g.emit(ctx, n, seg) {
		return errEnough
	}
	if g.check != nil {
		g.check.began = time.Now()
	}
	return nil
}

// still hands over a segment that repeats the last picture before it.
func (g *grouper) still(ctx context.Context) error {
	n := g.next
	var seg []byte
	take := func(_ context.Context, _ int, data []byte) bool { seg = data; return true }
	if err := g.m.run(ctx, n, n+1, tryHold, take); err != nil || seg == nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var ferr error
		if seg, ferr = g.m.fill(n); ferr != nil {
			return errors.Join(err, ferr)
		}
	}
	if g.m.spoiled != nil && g.m.expects(g.p, n) {
		g.m.spoiled(ctx, g.p, n)
	}
	g.next++
	if !g.emit(ctx, n, seg) {
		return errEnough
	}
	return nil
}
