package m3u8

import (
	"math"
	"strconv"

	"dropstream/backend/media"
)

// microsecond is the timescale in which EXTINF is written.
const microsecond = 1_000_000

// Media is a complete media playlist (EXT-X-PLAYLIST-TYPE:VOD, closed by EXT-X-ENDLIST): every segment from the
// first, none of which will ever change.
type Media struct {
	IndependentSegments bool                     // EXT-X-INDEPENDENT-SEGMENTS: every segment decodes by itself
	MapURI              string                   // EXT-X-MAP of all segments; "" for none (WebVTT)
	Timescale           uint32                   // ticks per second of Duration
	Len                 int                      // number of segments
	Duration            func(i int) media.Ticks  // of segment i; a negative one counts as 0
	URI                 func(i int) string       // of segment i, relative to the playlist; see AppendURI for a fast way
	AppendURI           func([]byte, int) []byte // instead of URI, where there are thousands of segments; may be nil
}

// Append writes the playlist after dst.
//
// The sum of the EXTINF of the first n segments is the start of segment n, rounded to the nearest microsecond,
// for every n: each EXTINF is the difference of two rounded starts, so that rounding never adds up over hours.
func (m *Media) Append(dst []byte) []byte {
	const bytesPerSegment = 32
	if need := m.Len * bytesPerSegment; cap(dst)-len(dst) < need {
		dst = append(make([]byte, 0, len(dst)+need+256), dst...)
	}
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:"...)
	dst = strconv.AppendInt(dst, version, 10)
	dst = append(dst, "\n#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, m.TargetDuration(), 10)
	dst = append(dst, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	if m.IndependentSegments {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	if m.MapURI != "" {
		dst = append(dst, `#EXT-X-MAP:URI="`...)
		dst = appendURI(dst, m.MapURI)
		dst = append(dst, "\"\n"...)
	}
	m.each(func(i int, us int64) {
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, us)
		dst = append(dst, ",\n"...)
		if m.AppendURI != nil {
			dst = m.AppendURI(dst, i)
		} else {
			dst = appendURI(dst, m.URI(i))
		}
		dst = append(dst, '\n')
	})
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// TargetDuration is the EXT-X-TARGETDURATION in seconds: the longest EXTINF, rounded to the nearest second (RFC 8216
// §4.3.3.1), and at least 1.
func (m *Media) TargetDuration() int64 {
	longest := int64(0)
	m.each(func(_ int, us int64) { longest = max(longest, us) })
	return max(1, roundSeconds(longest))
}

// each gives every segment's EXTINF in microseconds.
func (m *Media) each(give func(i int, us int64)) {
	var ticks media.Ticks
	var start int64
	for i := range m.Len {
		if d := max(0, m.Duration(i)); d <= math.MaxInt64-ticks {
			ticks += d
		} else {
			ticks = math.MaxInt64
		}
		end := media.Rescale(ticks, m.Timescale, microsecond)
		give(i, end-start)
		start = end
	}
}

// roundSeconds rounds microseconds to the nearest second, halves up.
func roundSeconds(us int64) int64 {
	s := us / microsecond
	if us%microsecond >= microsecond/2 {
		s++
	}
	return s
}

// appendSeconds writes microseconds as seconds with six decimals.
func appendSeconds(dst []byte, us int64) []byte {
	dst = strconv.AppendInt(dst, us/microsecond, 10)
	dst = append(dst, '.')
	rest := us % microsecond
	for unit := int64(microsecond / 10); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+rest/unit%10))
	}
	return dst
}
