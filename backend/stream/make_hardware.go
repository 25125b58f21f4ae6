package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// The ways in which an encoder in hardware fails that one in software does not.
var (
	errForm      = errors.New("pictures of another form than was asked for")
	errKeyframes = errors.New("keyframes elsewhere than where they were asked for")
	errCount     = errors.New("another number of pictures than the source has")
	errSlow      = errors.New("slower than it plays")
)

// How long an encoder in hardware is waited for, where software could do the work.
const (
	hardwareStuck = 4 * time.Second // without any picture
	hardwareStart = 2 * time.Second // for the first one of a segment at least, whatever its length
)

// hardwareTry is a run of an encoder in hardware that failed.
type hardwareTry struct {
	err    error
	at     int           // the segment that it failed at
	took   time.Duration // and the time spent on it
	count  int           // the pictures it had, when that was what was wrong
	opened bool          // it had begun to write
}

// tryHardware makes segments with the encoder in hardware, where there is one. The run is nil when there is none, and
// its error is nil when it went well, or as well as it would have with any encoder.
func (m *videoMaker) tryHardware(ctx context.Context, p *plan.Plan, from, to int, emit emitFunc) *hardwareTry {
	if !isInBand(m.rung) || !m.video.track.Video.FrameRate.Valid() { // without a rate there is no control of it
		return nil
	}
	enc, ok := m.e.hw.begin()
	if !ok {
		return nil
	}
	defer m.e.hw.end()
	h := m.head(p, from, to, tryPlain)
	h.Encoder = enc
	g := &grouper{m: m, p: p, next: from, to: to, emit: emit, check: &headCheck{began: time.Now()}}
	err := m.encode(ctx, h, g)
	if err == nil || ctx.Err() != nil || errors.Is(err, errEnough) {
		return &hardwareTry{at: g.next, err: ctxOrEnough(ctx, err)}
	}
	return &hardwareTry{
		err: fmt.Errorf("%s: %w", enc.Title(), err), at: g.next, took: time.Since(g.check.began),
		count: g.check.count, opened: g.check.opened,
	}
}

func ctxOrEnough(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() //nolint:wrapcheck // the caller's own
	}
	return err
}

// ended says whether there is nothing left to do after a run: it made all, or nobody needs more.
func (t *hardwareTry) ended(ctx context.Context) bool {
	return t.err == nil || ctx.Err() != nil || errors.Is(t.err, errEnough)
}

// instead makes, by software and at once, what an encoder in hardware could not. Only when that goes better is the
// encoder to blame, and not the source.
func (m *videoMaker) instead(ctx context.Context, p *plan.Plan, t *hardwareTry, to int, emit emitFunc) error {
	judged := !t.opened && m.e.hw.full(ctx)
	began := time.Now()
	g := &grouper{m: m, p: p, next: t.at, to: to}
	g.emit = func(ctx context.Context, n int, data []byte) bool {
		if !judged {
			judged = true
			switch took := time.Since(began); {
			case errors.Is(t.err, errCount) && g.count == t.count:
				m.uncounted.Store(true) // what is known of the source's pictures is wrong
			case (errors.Is(t.err, errSlow) || errors.Is(t.err, errStuck)) && took >= t.took:
			default:
				m.e.hw.blame(ctx, t.err)
			}
		}
		return emit(ctx, n, data)
	}
	return m.encode(ctx, m.head(p, t.at, to, tryPlain), g)
}

// headCheck is what is looked at in what an encoder in hardware writes, and is taken for granted of x264.
type headCheck struct {
	opened  bool // it has written something
	decoded bool // a segment of this run has been decoded
	began   time.Time
	count   int // pictures in the segment that was handed over last, or failed
}

// form says whether an encoder's pictures are as the rendition's init segment declares them.
func (g *grouper) form(sets fmp4.ParameterSets) error {
	f, err := sets.Format()
	if err != nil {
		return fmt.Errorf("read the encoder's SPS: %w", err)
	}
	const baseline, main, high = 66, 77, 100
	if f.Width != g.m.rung.Width || f.Height != g.m.rung.Height || !f.Plain || f.Level > g.m.level() ||
		!slices.Contains([]int{baseline, main, high}, f.Profile) {
		return fmt.Errorf("%w: %+v", errForm, f)
	}
	return nil
}

// picture looks at one frame from hardware before it is gathered. Its time is the presentation's.
func (g *grouper) picture(s fmp4.Sample, data []byte) error {
	if err := fmp4.CheckSample(data, s.Sync); err != nil {
		return fmt.Errorf("look at a picture: %w", err)
	}
	edge := s.PTS >= g.p.Bounds[g.next+1]-g.m.tolerance(g.p)
	if len(g.samples) > 0 && s.Sync != edge || len(g.samples) == 0 && !s.Sync {
		return errKeyframes
	}
	length := media.ToDuration(g.p.Duration(g.next), g.p.Timescale)
	if time.Since(g.check.began) > max(hardwareStart, length*3/2) && g.m.waited() {
		return errSlow
	}
	return nil
}

// whole looks at a finished segment from hardware before it is handed over: the number of its pictures, and for the
// first one of each run whether it can be decoded. A driver that has lost its card writes what it likes.
func (g *grouper) whole(ctx context.Context, n int, seg []byte) error {
	g.check.count = len(g.samples)
	want, slack := g.m.pictures(g.p, n)
	if (len(g.samples) < want-slack || len(g.samples) > want+slack) && !g.m.uncounted.Load() {
		return fmt.Errorf("%w: %d, not %d", errCount, len(g.samples), want)
	}
	if g.check.decoded {
		return nil
	}
	count, err := g.m.e.tools.CountPictures(ctx, slices.Concat(g.init, seg))
	if err != nil {
		return fmt.Errorf("decode what the encoder wrote: %w", err)
	}
	if count != len(g.samples) {
		return fmt.Errorf("%w: %d of %d can be decoded", ffmpeg.ErrUndecodable, count, len(g.samples))
	}
	g.check.decoded = true
	return nil
}

// level is the H.264 level that the rendition's init segment declares.
func (m *videoMaker) level() int { return rungLevel(m.rung, m.video.track.Video.FrameRate) }

func rungLevel(r plan.Rung, rate media.Rational) int {
	level := ffmpeg.Level(r.Width, r.Height, rate)
	if isInBand(r) {
		level = max(level, ffmpeg.HardwareLevel)
	}
	return level
}

// pictures says how many frames the source has in a segment, and by how many that may be wrong: by none where its
// frames are known, and otherwise by what a steady rate may be out.
func (m *videoMaker) pictures(p *plan.Plan, n int) (count, slack int) {
	from, to := p.Span(n)
	if m.frames == nil || !p.Exact {
		rate := m.video.track.Video.FrameRate
		perFrame := rate.Den * int64(p.Timescale) // over rate.Num ticks
		count = int(((to-from)*rate.Num + perFrame/2) / perFrame)
		return count, 1 + count/50
	}
	eps := m.tolerance(p)
	for _, t := range m.frames(from, to) {
		if (t >= from-eps || n == 0) && (t < to-eps || n == p.Len()-1) {
			count++
		}
	}
	return count, 0
}
