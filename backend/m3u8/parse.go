package m3u8

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Violation is one breach of the grammar.
type Violation struct {
	Line    int    // from 1; 0 for the playlist as a whole
	Section string // where the rule stands, such as "RFC 8216 §4.3.3.1"
	Text    string // what is wrong
}

// String gives the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("line %d: %s (%s)", v.Line, v.Text, v.Section)
}

// ParsedMedia is what a media playlist says.
type ParsedMedia struct {
	Version             int
	TargetDuration      time.Duration
	MediaSequence       int64
	PlaylistType        string // "VOD", "EVENT" or ""
	IndependentSegments bool
	EndList             bool
	MapURI              string // of the first segment; "" for none
	Segments            []ParsedSegment
}

// ParsedSegment is one segment of a media playlist.
type ParsedSegment struct {
	URI      string
	Duration time.Duration // EXTINF, to the nanosecond
	MapURI   string        // of the EXT-X-MAP that holds for it
}

// Duration is the sum of the segments' durations.
func (m *ParsedMedia) Duration() time.Duration {
	sum := time.Duration(0)
	for _, s := range m.Segments {
		if s.Duration > math.MaxInt64-sum {
			return math.MaxInt64
		}
		sum += s.Duration
	}
	return sum
}

// Limits on what is read. Playlists may come from anywhere.
const (
	maxPlaylistBytes = 16 << 20
	maxViolations    = 100
)

// parser reads a playlist line by line and collects what is wrong with it.
type parser struct {
	line       int
	version    int
	tags       map[string]int // how often each was seen
	violations []Violation
}

// complain notes a violation; after maxViolations no more are kept.
func (p *parser) complain(section, format string, args ...any) {
	p.complainAt(p.line, section, format, args...)
}

func (p *parser) complainAt(line int, section, format string, args ...any) {
	if len(p.violations) < maxViolations {
		p.violations = append(p.violations, Violation{line, section, fmt.Sprintf(format, args...)})
	}
}

// The sections cited by more than one rule.
const (
	secText       = "RFC 8216 §4.1"
	secAttributes = "RFC 8216 §4.2"
	secHeader     = "RFC 8216 §4.3.1.1"
	secVersion    = "RFC 8216 §4.3.1.2"
	secInf        = "RFC 8216 §4.3.2.1"
	secMap        = "RFC 8216 §4.3.2.5"
	secTarget     = "RFC 8216 §4.3.3.1"
	secMedia      = "RFC 8216 §4.3.4.1"
	secGroup      = "RFC 8216 §4.3.4.1.1"
	secStream     = "RFC 8216 §4.3.4.2"
	secKinds      = "RFC 8216 §4.3"
)

// lines checks what holds for every playlist and gives the tags ("#EXT…") and the URI lines, each with what follows
// the colon. Comments and blank lines are passed over.
func (p *parser) lines(playlist []byte, tag func(name, value string), uri func(string)) {
	p.tags = map[string]int{}
	switch {
	case len(playlist) > maxPlaylistBytes:
		p.complainAt(0, secText, "%d bytes: more than is read", len(playlist))
		return
	case bytes.HasPrefix(playlist, []byte("\ufeff")):
		p.complainAt(1, secText, "begins with a byte order mark")
	case !utf8.Valid(playlist):
		p.complainAt(0, secText, "is not UTF-8")
	}
	if !bytes.HasSuffix(playlist, []byte("\n")) {
		p.complainAt(0, secText, "the last line has no end")
	}
	for raw := range strings.SplitSeq(string(playlist), "\n") {
		p.line++
		line := strings.TrimSuffix(raw, "\r")
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || (r >= 0x7f && r <= 0x9f) }) {
			p.complain(secText, "holds a control character")
		}
		if p.line == 1 && line != "#EXTM3U" {
			p.complain(secHeader, "the first line is not #EXTM3U")
		}
		switch {
		case line == "":
		case strings.HasPrefix(line, "#EXT"):
			name, value, _ := strings.Cut(line, ":")
			p.tags[name]++
			if !p.common(name, value) {
				tag(name, value)
			}
		case strings.HasPrefix(line, "#"): // a comment
		default:
			if strings.ContainsAny(line, " \t\"<>") {
				p.complain(secText, "%q is not a URI", line)
			}
			uri(line)
		}
	}
}

// common reads the tags that both kinds of playlist may hold.
func (p *parser) common(name, value string) bool {
	switch name {
	case "#EXTM3U":
		if p.tags[name] > 1 || p.line != 1 {
			p.complain(secHeader, "#EXTM3U is not the first line alone")
		}
	case "#EXT-X-VERSION":
		p.once(name, secVersion)
		p.version = int(p.integer(value, secVersion, math.MaxInt32))
	case "#EXT-X-INDEPENDENT-SEGMENTS":
		p.once(name, "RFC 8216 §4.3.5.1")
		p.empty(name, value, "RFC 8216 §4.3.5.1")
	default:
		return false
	}
	return true
}

func (p *parser) once(name, section string) {
	if p.tags[name] > 1 {
		p.complain(section, "%s appears twice", name)
	}
}

func (p *parser) empty(name, value, section string) {
	if value != "" {
		p.complain(section, "%s has the value %q", name, value)
	}
}

// require complains of tags that must be there once and are not.
func (p *parser) require(name, section string) {
	if p.tags[name] == 0 {
		p.complainAt(0, section, "%s is missing", name)
	}
}

// needVersion complains of a playlist whose version is too low for what it holds (RFC 8216 §7).
func (p *parser) needVersion(least int, what string) {
	if p.version < least {
		p.complainAt(0, "RFC 8216 §7", "%s needs version %d, the playlist has %d", what, least, p.version)
	}
}

// isMultivariantTag says whether a tag belongs to multivariant playlists alone, isMediaTag whether to media playlists
// (RFC 8216 §4.3: one playlist never holds both).
func isMultivariantTag(name string) bool {
	switch name {
	case "#EXT-X-MEDIA", "#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-SESSION-DATA", "#EXT-X-SESSION-KEY":
		return true
	}
	return false
}

func isMediaTag(name string) bool {
	switch name {
	case "#EXTINF", "#EXT-X-BYTERANGE", "#EXT-X-DISCONTINUITY", "#EXT-X-KEY", "#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME",
		"#EXT-X-DATERANGE", "#EXT-X-GAP", "#EXT-X-BITRATE", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE",
		"#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-I-FRAMES-ONLY":
		return true
	}
	return false
}
