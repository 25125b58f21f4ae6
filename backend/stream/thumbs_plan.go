package stream

import (
	"sort"
	"time"

	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
)

// Of thumbnails.
const (
	thumbSide   = 240              // pixels of the longer side
	thumbApart  = 2 * time.Second  // between two, at least
	mostThumbs  = 200              // of an item
	thumbBytes  = 512 << 20        // read of a source for all its thumbnails
	biggestKey  = 64 << 20         // a keyframe with more bytes is left out
	wholeSource = 256 << 20        // a source without an index up to this size is read in one go
	thumbStep   = 10 * time.Second // the shortest between two where each takes a run of its own
)

// thumb is a thumbnail to be made: from when on it stands for what is shown, and which keyframe it shows.
type thumb struct {
	at   time.Duration // of the presentation
	find int           // what its place is asked of: a keyframe's number, or a sample's where all are keyframes
}

// thumbPlan says which thumbnails a title gets.
type thumbPlan struct {
	all     []thumb
	indexed bool // find is known; without it all are places on a grid, and whatever keyframe is near does
	total   time.Duration
	apart   time.Duration
}

// end is where the thumbnail before number n ends.
func (p *thumbPlan) end(n int) time.Duration {
	if n < len(p.all) {
		return p.all[n].at
	}
	return p.total
}

// thumbPlan chooses keyframes at least some time apart: those that are known, else places on a grid.
func (t *title) thumbPlan() *thumbPlan {
	total := t.timeline.total
	p := &thumbPlan{total: total, apart: max(thumbApart, total/mostThumbs)}
	v := t.survey.video
	if v == nil {
		return p
	}
	if x := t.survey.sameTrack(v.track); x != nil && thumbsIndexed(x, t.survey.index.Precision) {
		p.indexed = true
		p.choose(x, t.timeline.origin)
	}
	if len(p.all) > 0 {
		return p
	}
	p.indexed = false
	if t.src.SizeBytes > wholeSource {
		p.apart = max(p.apart, thumbStep)
	}
	for at := time.Duration(0); at < total; at += p.apart {
		p.all = append(p.all, thumb{at: at})
	}
	return p
}

// thumbsIndexed says whether an index tells where the keyframes of a track are and how to decode them.
func thumbsIndexed(x *index.Track, precision index.Precision) bool {
	if x.SampleEntry == nil {
		if _, err := fmp4.DecoderEntry(x.Codec, x.CodecPrivate, x.Video.Width, x.Video.Height); err != nil {
			return false
		}
	}
	switch precision {
	case index.Samples:
		return x.SampleCount > 0 && x.EditsExact && x.SampleEntries == 1 && !x.SyncUncertain && !x.Encrypted
	case index.Keyframes:
		return x.Readable && len(x.Keyframes) > 0
	case index.None:
	}
	return false
}

// choose takes keyframes of the track, each the first one that is far enough from the one before.
func (p *thumbPlan) choose(x *index.Track, origin moment) {
	start := origin.in(x.Timescale)
	apart := media.FromDuration(p.apart, x.Timescale)
	take := func(pts media.Ticks, find int) {
		at := max(0, media.ToDuration(pts-start, x.Timescale))
		if at < p.total {
			p.all = append(p.all, thumb{at, find})
		}
	}
	if x.AllSync {
		p.everywhere(x, take)
		return
	}
	next := x.StartTicks
	for i, k := range x.Keyframes {
		inside := x.SampleCount == 0 || k.Sample >= x.FirstSample && k.Sample < x.EndSample
		if inside && k.PTS >= next {
			take(k.PTS, i)
			// From where it is: what is rare is wanted whole, and what is not keeps its distance.
			next = k.PTS + apart
		}
	}
}

// everywhere chooses of a track whose samples are all keyframes, as many as may be read.
func (p *thumbPlan) everywhere(x *index.Track, take func(pts media.Ticks, find int)) {
	span := x.EndTicks - x.StartTicks
	each := max(1, x.SampleBytes/int64(max(1, x.SampleCount)))
	n := min(int64(max(0, media.ToDuration(span, x.Timescale)-1)/p.apart)+1, max(1, thumbBytes/each))
	last := -1
	for i := range n {
		s := int(max(x.SampleAt(x.StartTicks+span*i/n), x.FirstSample))
		one, err := x.Samples(nil, uint32(s), uint32(s+1))
		if err == nil && len(one) == 1 && s > last && s < int(x.EndSample) {
			take(one[0].PTS(), s)
			last = s
		}
	}
}

// thumbSize is the size of a title's thumbnails: even, upright, its longer side no more than thumbSide.
func thumbSize(v media.VideoFormat) (width, height int) {
	w, h := v.DisplaySize()
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	if long := max(w, h); long > thumbSide {
		w, h = (w*thumbSide+long/2)/long, (h*thumbSide+long/2)/long
	}
	return max(2, (w+1)&^1), max(2, (h+1)&^1)
}

// near is the thumbnail that stands for what is shown at a time.
func (p *thumbPlan) near(at time.Duration) int {
	return max(0, sort.Search(len(p.all), func(i int) bool { return p.all[i].at > at })-1)
}
