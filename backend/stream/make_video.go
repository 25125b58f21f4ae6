package stream

import (
	"context"
	"fmt"
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
