package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// remuxMaker makes segments of a video track's own samples, which a copy head takes out of a container that no index
// describes. A scan has seen every one of them before.
type remuxMaker struct {
	e      *Engine
	src    media.Source
	video  *videoSource
	scan   *videoScan
	origin media.Ticks // presentation time 0 on the source's clock, in ticks of the plan
	plan   func() (*plan.Plan, error)
	giveUp func(ctx context.Context) // its own samples cannot be sent after all
}

// remuxTries are the tries that a segment has: a little before its keyframe, then from further and further back, and
// at last from the start of the file, which is slow and always right.
var remuxTries = []time.Duration{time.Second, prerollEarlier, prerollMuch, -1}

// remuxAhead is how far a remux head goes past the last request: its segments are large and quickly made, and are kept
// in memory only.
const remuxAhead = 8 * time.Second

func (m *remuxMaker) attempts() int    { return len(remuxTries) }
func (m *remuxMaker) weight() slotKind { return copySlot }

func (m *remuxMaker) run(ctx context.Context, from, to, attempt int, emit emitFunc) error {
	p, err := m.plan()
	if err != nil {
		return err
	}
	h := ffmpeg.CopyHead{
		Source: m.src, Stream: m.video.track.Index, Kind: media.Video, Codec: m.video.track.Codec,
		Timescale: p.Timescale,
		Seek:      remuxSeek(m.keyframe(p, from)+m.origin, m.scan.start, p.Timescale, attempt),
	}
	g := &remuxGrouper{m: m, p: p, next: from, to: to, emit: emit}
	err = m.e.runHead(ctx, h.Args(), func(c child) error { return g.read(ctx, c) })
	if err != nil {
		return fmt.Errorf("run remux head from segment %d: %w", from, err)
	}
	return nil
}

// remuxSeek is where a copy head seeks to on the given attempt to get what begins at t; nil for the start of the file.
func remuxSeek(t, start media.Ticks, timescale uint32, attempt int) *media.Ticks {
	back := remuxTries[attempt]
	t -= media.FromDuration(back, timescale)
	if back < 0 || t <= start {
		return nil
	}
	return &t
}

// keyframe is when the keyframe of segment n is shown.
func (m *remuxMaker) keyframe(p *plan.Plan, n int) media.Ticks {
	return m.scan.groups[p.Cuts[n]].at - m.origin
}

// frames is how many frames segment n has.
func (m *remuxMaker) frames(p *plan.Plan, n int) (count int) {
	for _, g := range m.scan.between(p, n) {
		count += g.frames
	}
	return count
}

// between gives the groups of segment n.
func (s *videoScan) between(p *plan.Plan, n int) []scannedGroup {
	if n+1 < len(p.Cuts) {
		return s.groups[p.Cuts[n]:p.Cuts[n+1]]
	}
	return s.groups[p.Cuts[n]:]
}

// errUnsteady says that a head brought other frames than the scan saw.
var errUnsteady = errors.New("the frames differ from those that the scan saw")

// fill gives up: there is no stand-in for samples that are the source's own.
func (m *remuxMaker) fill(int) ([]byte, error) {
	m.giveUp(m.e.ctx)
	return nil, fault.Wrap(errUnsteady, fault.Damaged, "This video has to be converted to be played. Open it again.")
}

// remuxGrouper gathers a copy head's frames into the segments of the plan, and wants them to be those that the scan
// saw.
type remuxGrouper struct {
	m        *remuxMaker
	p        *plan.Plan
	next, to int // the segment being gathered, and the end of the window
	emit     emitFunc
	begun    bool
	samples  []fmp4.Sample
	data     []byte
}

func (g *remuxGrouper) read(ctx context.Context, c child) error {
	begin := func(frames *copiedFrames) error {
		if frames.ts != g.p.Timescale || string(frames.entry) != string(g.m.scan.entry) {
			return errChanged
		}
		return nil
	}
	take := func(f copiedFrame) error { return g.take(ctx, f) }
	if err := c.copied(g.m.video.track.Codec, ordersFrames(g.m.src.Container), begin, take); err != nil {
		return err
	}
	if !g.begun {
		return errNoOutput
	}
	if err := c.ended(); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	return g.flush(ctx)
}

// take adds a frame, and hands over the segment before it when it begins a new one.
func (g *remuxGrouper) take(ctx context.Context, f copiedFrame) error {
	at := f.at - g.m.origin
	eps := max(1, media.Ticks(g.p.Timescale)/2000)
	is := func(n int) bool { d := at - g.m.keyframe(g.p, n); return f.start && d <= eps && d >= -eps }
	switch {
	case !g.begun:
		if f.start && at > g.m.keyframe(g.p, g.next)+eps {
			return errLate
		}
		if !is(g.next) {
			return nil
		}
		g.begun = true
	case g.next+1 < g.p.Len() && is(g.next+1):
		if err := g.flush(ctx); err != nil {
			return err
		}
		if g.next >= g.to {
			return errEnough
		}
	case len(g.samples) > g.m.frames(g.p, g.next):
		return errUnsteady
	}
	if len(g.data)+len(f.data) > fmp4.MaxSegmentBytes {
		return fmp4.ErrMalformed
	}
	g.samples = append(g.samples, fmp4.Sample{
		PTS: max(at, g.p.Bounds[g.next]), Size: uint32(len(f.data)), Sync: f.start,
	})
	g.data = append(g.data, f.data...)
	return nil
}

// flush hands the gathered segment over.
func (g *remuxGrouper) flush(ctx context.Context) error {
	if len(g.samples) != g.m.frames(g.p, g.next) {
		return errUnsteady
	}
	from, to := g.p.Span(g.next)
	seg, err := fmp4.Segment(uint32(g.next+1), g.samples, g.data, from, to)
	if err != nil {
		return fmt.Errorf("make segment %d: %w", g.next, err)
	}
	g.samples, g.data = g.samples[:0], g.data[:0]
	n := g.next
	g.next++
	if !g.emit(ctx, n, seg) {
		return errEnough
	}
	return nil
}

// newRemuxPlan cuts at the keyframes that a scan found clean.
func newRemuxPlan(s *videoScan, seed string, total, origin media.Ticks) *plan.Plan {
	in := plan.Video{Seed: seed, Timescale: s.timescale, Total: total}
	var groups []int
	for i, g := range s.groups {
		if g.clean {
			in.Keyframes = append(in.Keyframes, g.at-origin)
			groups = append(groups, i)
		}
	}
	p := plan.Passthrough(in)
	for n, k := range p.Cuts {
		p.Cuts[n] = groups[k]
	}
	return p
}
