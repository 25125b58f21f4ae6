package subtitle

import (
	"strconv"
	"time"
)

// Bounds on one segment: a file may say that a million cues are shown at once.
const (
	maxSegmentCues  = 10_000
	maxSegmentBytes = 2 << 20
)

// Segment writes a WebVTT segment of HLS (RFC 8216 §3.5): cues on the presentation's clock, whose zero is the media's.
// Without cues it is the header alone. Cues beyond a bound are left out, and cut says so.
//
// A cue that several segments show is written the same way in each, by which players know it again. What a script lays
// in several layers over each other is written once.
func Segment(cues []Cue) (data []byte, cut bool) {
	data = append(data, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"...)
	var last Cue
	for i, c := range cues {
		c.Event = ""
		if c.Text == "" || c == last {
			continue
		}
		last = c
		if i >= maxSegmentCues || len(data)+len(c.Text) > maxSegmentBytes {
			return data, true
		}
		start := max(0, c.Start.Round(time.Millisecond))
		end := max(c.End.Round(time.Millisecond), start+time.Millisecond)
		data = appendClock(data, start)
		data = append(data, " --> "...)
		data = appendClock(data, end)
		data = append(data, '\n')
		data = append(data, c.Text...)
		data = append(data, "\n\n"...)
	}
	return data, false
}

// appendClock writes a time as hh:mm:ss.mmm.
func appendClock(dst []byte, at time.Duration) []byte {
	pad := func(n time.Duration, digits int) {
		s := strconv.FormatInt(int64(n), 10)
		for range digits - len(s) {
			dst = append(dst, '0')
		}
		dst = append(dst, s...)
	}
	pad(at/time.Hour, 2)
	dst = append(dst, ':')
	pad(at/time.Minute%60, 2)
	dst = append(dst, ':')
	pad(at/time.Second%60, 2)
	dst = append(dst, '.')
	pad(at/time.Millisecond%1000, 3)
	return dst
}
