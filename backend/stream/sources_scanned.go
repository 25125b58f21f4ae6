package stream

import (
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// sendable says whether a video track's own samples could be sent if only they were found.
func sendable(t *media.Track) bool {
	return plan.SendVideo(t, plan.Facts{Indexed: true, OneEntry: true, Keyframes: true, Monotonic: true}).Passthrough
}

// soundSendable is sendable for an audio track.
func soundSendable(t *media.Track) bool {
	return plan.SendAudio(t, plan.Facts{Indexed: true, OneEntry: true, Monotonic: true}).Passthrough &&
		t.Codec == media.AAC && fmp4.SilentAAC(t.Audio.Channels) != nil
}

// Reasons that only a scan can give.
const (
	reasonSoundUnscanned = "the sound is converted for now"
	reasonCorrupt        = "parts of the file are damaged, so the picture is converted"
	reasonUnscanned      = "the file has no index and is still being read through, so the picture is converted for now"
	reasonUnsteady       = "the picture could not be taken out of the file as it is, so it is converted"
)

// passScanned judges a video track again with what a scan told.
func (v *videoSource) passScanned() {
	s := v.scan
	if !sendable(&v.track) || s.entry == nil {
		return
	}
	facts := plan.Facts{
		Indexed: true, OneEntry: s.refused != reconfigured, Monotonic: s.refused != disordered,
		Keyframes: true,
	}
	if s.refused == notRefused { // its samples were looked at to the end
		facts.Keyframes = len(s.groups) > 0 && s.groups[0].clean
		facts.LongestGOP, facts.LargestSample = media.ToDuration(s.longestGroup(), s.timescale), s.largest
	}
	v.verdict = plan.SendVideo(&v.track, facts)
	switch s.refused {
	case corrupt:
		v.verdict = plan.Verdict{Reason: reasonCorrupt}
	case unsteady:
		v.verdict = plan.Verdict{Reason: reasonUnsteady}
	default:
	}
	if v.verdict.Passthrough {
		p, err := fmp4.ParsePicture(s.entry)
		if p.Colour.Primaries == 0 && v.track.Video.HighDynamicRange() {
			p.Colour = colourOf(v.track.Video)
		}
		v.enter(p, err)
	}
}

// longestGroup is the longest time from a clean keyframe to the next one, or to the end.
func (s *videoScan) longestGroup() (longest media.Ticks) {
	last := s.start
	for _, g := range s.groups {
		if g.clean {
			longest = max(longest, g.at-last)
			last = g.at
		}
	}
	return max(longest, s.end-last)
}

// bandwidth gives the average and the peak bit rates of the segments of a plan.
func (s *videoScan) bandwidth(p *plan.Plan) (average, peak int64) {
	var total int64
	for n := range p.Len() {
		var bytes int64
		for _, g := range s.between(p, n) {
			bytes += g.bytes + int64(g.frames)*sampleOverhead
		}
		bytes += bytes / 20 // rounding, and what boxes add
		total += bytes
		peak = max(peak, (bytes+segmentOverhead)*8*int64(p.Timescale)/max(1, p.Duration(n)))
	}
	return total * 8 * int64(p.Timescale) / max(1, p.Bounds[p.Len()]), peak
}

// passScanned lets an audio track's own frames be sent.
func (a *audioSource) passScanned(s *audioScan) {
	first, rate := s.runs[0].at, s.rate
	a.scan, a.verdict = s, plan.Verdict{Passthrough: true}
	a.span = span{moment{first, rate}, moment{first + int64(s.end())*s.frame, rate}}
	a.track.BitRate = max(a.track.BitRate, s.peak)
}
