package index

import (
	"math"

	"dropstream/backend/media"
)

// scanner gathers what is to be known of a whole track while its samples pass by in decode order. Its times are media
// times; what it puts into the Track is on the presentation timeline.
type scanner struct {
	t     *trak
	shift media.Ticks

	lastDTS  media.Ticks
	started  bool
	minPTS   media.Ticks // of the presented samples
	endPTS   media.Ticks // end of the last presented frame
	maxEnd   media.Ticks // end of the last frame, presented or not
	duration media.Ticks // sum of the samples' durations

	any        bool   // a presented sample was seen
	firstIn    uint32 // first presented sample in decode order
	lastIn     uint32
	lastBefore int64 // last sample before the edit, in decode order; -1: none
	straddles  bool  // a sample begins before the edit and ends in it
	firstAfter int64 // first sample after it; -1: none

	keyPTS    media.Ticks // of the last keyframe
	keySeen   bool
	firstSync bool // the first presented sample is a sync sample
	firstPTS  media.Ticks
	open      bool        // a sample was presented before its keyframe
	crosses   bool        // a sample was presented before one that was decoded before its keyframe
	groupMax  media.Ticks // the latest PTS since the last keyframe
	pastMax   media.Ticks // the latest PTS before it
	repeats   bool        // a DTS that does not grow
}

func newScanner(t *trak) *scanner {
	return &scanner{
		t: t, shift: t.out.shift, minPTS: math.MaxInt64, endPTS: math.MinInt64, maxEnd: math.MinInt64,
		lastBefore: -1, firstAfter: -1, groupMax: math.MinInt64, pastMax: math.MinInt64,
	}
}

// sized notes sample sizes.
func (c *scanner) sized(biggest uint32, total int64) {
	c.t.out.MaxSampleBytes = max(c.t.out.MaxSampleBytes, biggest)
	c.t.out.SampleBytes += total
}

// key notes that sample s is a sync sample, before the span that it begins.
func (c *scanner) key(s uint32, dts, cto media.Ticks) error {
	if len(c.t.out.Keyframes) >= maxKeyframes {
		return tooLarge("more than %d keyframes", maxKeyframes)
	}
	pts := dts + cto
	if c.keySeen {
		c.t.out.MaxGOPDuration = max(c.t.out.MaxGOPDuration, pts-c.keyPTS)
	}
	c.keyPTS, c.keySeen = pts, true
	c.pastMax = max(c.pastMax, c.groupMax)
	k := Keyframe{Sample: s, DTS: dts + c.shift, PTS: pts + c.shift, First: pts + c.shift}
	c.t.out.Keyframes = append(c.t.out.Keyframes, k)
	return nil
}

// span notes n samples from s on, each of one duration and composition offset.
func (c *scanner) span(s, n uint32, dts media.Ticks, duration uint32, cto media.Ticks) error {
	step := media.Ticks(duration)
	length := int64(n) * step // below 2^64 it may still not fit
	if duration > 0 && int64(n) > maxTicks/step || dts > maxTicks-length {
		return damaged("samples last longer than time")
	}
	if (step == 0 || duration > math.MaxInt32) && n > 1 || c.started && dts <= c.lastDTS {
		c.repeats = true
	}
	last := length - step
	c.lastDTS, c.started = dts+last, true
	c.duration += length
	lo, hi := dts+cto, dts+last+cto
	c.maxEnd = max(c.maxEnd, hi+step)
	if c.t.out.AllSync {
		c.t.out.MaxGOPDuration = max(c.t.out.MaxGOPDuration, step)
	} else if c.keySeen {
		if lo < c.keyPTS {
			c.open = true
			k := &c.t.out.Keyframes[len(c.t.out.Keyframes)-1]
			k.First = min(k.First, lo+c.shift)
		}
		c.crosses = c.crosses || lo <= c.pastMax
		c.groupMax = max(c.groupMax, hi)
	}
	if lo >= c.t.first && hi < c.t.last {
		c.inside(s, s+n-1, lo, hi+step)
		return nil
	}
	c.partly(s, n, lo, step)
	return nil
}

// inside notes presented samples.
func (c *scanner) inside(from, to uint32, lo, end media.Ticks) {
	if !c.any {
		c.any, c.firstIn, c.firstPTS = true, from, lo
		keys := c.t.out.Keyframes
		c.firstSync = c.t.out.AllSync || len(keys) > 0 && keys[len(keys)-1].Sample == from
	}
	c.lastIn = to
	c.minPTS = min(c.minPTS, lo)
	c.endPTS = max(c.endPTS, end)
}

// partly divides n samples, whose presentation times from lo on go by step, into those before, in and after the edit.
func (c *scanner) partly(s, n uint32, lo, step media.Ticks) {
	before, upTo := n, n
	if lo >= c.t.first {
		before = 0
	} else if step > 0 {
		before = min(n, clamp32((c.t.first-lo+step-1)/step))
	}
	if lo >= c.t.last {
		upTo = 0
	} else if step > 0 {
		upTo = min(n, clamp32((c.t.last-lo+step-1)/step))
	}
	if before > 0 {
		c.lastBefore = int64(s) + int64(before) - 1
		c.straddles = c.straddles || lo+int64(before)*step > c.t.first
	}
	if upTo < n && c.firstAfter < 0 {
		c.firstAfter = int64(s) + int64(max(upTo, before))
	}
	if before < upTo {
		c.inside(s+before, s+upTo-1, lo+int64(before)*step, lo+int64(upTo)*step)
	}
}
