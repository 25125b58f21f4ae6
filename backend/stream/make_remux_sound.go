package stream

import (
	"context"
	"fmt"
	"sort"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// remuxSound makes segments of an audio track's own frames, which a copy head takes out of a container that no index
// describes. A scan has seen every one of them before. Frames of silence stand where the track has none.
type remuxSound struct {
	e      *Engine
	src    media.Source
	track  media.Track
	scan   *audioScan
	origin media.Ticks // presentation time 0 on the source's clock, in samples
	plan   func() (*plan.Plan, error)
	init   func(ctx context.Context, data []byte) error // takes the init segment
	silent []byte
	giveUp func(ctx context.Context) // its own frames cannot be sent after all
}

func (m *remuxSound) attempts() int    { return len(remuxTries) }
func (m *remuxSound) weight() slotKind { return copySlot }

// slotTime is the presentation time of a place on the track's grid.
func (m *remuxSound) slotTime(slot int) media.Ticks {
	return m.scan.runs[0].at + int64(slot)*m.scan.frame - m.origin
}

// end is the slot behind the last frame.
func (s *audioScan) end() int {
	last := s.runs[len(s.runs)-1]
	return last.slot + last.count
}

// slot finds the place of a frame that is heard at a time.
func (s *audioScan) slot(at media.Ticks) (slot int, ok bool) {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].at-s.frame/2 > at }) - 1
	if i < 0 {
		return 0, false
	}
	n := int((at - s.runs[i].at + s.frame/2) / s.frame)
	return s.runs[i].slot + n, n < s.runs[i].count
}

// count is how many frames there are in the slots from one up to another.
func (s *audioScan) count(from, to int) (n int) {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].slot+s.runs[i].count > from })
	for ; i < len(s.runs) && s.runs[i].slot < to; i++ {
		n += min(to, s.runs[i].slot+s.runs[i].count) - max(from, s.runs[i].slot)
	}
	return n
}

// slots are the places that a segment's frames have on the grid.
func (m *remuxSound) slots(p *plan.Plan, n int) (from, to int) {
	from, to = p.Cuts[n], m.scan.end()
	if n+1 < len(p.Cuts) {
		to = p.Cuts[n+1]
	}
	return from, to
}

func (m *remuxSound) run(ctx context.Context, from, to, attempt int, emit emitFunc) error {
	p, err := m.plan()
	if err != nil {
		return err
	}
	for from < to { // what has no frames needs no program
		if a, b := m.slots(p, from); m.scan.count(a, b) > 0 {
			break
		}
		seg, err := m.segment(p, from, nil)
		if err != nil {
			return err
		}
		if !emit(ctx, from, seg) {
			return errEnough
		}
		from++
	}
	if from == to {
		return nil
	}
	first, _ := m.slots(p, from)
	if m.src.Container == media.AVI { // its sound has no times: only counting from the start is exact
		attempt = len(remuxTries) - 1
	}
	h := ffmpeg.CopyHead{
		Source: m.src, Stream: m.track.Index, Kind: media.Audio, Codec: m.track.Codec, Timescale: m.scan.rate,
		Seek: remuxSeek(m.slotTime(first)+m.origin, m.scan.runs[0].at, m.scan.rate, attempt),
	}
	err = m.e.runHead(ctx, h.Args(), func(c child) error { return m.read(ctx, p, c, from, to, emit) })
	if err != nil {
		return fmt.Errorf("run remux head from segment %d: %w", from, err)
	}
	return nil
}

// read groups the frames of a head into segments.
func (m *remuxSound) read(ctx context.Context, p *plan.Plan, c child, from, to int, emit emitFunc) error {
	begin := func(frames *copiedFrames) error {
		init, err := fmp4.Init{Timescale: m.scan.rate, SampleEntry: frames.entry}.Bytes()
		if err != nil {
			return err
		}
		if frames.ts != m.scan.rate {
			return errChanged
		}
		return m.init(ctx, init)
	}
	n := from
	first, last := m.slots(p, n)
	got := map[int][]byte{}
	flush := func() error {
		if len(got) != m.scan.count(first, last) {
			return errUnsteady
		}
		seg, err := m.segment(p, n, got)
		if err != nil {
			return err
		}
		k := n
		n++
		clear(got)
		if n < p.Len() {
			first, last = m.slots(p, n)
		}
		if !emit(ctx, k, seg) || n >= to {
			return errEnough
		}
		return nil
	}
	take := func(f copiedFrame) error {
		slot, ok := m.scan.slot(f.at)
		for slot >= last {
			if err := flush(); err != nil {
				return err
			}
		}
		if _, twice := got[slot]; ok && slot >= first && !twice {
			got[slot] = f.data
		}
		return nil
	}
	if err := c.copied(m.track.Codec, false, begin, take); err != nil {
		return err
	}
	if err := c.ended(); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	for n < to {
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// segment makes segment n of the frames in their slots, and silence everywhere else.
func (m *remuxSound) segment(p *plan.Plan, n int, frames map[int][]byte) ([]byte, error) {
	start, end := p.Span(n)
	var samples []fmp4.Sample
	var data []byte
	at := start
	add := func(t media.Ticks, frame []byte) {
		samples = append(samples, fmp4.Sample{PTS: t, Size: uint32(len(frame)), Sync: true})
		data = append(data, frame...)
		at = t + m.scan.frame
	}
	silence := func(to media.Ticks) {
		for at+m.scan.frame <= to {
			add(at, m.silent)
		}
	}
	from, to := m.slots(p, n)
	for slot := from; slot < to; slot++ {
		if frame, ok := frames[slot]; ok {
			silence(m.slotTime(slot))
			add(m.slotTime(slot), frame)
		}
	}
	silence(end)
	if len(samples) == 0 {
		add(start, m.silent)
	}
	return fmp4.Segment(uint32(n+1), samples, data, start, end)
}

// fill is silence for the length of segment n, and the last that is sent in this way.
func (m *remuxSound) fill(n int) ([]byte, error) {
	m.giveUp(m.e.ctx)
	p, err := m.plan()
	if err != nil {
		return nil, err
	}
	return m.segment(p, n, nil)
}

// newRemuxSoundPlan cuts the grid of the track's frames.
func (m *remuxSound) newPlan(seed string, total media.Ticks) *plan.Plan {
	end := m.slotTime(m.scan.end())
	if total-end > m.scan.frame {
		end = total
	}
	return plan.AudioPassthrough(plan.AudioTrack{
		Seed: seed, Timescale: m.scan.rate, End: end, Count: m.scan.end(),
		At: func(t media.Ticks) (slot int, at media.Ticks, ok bool) {
			s := max(0, (t-m.slotTime(0)+m.scan.frame-1)/m.scan.frame)
			return int(s), m.slotTime(int(s)), int(s) < m.scan.end()
		},
	})
}
