package m3u8

import (
	"math"
	"time"
)

// ParseMedia reads a media playlist. It reads on after a violation, so that what it gives is as much as can be made
// out; the playlist follows the grammar when there are no violations. It knows what this program serves: byte
// ranges, encryption and I-frame playlists are passed over unread.
func ParseMedia(playlist []byte) (*ParsedMedia, []Violation) {
	m := &mediaParser{out: &ParsedMedia{}}
	m.lines(playlist, m.tag, m.uri)
	m.finish()
	return m.out, m.violations
}

type mediaParser struct {
	parser
	out     *ParsedMedia
	pending bool // an EXTINF waits for its URI
	inf     time.Duration
	infLine int
	mapURI  string
	digits  bool // some EXTINF is not an integer
	longest time.Duration
	longAt  int
}

func (m *mediaParser) tag(name, value string) {
	out := m.out
	switch name {
	case "#EXTINF":
		if m.pending {
			m.complain(secInf, "#EXTINF without a segment before it")
		}
		m.pending, m.infLine = true, m.line
		m.inf = m.extinf(value)
	case "#EXT-X-TARGETDURATION":
		m.once(name, secTarget)
		out.TargetDuration = time.Duration(m.integer(value, secTarget, int64(math.MaxInt64/time.Second))) * time.Second
	case "#EXT-X-MEDIA-SEQUENCE":
		m.once(name, "RFC 8216 §4.3.3.2")
		if len(out.Segments) > 0 {
			m.complain("RFC 8216 §4.3.3.2", "%s comes after the first segment", name)
		}
		out.MediaSequence = m.integer(value, "RFC 8216 §4.3.3.2", math.MaxInt64)
	case "#EXT-X-ENDLIST":
		m.once(name, "RFC 8216 §4.3.3.4")
		m.empty(name, value, "RFC 8216 §4.3.3.4")
		out.EndList = true
	case "#EXT-X-PLAYLIST-TYPE":
		m.once(name, "RFC 8216 §4.3.3.5")
		if value != "VOD" && value != "EVENT" {
			m.complain("RFC 8216 §4.3.3.5", "the playlist type is %q", value)
		}
		out.PlaylistType = value
	case "#EXT-X-MAP":
		m.readMap(value)
	default:
		if isMultivariantTag(name) {
			m.complain(secKinds, "%s in a media playlist", name)
		}
	}
}

func (m *mediaParser) readMap(value string) {
	a := m.attributes(value)
	uri, ok := a.text(&m.parser, "URI")
	if !ok || uri == "" {
		m.complain(secMap, "EXT-X-MAP has no URI")
	}
	m.mapURI = uri
	if len(m.out.Segments) == 0 && m.out.MapURI == "" {
		m.out.MapURI = uri
	}
}

// extinf reads "duration,title". The comma is required, the title is not.
func (m *mediaParser) extinf(value string) time.Duration {
	number, _, comma := cut(value, ',')
	if !comma {
		m.complain(secInf, "EXTINF %q has no comma", value)
	}
	d, decimals, ok := parseSeconds(number)
	if !ok {
		m.complain(secInf, "%q is no duration", number)
	}
	m.digits = m.digits || decimals
	return d
}

func (m *mediaParser) uri(uri string) {
	if !m.pending {
		m.complain(secInf, "segment %q has no EXTINF", uri)
	}
	if m.out.EndList {
		// The tag may stand anywhere (§4.3.3.4), yet a segment after it is more likely a broken writer.
		m.complain("RFC 8216 §4.3.3.4", "segment %q comes after the end", uri)
	}
	if m.pending && m.inf > m.longest {
		m.longest, m.longAt = m.inf, m.infLine
	}
	m.out.Segments = append(m.out.Segments, ParsedSegment{URI: uri, Duration: m.inf, MapURI: m.mapURI})
	m.pending, m.inf = false, 0
}

func (m *mediaParser) finish() {
	out := m.out
	out.Version = max(1, m.version)
	out.IndependentSegments = m.tags["#EXT-X-INDEPENDENT-SEGMENTS"] > 0
	m.require("#EXT-X-TARGETDURATION", secTarget)
	if m.pending {
		m.complainAt(m.infLine, secInf, "#EXTINF without a segment")
	}
	if m.longest.Round(time.Second) > out.TargetDuration {
		m.complainAt(m.longAt, secTarget, "EXTINF %v is longer than the target duration %v",
			m.longest, out.TargetDuration)
	}
	if out.PlaylistType == "VOD" && !out.EndList {
		m.complainAt(0, "RFC 8216 §4.3.3.5", "a VOD playlist without its end may not change")
	}
	m.version = out.Version
	if m.tags["#EXT-X-MAP"] > 0 {
		m.needVersion(6, "EXT-X-MAP")
	}
	if m.digits {
		m.needVersion(3, "a decimal EXTINF")
	}
}
