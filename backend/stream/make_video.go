package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// videoMaker encodes the segments of one rung.
type videoMaker struct {
	e      *Engine
	src    media.Source
	video  *videoSource
	rung   plan.Rung
	origin media.Ticks // presentation time 0 on the source's clock, in ticks of the plan
	plan   func() (*plan.Plan, error)
	init   func(ctx context.Context, data []byte) error // takes the init segment
	near   func(n int) ([]byte, bool)                   // a segment near n that is there already

	waited    func() bool                              // whether somebody waits for this rendition
	frames    func(from, to media.Ticks) []media.Ticks // the source's frames around a span; nil when not known
	uncounted atomic.Bool                              // what frames says is not what is decoded
	// spoiled is told of a segment whose own pictures could not be read.
	spoiled func(ctx context.Context, p *plan.Plan, n int)
}

// tries a segment has: from its own keyframe; tolerant and from further back; from much further back; holding the
// last picture before it; black, where there is no segment nearby whose picture it could repeat.
const (
	tryPlain = iota
	tryEarlier
	tryMuchEarlier
	tryHold
	tryBlack
	videoTries
)

func (m *videoMaker) attempts() int    { return videoTries }
func (m *videoMaker) weight() slotKind { return pictureSlot }

// How far before a segment decoding starts when no keyframe is known, and how much sooner each retry starts.
const (
	preroll        = 3 * time.Second
	prerollEarlier = 15 * time.Second
	prerollMuch    = 90 * time.Second
)

func (m *videoMaker) run(ctx context.Context, from, to, attempt int, emit emitFunc) error {
	p, err := m.plan()
	if err != nil {
		return err
	}
	switch {
	case attempt == tryPlain && m.beyond(p, from):
		return m.standStill(ctx, p, from, to, emit)
	case attempt == tryPlain:
		if t := m.tryHardware(ctx, p, from, to, emit); t != nil {
			if t.ended(ctx) {
				return t.err
			}
			return m.instead(ctx, p, t, to, emit)
		}
	case attempt == tryBlack:
		if _, ok := m.near(from); ok {
			return errNoOutput
		}
	}
	if attempt >= tryHold {
		to = from + 1
	}
	g := &grouper{m: m, p: p, next: from, to: to, emit: emit, attempt: attempt}
	return m.encode(ctx, m.head(p, from, to, attempt), g)
}

// encode runs a head and has its pictures gathered.
func (m *videoMaker) encode(ctx context.Context, h ffmpeg.VideoHead, g *grouper) error {
	stuck := stuckAfter
	if g.check != nil {
		stuck = hardwareStuck
	}
	if backgroundTicket(ctx) != nil {
		h.Preset = m.e.pace().FillPreset
	}
	from := g.next
	read := func(c child) error { return g.read(ctx, fmp4.NewReader(c.out), c.watch) }
	if err := m.e.runChild(ctx, m.e.tools.HeadSpec(h), stuck, read); err != nil {
		return fmt.Errorf("run video head from segment %d: %w", from, err)
	}
	return g.flush(ctx)
}

// head is the command for segments [from, to).
func (m *videoMaker) head(p *plan.Plan, from, to, attempt int) ffmpeg.VideoHead {
	v := m.video
	h := ffmpeg.VideoHead{
		Source: m.src, Stream: v.track.Index, Format: v.track.Video, Timescale: p.Timescale,
		Width: m.rung.Width, Height: m.rung.Height, Bits: m.rung.BitsPerSecond, FrameRate: v.track.Video.FrameRate,
		Preset: m.e.pace().ColdPreset, Threads: m.e.threads, Tolerant: attempt > tryPlain,
		ToneMap: v.track.Video.HighDynamicRange() && m.e.tools.CanToneMap(),
	}
	eps := m.tolerance(p)
	cut := func(n int) *media.Ticks {
		t := p.Bounds[n] + m.origin - eps
		return &t
	}
	if from > 0 {
		h.From = cut(from)
		h.Seek = m.seek(p, p.Bounds[from]+m.origin, attempt)
	}
	if to < p.Len() {
		h.To = cut(to)
	}
	for n := from; n < to; n++ {
		if n > 0 {
			h.Keys = append(h.Keys, *cut(n))
		}
	}
	switch attempt {
	case tryHold:
		last := *cut(from)
		if m.endKnown() {
			last = min(last, m.video.span.end.in(p.Timescale))
			h.Seek = m.seek(p, last, attempt)
		}
		h.From, h.To, h.Keys = nil, &last, nil
		h.HoldFor = 1 + int64(media.ToDuration(p.Duration(from), p.Timescale)/time.Second)
	case tryBlack:
		h.Seek, h.From, h.To, h.Keys, h.Black, h.ToneMap = nil, nil, nil, nil, true, false
	}
	return h
}

