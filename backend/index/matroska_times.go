package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"dropstream/backend/media"
)

const (
	maxStartElements = 1 << 12 // looked at for the tracks' first blocks
	maxEndElements   = 1 << 16 // looked at after the last cue
)

// times reads the blocks at both ends of the segment: where tracks start, and where they end.
func (s *segment) times(ctx context.Context) error {
	s.setTimescale()
	for _, t := range s.order {
		t.out.Timescale = s.timescale
		t.delay = media.FromDuration(t.codecDelay, s.timescale)
		t.first, t.last, t.before, t.end = math.MaxInt64, math.MinInt64, math.MinInt64, math.MinInt64
	}
	s.settleCues()
	if s.cluster == 0 {
		return nil
	}
	missing := 0
	for _, t := range s.order {
		if t.out.Kind == media.Video || t.out.Kind == media.Audio {
			missing++
		}
	}
	_, err := s.blocks(ctx, s.cluster, maxStartElements, func(t *mkvTrack, at, _ int64) bool {
		if t.first == math.MaxInt64 && (t.out.Kind == media.Video || t.out.Kind == media.Audio) {
			t.first = at
			missing--
		}
		return missing > 0
	})
	if err != nil || s.lastCue == 0 {
		return err
	}
	whole, err := s.blocks(ctx, s.lastCue, maxEndElements, func(t *mkvTrack, at, duration int64) bool {
		switch {
		case at > t.last:
			t.before, t.last = t.last, at
		case at > t.before && at < t.last:
			t.before = at
		}
		if duration > 0 {
			t.end = max(t.end, at+duration)
		}
		return true
	})
	s.sawEnd = whole
	return err
}

// blocks walks the blocks from the Cluster at off on, at most limit elements, until do says false. Times are ticks of
// the file. whole says that the walk reached the end of the segment, and that nothing was cut.
func (s *segment) blocks(
	ctx context.Context, off int64, limit int, do func(t *mkvTrack, at, duration int64) bool,
) (whole bool, err error) {
	cluster := int64(-1) // timestamp of the current one
	for n := 0; off < s.seg.end; n++ {
		if n >= limit {
			return false, nil
		}
		if n&0xff == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		e, ok, err := elementAt(s.w, off, s.seg.end)
		if err != nil {
			return false, fmt.Errorf("read Cluster: %w", err)
		}
		if !ok {
			return false, nil
		}
		// Clusters and their children are walked as one list, which also serves clusters of unknown size.
		switch e.id {
		case idCluster:
			off, cluster = e.body, -1
			continue
		case 0xE7: // Timestamp
			if p, err := s.w.at(e.body, int(min(e.size(), 8))); err == nil {
				cluster = uintOf(p)
			}
		case 0xA3, 0xA0: // SimpleBlock, BlockGroup
			t, at, duration, err := s.block(e, cluster)
			if err != nil {
				return false, err
			}
			if t != nil && !e.cut && !do(t, at, duration) {
				return false, nil
			}
		}
		if e.cut {
			return false, nil
		}
		off = e.end
	}
	return !s.seg.cut, nil
}

// block reads the head of a block: its track, its time and, where it says so, its duration.
func (s *segment) block(e element, cluster int64) (t *mkvTrack, at, duration int64, err error) {
	if cluster < 0 || cluster > maxTicks {
		return nil, 0, 0, nil
	}
	if e.id == 0xA0 {
		for off, n := e.body, 0; off < e.end && n < 32; n++ {
			c, ok, err := elementAt(s.w, off, e.end)
			if err != nil || !ok {
				return t, at, duration, err
			}
			switch c.id {
			case 0xA1: // Block
				if t, at, _, err = s.block(c, cluster); err != nil {
					return nil, 0, 0, err
				}
			case 0x9B: // BlockDuration
				p, err := s.w.at(c.body, int(min(c.size(), 8)))
				if err != nil {
					return nil, 0, 0, fmt.Errorf("read BlockDuration: %w", err)
				}
				duration = min(uintOf(p), maxTicks)
			}
			off = c.end
		}
		return t, at, duration, nil
	}
	p, err := s.w.at(e.body, int(min(e.size(), 12)))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read block: %w", err)
	}
	number, n := vint(p)
	if n == 0 || len(p) < n+2 {
		return nil, 0, 0, nil
	}
	relative := int16(binary.BigEndian.Uint16(p[n:])) //nolint:gosec // two's complement on purpose
	return s.tracks[number], cluster + int64(relative), 0, nil
}

// finish turns what was gathered into the Index.
func (s *segment) finish() {
	x := s.x
	ns := s.duration * float64(s.scale)
	if ns > 0 && ns < math.MaxInt64/2 {
		x.Duration = rounded(ns)
	}
	whole := media.FromDuration(x.Duration, s.timescale)
	for _, t := range s.order {
		out := t.out
		if t.first != math.MaxInt64 {
			out.StartTicks = s.toTicks(t.first) - t.delay
		}
		out.EndTicks = max(whole, out.StartTicks)
		if end := s.trackEnd(t); end > math.MinInt64 && s.sawEnd {
			out.EndTicks = max(end, out.StartTicks)
		}
		out.Truncated = s.seg.cut || s.beyond
		keys := out.Keyframes
		for i := range keys {
			next := out.EndTicks
			if i+1 < len(keys) {
				next = keys[i+1].PTS
			}
			out.MaxGOPDuration = max(out.MaxGOPDuration, next-keys[i].PTS)
		}
		out.Start = media.ToDuration(out.StartTicks, s.timescale)
		out.Duration = media.ToDuration(out.EndTicks-out.StartTicks, s.timescale)
		x.Tracks = append(x.Tracks, out)
		if x.Duration == 0 && s.sawEnd {
			whole = max(whole, out.EndTicks)
		}
	}
	if x.Duration == 0 {
		x.Duration = media.ToDuration(whole, s.timescale)
	}
	closeChapters(x.Chapters, x.Duration)
}

// trackEnd is the end of the last block that was seen of a track; the least number when none was.
func (s *segment) trackEnd(t *mkvTrack) media.Ticks {
	if t.last == math.MinInt64 {
		return math.MinInt64
	}
	end := s.toTicks(t.last)
	switch {
	case t.end >= t.last:
		end = s.toTicks(t.end)
	case t.frame > 0:
		end += media.FromDuration(t.frame, s.timescale)
	case t.before != math.MinInt64:
		end += s.toTicks(t.last - t.before)
	}
	return end - t.delay
}
