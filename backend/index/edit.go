package index

import (
	"fmt"
	"math"

	"dropstream/backend/media"
)

const (
	maxEdits = 1 << 12
	maxTicks = math.MaxInt64 / 4 // no time in a file is later; sums of two still fit
)

// edit is one entry of an edit list.
type edit struct {
	duration uint64 // in the movie's timescale
	time     int64  // in the track's; -1: empty
	rate     int32  // 16.16
}

// editLists reads edts and its elst (ISO/IEC 14496-12 8.6.6).
func (f *isoFile) editLists(t *trak, edts box) error {
	return eachBox(f.walk, edts.body, edts.end, func(b box) error {
		if b.typ != "elst" || t.edits != nil {
			return nil
		}
		p, err := f.walk.load(b.body, b.bodySize(), maxEdits*20+8)
		if err != nil {
			return fmt.Errorf("read elst: %w", err)
		}
		version, _, p, _ := fullBox(p)
		r := newBE(p)
		for range min(r.u32(), maxEdits) {
			var e edit
			if version == 1 {
				e.duration, e.time = r.u64(), r.i64()
			} else {
				e.duration, e.time = uint64(r.u32()), int64(r.i32())
			}
			e.rate = r.i32()
			if !r.ok {
				break // fewer entries than it says
			}
			t.edits = append(t.edits, e)
		}
		return nil
	})
}

// resolveEdits turns the edit list into one shift and the media times between which samples are presented. A list
// that one shift cannot say leaves EditsExact false and the first edit's shift, so that times are at least near.
func (t *trak) resolveEdits(movieTimescale uint32) error {
	out := t.out
	t.first, t.last, out.EditsExact = math.MinInt64/4, maxTicks, true
	var delay media.Ticks
	chosen := false
	for _, e := range t.edits {
		if e.duration > maxTicks || e.time > maxTicks || e.time < -1 {
			return damaged("edit of %d at %d", e.duration, e.time)
		}
		length := media.Rescale(int64(e.duration), movieTimescale, out.Timescale)
		if length > maxTicks || delay > maxTicks-length {
			return damaged("edits longer than time")
		}
		if e.time != -1 {
			out.Edits++
		}
		switch {
		case chosen: // anything after the first real edit
			out.EditsExact = false
		case e.time == -1:
			delay += length
		default:
			chosen = true
			t.first = e.time
			if e.duration != 0 { // 0: the rest of the track, as fragmented files say it (8.6.6.1)
				t.last = e.time + length
			}
			out.EditsExact = e.rate == 1<<16
			out.shift = -e.time
		}
	}
	if !chosen && len(t.edits) > 0 {
		out.EditsExact = false // only empty edits: nothing is presented
	}
	out.shift += delay
	return nil
}
