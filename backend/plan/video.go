package plan

import (
	"slices"

	"dropstream/backend/media"
)

// Video is what is known of a video track when its boundaries are chosen. All times are presentation ticks.
type Video struct {
	Seed      string        // names the source in the plan's hash
	Timescale uint32        //
	Total     media.Ticks   // end of the presentation: at least the end of this track
	Keyframes []media.Ticks // of every keyframe that decoding can start from, ascending; nil when not known
	// Frames gives the presentation times of all frames from keyframe i up to keyframe i+1 (or the end), ascending.
	// Nil when only the keyframes are known.
	Frames func(i int) []media.Ticks
	// FrameRate is used to split between keyframes when Frames is nil; it may be unknown.
	FrameRate media.Rational
}

// The lengths segments aim at. Short ones are made sooner; each costs a keyframe and a request.
const (
	PassthroughSeconds      = 4 // nothing is encoded, so fewer and longer
	passthroughFirstSeconds = 2 // the first two: the picture comes sooner
	transcodeMinSeconds     = 1
	transcodeSeconds        = 2
	transcodeFirstSeconds   = 1 // the picture comes as soon as this much is encoded
)

// Passthrough cuts at keyframes only: at the first one 4 s or more after the last cut (2 s for the first two).
// A last piece shorter than a second joins the one before it.
func Passthrough(v Video) *Plan {
	ts := media.Ticks(v.Timescale)
	p := &Plan{Timescale: v.Timescale, Exact: true, Bounds: []media.Ticks{0}, Cuts: []int{0}}
	for i := 1; i < len(v.Keyframes); i++ {
		least := PassthroughSeconds * ts
		if len(p.Cuts) <= 2 {
			least = passthroughFirstSeconds * ts
		}
		at := v.Keyframes[i]
		if at-p.Bounds[len(p.Bounds)-1] >= least && v.Total-at >= ts {
			p.Bounds = append(p.Bounds, at)
			p.Cuts = append(p.Cuts, i)
		}
	}
	p.Bounds = append(p.Bounds, max(v.Total, p.Bounds[len(p.Bounds)-1]+1))
	p.Hash = Name(KindPassthrough, v.Seed)
	return p
}

// Transcode cuts at every keyframe a second or more after the last cut, and splits what lies between longer than
// that evenly into pieces of about 2 s, at frames; the very first piece is one of 1 s. Starting on a source's keyframe
// is what makes a cold segment cheap: nothing before it needs decoding.
func Transcode(v Video) *Plan {
	ts := media.Ticks(v.Timescale)
	p := &Plan{Timescale: v.Timescale, Exact: v.Frames != nil, Bounds: []media.Ticks{0}}
	keys := v.Keyframes
	if len(keys) == 0 {
		keys = []media.Ticks{0}
	}
	last := func() media.Ticks { return p.Bounds[len(p.Bounds)-1] }
	from := 0 // the keyframe at or before the last cut
	for i := 1; i <= len(keys); i++ {
		end := v.Total
		if i < len(keys) {
			end = keys[i]
			if end-last() < transcodeMinSeconds*ts || v.Total-end < ts/2 {
				continue
			}
		}
		p.split(v, from, i, end)
		if i < len(keys) {
			p.Bounds = append(p.Bounds, end)
			from = i
		}
	}
	p.Bounds = append(p.Bounds, max(v.Total, last()+1))
	p.Hash = Name(KindTranscode, v.Seed)
	return p
}

// split adds cuts inside the span from the last cut to end, which begins at or after keyframe i and reaches to
// keyframe j, when the span is longer than a segment and a half.
func (p *Plan) split(v Video, i, j int, end media.Ticks) {
	ts := media.Ticks(v.Timescale)
	start := p.Bounds[len(p.Bounds)-1]
	first := start == 0 && end > transcodeFirstSeconds*ts*3/2
	if !first && end-start <= transcodeSeconds*ts*3/2 {
		return
	}
	var frames []media.Ticks
	if v.Frames != nil {
		for k := i; k < max(j, i+1); k++ {
			frames = append(frames, v.Frames(k)...)
		}
		if len(frames) == 0 {
			return
		}
	}
	cut := func(at media.Ticks) {
		if v.Frames != nil {
			f := nearest(frames, at)
			if at-f < transcodeSeconds*ts || at < frames[len(frames)-1] { // else the last picture stands still
				at = f
			}
		} else {
			at = v.snap(start, at)
		}
		if at-p.Bounds[len(p.Bounds)-1] >= ts/2 && end-at >= ts/2 {
			p.Bounds = append(p.Bounds, at)
		}
	}
	if first {
		cut(transcodeFirstSeconds * ts)
	}
	from := p.Bounds[len(p.Bounds)-1]
	span := end - from
	if span <= transcodeSeconds*ts*3/2 {
		return
	}
	pieces := (span + transcodeSeconds*ts - 1) / (transcodeSeconds * ts)
	for n := media.Ticks(1); n < pieces; n++ {
		cut(from + span*n/pieces)
	}
}

// snap moves a time onto the frame grid that begins at start, when the frame rate is known.
func (v Video) snap(start, at media.Ticks) media.Ticks {
	if !v.FrameRate.Valid() {
		return at
	}
	perFrame := v.FrameRate.Den * int64(v.Timescale) // over FrameRate.Num ticks
	k := ((at-start)*v.FrameRate.Num + perFrame/2) / perFrame
	return start + (k*perFrame+v.FrameRate.Num/2)/v.FrameRate.Num
}

// nearest gives the element of a sorted list, which is not empty, that is nearest to t.
func nearest(sorted []media.Ticks, t media.Ticks) media.Ticks {
	i, _ := slices.BinarySearch(sorted, t)
	if i == len(sorted) || i > 0 && t-sorted[i-1] < sorted[i]-t {
		i--
	}
	return sorted[i]
}