// expects says whether a segment is known to have pictures of its own.
func (m *videoMaker) expects(p *plan.Plan, n int) bool {
	from, to := p.Span(n)
	i, _ := slices.BinarySearch(m.video.frames, from+m.origin)
	return i < len(m.video.frames) && m.video.frames[i] < to+m.origin-m.tolerance(p)
}

// endKnown says whether the end of the picture was seen, and not only claimed.
func (m *videoMaker) endKnown() bool { return m.video.frames != nil || m.video.indexed != nil }

// beyond says whether a segment lies wholly after the last picture: the sound is longer.
func (m *videoMaker) beyond(p *plan.Plan, n int) bool {
	return n > 0 && m.endKnown() && p.Bounds[n]+m.origin-m.tolerance(p) >= m.video.span.end.in(p.Timescale)
}

// standStill makes segments after the last picture, which they hold.
func (m *videoMaker) standStill(ctx context.Context, p *plan.Plan, from, to int, emit emitFunc) error {
	var picture []byte
	for n := from; n < to; n++ {
		seg, err := m.repeat(p, n, picture)
		if picture == nil {
			take := func(_ context.Context, _ int, data []byte) bool { seg = data; return true }
			if err = m.run(ctx, n, n+1, tryHold, take); err == nil && seg == nil {
				err = errNoOutput
			}
			if err == nil {
				picture, err = fmp4.FirstSample(seg)
			}
		}
		if err != nil {
			return fmt.Errorf("hold the last picture for segment %d: %w", n, err)
		}
		if !emit(ctx, n, seg) {
			return errEnough
		}
	}
	return nil
}

// repeat is segment n with one picture for all its length; nil when there is none.
func (m *videoMaker) repeat(p *plan.Plan, n int, picture []byte) ([]byte, error) {
	if picture == nil {
		return nil, nil
	}
	from, to := p.Span(n)
	s := []fmp4.Sample{{PTS: from, Size: uint32(len(picture)), Sync: true}}
	return fmp4.Segment(uint32(n+1), s, picture, from, to)
}

// tolerance is how much before its boundary a segment's first frame may be: half a frame, and next to nothing when
// boundaries are known to be frames.
func (m *videoMaker) tolerance(p *plan.Plan) media.Ticks {
	if p.Exact {
		return max(1, media.Ticks(p.Timescale)/2000)
	}
	return max(1, frameTicks(m.video.track.Video.FrameRate, p.Timescale)/2)
}

// seek is where to seek to so that decoding starts at the keyframe at or before t, or nil for the start of the file.
// Later attempts start further back.
func (m *videoMaker) seek(p *plan.Plan, t media.Ticks, attempt int) *media.Ticks {
	keys := m.video.keyframes
	scale := func(d time.Duration) media.Ticks { return media.FromDuration(d, p.Timescale) }
	start := m.video.span.start.in(p.Timescale)
	i, exact := slices.BinarySearch(keys, t+m.tolerance(p))
	if !exact {
		i--
	}
	at := t - scale(preroll)
	margin := media.Ticks(0)
	if len(keys) > 0 {
		if i <= 0 && attempt == tryPlain {
			return nil
		}
		i = max(i, 0)
		at = keys[i]
		margin = m.margin(p, i)
	}
	switch attempt {
	case tryPlain:
		at += margin
	case tryMuchEarlier:
		at = min(at, t) - scale(prerollMuch)
	default:
		at = min(at, t) - scale(prerollEarlier)
	}
	if at <= start {
		return nil
	}
	return &at
}

// margin is what is added to a keyframe's time so that ffmpeg's seek lands on that keyframe and not on the one before
// or, in streams that are searched by byte position, not after its start.
func (m *videoMaker) margin(p *plan.Plan, i int) media.Ticks {
	keys := m.video.keyframes
	room := media.FromDuration(200*time.Millisecond, p.Timescale)
	if i+1 < len(keys) {
		room = min(room, (keys[i+1]-keys[i])/2)
	}
	switch m.src.Container {
	case media.MP4, media.QuickTime:
		// The index is exact and by presentation time: half a frame is for rounding.
		return min(room, frameTicks(m.video.track.Video.FrameRate, p.Timescale)/2)
	case media.MPEGTS, media.MPEGPS:
		return -media.FromDuration(500*time.Millisecond, p.Timescale)
	default:
		// ffmpeg seeks 130 ms before the time asked for where times are decode times.
		return room
	}
}

// fill repeats the first picture of a segment nearby for the length of segment n.
func (m *videoMaker) fill(n int) ([]byte, error) {
	p, err := m.plan()
	if err != nil {
		return nil, err
	}
	seg, ok := m.near(n)
	if !ok {
		return nil, errNoOutput
	}
	picture, err := fmp4.FirstSample(seg)
	if err != nil {
		return nil, fmt.Errorf("take the picture of a segment near %d: %w", n, err)
	}
	return m.repeat(p, n, picture)
}

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
