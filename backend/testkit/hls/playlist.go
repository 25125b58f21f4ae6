package hls

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mediaPlaylist is a media playlist as it was read.
type mediaPlaylist struct {
	target      int64 // seconds
	independent bool
	mapURI      string
	uris        []string
	starts      []int64 // where each segment starts by EXTINF, in microseconds; one more than segments
}

func (p *mediaPlaylist) duration() int64 { return p.starts[len(p.starts)-1] }

// multivariantPlaylist is a multivariant playlist as it was read.
type multivariantPlaylist struct {
	independent bool
	variants    []streamInf
	media       []map[string]value
}

// streamInf is one EXT-X-STREAM-INF with its URI.
type streamInf struct {
	attributes map[string]value
	uri        string
}

// lines splits a playlist and says what is wrong with it as a text (RFC 8216 §4.1).
func lines(data []byte) (all []string, wrong []string) {
	text := string(data)
	switch {
	case !utf8.ValidString(text):
		wrong = append(wrong, "is not UTF-8 (§4.1)")
	case strings.HasPrefix(text, "\ufeff"):
		wrong = append(wrong, "starts with a byte order mark (§4.1)")
	}
	for i, r := range text {
		if r < ' ' && r != '\n' && r != '\r' || r >= 0x7f && r <= 0x9f {
			wrong = append(wrong, fmt.Sprintf("control character U+%04X at byte %d (§4.1)", r, i))
			break
		}
	}
	all = strings.Split(strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\r\n", "\n"), "\n")
	if all[0] != "#EXTM3U" {
		wrong = append(wrong, "does not start with #EXTM3U (§4.3.1.1)")
	}
	for i, line := range all {
		if strings.TrimSpace(line) != line {
			wrong = append(wrong, fmt.Sprintf("line %d has white space around it (§4.1)", i+1))
		}
	}
	return all, wrong
}

// parseMedia reads a media playlist strictly: whatever a VOD playlist of one init segment may not have is named.
func parseMedia(data []byte) (*mediaPlaylist, []string) {
	all, wrong := lines(data)
	p := &mediaPlaylist{starts: []int64{0}}
	seen := map[string]int{}
	pending := int64(-1)
	version, longest := 0, int64(0)
	bad := func(i int, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("line %d: ", i+1)+fmt.Sprintf(format, args...))
	}
	for i, line := range all[1:] {
		i++
		tag, rest, _ := strings.Cut(line, ":")
		if strings.HasPrefix(line, "#EXT") {
			seen[tag]++
			if tag != "#EXTINF" && tag != "#EXT-X-DISCONTINUITY" && seen[tag] > 1 {
				bad(i, "%s stands twice", tag)
			}
			if seen["#EXT-X-ENDLIST"] > 0 && tag != "#EXT-X-ENDLIST" {
				bad(i, "%s after the end", tag)
			}
		}
		switch {
		case line == "":
		case !strings.HasPrefix(line, "#"):
			if pending < 0 {
				bad(i, "URI without EXTINF (§4.3.2.1)")
				continue
			}
			p.uris = append(p.uris, line)
			p.starts = append(p.starts, p.duration()+pending)
			pending = -1
		case tag == "#EXTINF":
			us, decimals, err := parseSeconds(rest)
			if err != nil || pending >= 0 {
				bad(i, "EXTINF %q: %v (§4.3.2.1)", rest, err)
			}
			if decimals < 6 && us%1_000_000 != 0 {
				bad(i, "EXTINF %q is too coarse to add up", rest)
			}
			pending, longest = us, max(longest, us)
		case tag == "#EXT-X-VERSION":
			version, _ = strconv.Atoi(rest)
		case tag == "#EXT-X-TARGETDURATION":
			n, err := strconv.ParseInt(rest, 10, 32)
			if err != nil || n <= 0 {
				bad(i, "TARGETDURATION %q (§4.3.3.1)", rest)
			}
			p.target = n
		case tag == "#EXT-X-MEDIA-SEQUENCE":
			if len(p.uris) > 0 || pending >= 0 {
				bad(i, "MEDIA-SEQUENCE after the first segment (§4.3.3.2)")
			}
			if !decimalInt.MatchString(rest) {
				bad(i, "MEDIA-SEQUENCE %q (§4.3.3.2)", rest)
			}
		case tag == "#EXT-X-PLAYLIST-TYPE":
			if rest != "VOD" {
				bad(i, "PLAYLIST-TYPE %q, not VOD (§4.3.3.5)", rest)
			}
		case tag == "#EXT-X-MAP":
			a, w := attributes(rest)
			for _, s := range w {
				bad(i, "%s", s)
			}
			if len(p.uris) > 0 || pending >= 0 {
				bad(i, "EXT-X-MAP after the first segment: it would not decode that (§4.3.2.5)")
			}
			p.mapURI = a["URI"].text
		case line == "#EXT-X-INDEPENDENT-SEGMENTS":
			p.independent = true
		case line == "#EXT-X-ENDLIST":
		case tag == "#EXT-X-START":
		case strings.HasPrefix(line, "#EXT"):
			bad(i, "%s has no place here", tag)
		}
	}
	return p, append(wrong, p.wholeness(seen, version, longest, pending)...)
}

// wholeness says what is wrong with a media playlist as a whole.
func (p *mediaPlaylist) wholeness(seen map[string]int, version int, longest, pending int64) (wrong []string) {
	if version < 6 {
		wrong = append(wrong, fmt.Sprintf("EXT-X-VERSION is %d, EXT-X-MAP needs 6 (§7)", version))
	}
	for _, tag := range []string{"#EXT-X-TARGETDURATION", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-ENDLIST", "#EXT-X-MAP"} {
		if seen[tag] == 0 {
			wrong = append(wrong, tag+" is missing")
		}
	}
	if rounded := (longest + 500_000) / 1_000_000; rounded > p.target {
		wrong = append(wrong, fmt.Sprintf("a segment of %d us, TARGETDURATION is %d (§4.3.3.1)", longest, p.target))
	}
	if pending >= 0 {
		wrong = append(wrong, "EXTINF without a URI at the end (§4.3.2.1)")
	}
	if len(p.uris) == 0 {
		wrong = append(wrong, "no segment at all")
	}
	taken := map[string]bool{}
	for i, uri := range p.uris {
		if taken[uri] {
			wrong = append(wrong, fmt.Sprintf("segment %d has the URI of another", i))
		}
		taken[uri] = true
		if p.starts[i+1] <= p.starts[i] {
			wrong = append(wrong, fmt.Sprintf("segment %d lasts no time", i))
		}
	}
	return wrong
}

// parseSeconds reads "SECONDS[.FRACTION],[TITLE]" to microseconds, and says how many decimals were written.
func parseSeconds(s string) (us int64, decimals int, err error) {
	number, _, ok := strings.Cut(s, ",")
	if !ok || !decimalFloat.MatchString(number) {
		return 0, 0, fmt.Errorf("not DURATION,[TITLE]")
	}
	whole, fraction, _ := strings.Cut(number, ".")
	decimals = len(fraction)
	digits := (fraction + "0000000")[:7]
	seconds, err := strconv.ParseInt(whole, 10, 40)
	if err != nil {
		return 0, 0, fmt.Errorf("seconds: %w", err)
	}
	tenths, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("fraction: %w", err)
	}
	return seconds*1_000_000 + (tenths+5)/10, decimals, nil
}
