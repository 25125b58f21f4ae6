package hls

import (
	"math/big"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"
)

// micro is a time in ticks as microseconds, rounded to nearest.
func micro(ticks int64, timescale uint32) int64 {
	n := big.NewInt(ticks)
	n.Mul(n, big.NewInt(1_000_000))
	n.Add(n, big.NewInt(int64(timescale)/2))
	return n.Div(n, big.NewInt(int64(timescale))).Int64()
}

// tick is the larger of a tick and a microsecond, in microseconds: as exact as EXTINF can be.
func tick(timescale uint32) int64 { return max(1, (1_000_000+int64(timescale)-1)/int64(timescale)) }

// checkTimeline holds a rendition's segments against the playlist and against each other.
func (c *checker) checkTimeline(r *rendition) {
	var last *segment // the one before, when it was fetched
	var lastPTS int64 // the latest picture of all segments so far
	for _, s := range r.segments {
		if s == nil {
			last = nil
			continue
		}
		c.report.Segments++
		c.checkPlace(r, s)
		pts := s.pts()
		sorted := slices.Clone(pts)
		slices.Sort(sorted)
		for i := range len(sorted) - 1 {
			if sorted[i] == sorted[i+1] {
				c.report.find("pts", r.name, s.n, "two samples at PTS %d", sorted[i])
			}
		}
		if last != nil {
			if s.tfdt != last.end {
				c.report.find("abut", r.name, s.n, "starts at %d, the segment before ends at %d (timescale %d)",
					s.tfdt, last.end, r.track.timescale)
			}
			if sorted[0] <= lastPTS {
				c.report.find("pts", r.name, s.n, "first PTS %d, the segment before goes on to %d", sorted[0], lastPTS)
			}
		}
		if r.track.kind == "video" && micro(sorted[0], r.track.timescale)-micro(int64(s.tfdt), r.track.timescale) >
			tick(r.track.timescale) || sorted[0] < int64(s.tfdt) {
			c.report.find("pts", r.name, s.n, "first PTS is %d, tfdt %d: the picture is not where the playlist says",
				sorted[0], s.tfdt)
		}
		if end := sorted[len(sorted)-1]; end >= int64(s.end) {
			c.report.find("pts", r.name, s.n, "PTS %d is past the segment's end %d", end, s.end)
		}
		c.checkSync(r, s)
		last, lastPTS = s, sorted[len(sorted)-1]
	}
}

// checkPlace holds a segment's own times against EXTINF.
func (c *checker) checkPlace(r *rendition, s *segment) {
	scale := r.track.timescale
	start := micro(int64(s.tfdt), scale)
	if off := start - r.playlist.starts[s.n]; off > tick(scale) || off < -tick(scale) {
		c.report.find("tfdt", r.name, s.n, "tfdt %d/%d = %d us, EXTINF so far %d us: %+d us",
			s.tfdt, scale, start, r.playlist.starts[s.n], off)
	}
	end := micro(int64(s.end), scale)
	if off := end - r.playlist.starts[s.n+1]; off > tick(scale) || off < -tick(scale) {
		c.report.find("abut", r.name, s.n, "ends at %d us, by EXTINF at %d us: %+d us",
			end, r.playlist.starts[s.n+1], off)
	}
	for i, sample := range s.samples {
		if sample.Dur == 0 {
			c.report.find("pts", r.name, s.n, "sample %d lasts no time", i)
		}
	}
}

// checkSync holds what the boxes say of keyframes against what the samples are.
func (c *checker) checkSync(r *rendition, s *segment) {
	if r.track.kind != "video" {
		return
	}
	for i, sample := range s.samples {
		flagged := mp4.IsSyncSampleFlags(sample.Flags)
		key := flagged
		if r.track.nalSize > 0 {
			var err error
			if key, err = r.track.keyframe(sample.Data); err != nil && !r.original {
				c.report.find("sync", r.name, s.n, "sample %d: %v", i, err)
			}
		}
		switch {
		case i == 0 && !key:
			c.report.find("sync", r.name, s.n, "does not start with a keyframe")
		case i == 0 && !flagged:
			c.report.find("sync", r.name, s.n, "its first sample is not flagged as a keyframe")
		case flagged && !key:
			c.report.find("sync", r.name, s.n, "sample %d is flagged as a keyframe and is none", i)
		}
	}
}
