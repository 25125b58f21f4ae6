package m3u8

import (
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// Multivariant is a multivariant playlist (RFC 8216 §4.3.4).
type Multivariant struct {
	IndependentSegments bool // EXT-X-INDEPENDENT-SEGMENTS: so are the segments of every media playlist named here
	Variants            []Variant
	Renditions          []Rendition
}

// Variant is one EXT-X-STREAM-INF: a media playlist that can be played, with renditions to go with it.
type Variant struct {
	URI                           string
	BandwidthBitsPerSecond        int64          // peak, audio included; required
	AverageBandwidthBitsPerSecond int64          // 0 when unknown
	Width, Height                 int            // of the pictures as shown; 0 for none
	FrameRate                     media.Rational // the highest; zero when unknown
	Codecs                        []string       // RFC 6381, those of the renditions included
	VideoRange                    VideoRange
	AudioGroup                    string // GroupID of the audio renditions, "" for none
	SubtitlesGroup                string // GroupID of the subtitles, "" for none
}

// VideoRange is the dynamic range of a variant's pictures (rfc8216bis §4.4.6.2).
type VideoRange string

// The ranges. Unknown is left out of the playlist, which means SDR to players.
const (
	UnknownRange VideoRange = ""
	SDR          VideoRange = "SDR"
	HLG          VideoRange = "HLG"
	PQ           VideoRange = "PQ"
)

// RenditionType is the TYPE of an EXT-X-MEDIA.
type RenditionType string

// The types of rendition that are written.
const (
	Audio     RenditionType = "AUDIO"
	Subtitles RenditionType = "SUBTITLES"
)

// Rendition is one EXT-X-MEDIA: an alternative that plays beside a variant.
type Rendition struct {
	Type       RenditionType
	GroupID    string
	Name       string // for people; made unique within its group
	Language   string // BCP 47; "" or "und" when undetermined
	Default    bool   // only the first of a group keeps it
	Autoselect bool   // implied by Default
	Forced     bool   // of Subtitles only
	// Characteristics are uniform type identifiers of what it is for (rfc8216bis §4.4.6.1); nil for none.
	Characteristics []string
	Channels        int    // of Audio only; 0 when unknown
	URI             string // "" when the variant itself carries it (Audio only)
}

// Append writes the playlist after dst.
func (m *Multivariant) Append(dst []byte) []byte {
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:"...)
	dst = strconv.AppendInt(dst, version, 10)
	dst = append(dst, '\n')
	if m.IndependentSegments {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	type group struct {
		typ RenditionType
		id  string
	}
	names := map[group]map[string]int{}
	defaults := map[group]bool{}
	for i := range m.Renditions {
		r := m.Renditions[i]
		r.GroupID = groupID(r.GroupID)
		g := group{r.Type, r.GroupID}
		if names[g] == nil {
			names[g] = map[string]int{}
		}
		r.Name = unique(names[g], r.displayName())
		r.Default = r.Default && !defaults[g]
		defaults[g] = defaults[g] || r.Default
		dst = r.append(dst)
	}
	for i := range m.Variants {
		dst = m.Variants[i].append(dst)
	}
	return dst
}

// groupID is the id as it is written, never empty (RFC 8216 §4.3.4.1).
func groupID(id string) string {
	if id = plain(id); id == "" {
		return "group"
	}
	return id
}

// displayName is the name to show, never empty (NAME is required, RFC 8216 §4.3.4.1).
func (r *Rendition) displayName() string {
	switch name := plain(r.Name); {
	case name != "":
		return name
	case language(r.Language) != "":
		return r.Language
	case r.Type == Subtitles:
		return "Subtitles"
	default:
		return "Audio"
	}
}

// unique gives the name, with a number after it where the group has it already. taken holds, for every name given,
// the number to try next, so that thousands of tracks of one name stay cheap.
func unique(taken map[string]int, name string) string {
	free := name
	for n := max(2, taken[name]); taken[free] > 0; n++ {
		free = name + " " + strconv.Itoa(n)
		taken[name] = n + 1
	}
	taken[free] = max(taken[free], 2)
	return free
}

// language is a tag that can stand in LANGUAGE, or "" (RFC 5646 §2.1: letters, digits and hyphens).
func language(tag string) string {
	if tag == "und" || !isLanguage(tag) {
		return ""
	}
	return tag
}

// isLanguage says whether a tag has the form of one: subtags of one to eight letters and digits.
func isLanguage(tag string) bool {
	const longest, longestSubtag = 35, 8
	if len(tag) > longest {
		return false
	}
	for subtag := range strings.SplitSeq(tag, "-") {
		if subtag == "" || len(subtag) > longestSubtag {
			return false
		}
		for i := range len(subtag) {
			c := subtag[i] | 0x20
			if (c < 'a' || c > 'z') && (subtag[i] < '0' || subtag[i] > '9') {
				return false
			}
		}
	}
	return true
}

func (r *Rendition) append(dst []byte) []byte {
	dst = append(dst, "#EXT-X-MEDIA:TYPE="...)
	dst = append(dst, r.Type...)
	dst = appendQuoted(dst, "GROUP-ID", r.GroupID)
	// Written as it is: making it unique may have lengthened it past what plain keeps.
	dst = append(dst, `,NAME="`...)
	dst = append(dst, r.Name...)
	dst = append(dst, '"')
	if tag := language(r.Language); tag != "" {
		dst = appendQuoted(dst, "LANGUAGE", tag)
	}
	dst = appendBool(dst, "DEFAULT", r.Default)
	// AUTOSELECT must be YES where DEFAULT is (RFC 8216 §4.3.4.1).
	dst = appendBool(dst, "AUTOSELECT", r.Autoselect || r.Default)
	if r.Type == Subtitles {
		dst = appendBool(dst, "FORCED", r.Forced)
	}
	if len(r.Characteristics) > 0 {
		dst = appendQuoted(dst, "CHARACTERISTICS", strings.Join(r.Characteristics, ","))
	}
	if r.Type == Audio && r.Channels > 0 {
		dst = appendQuoted(dst, "CHANNELS", strconv.Itoa(r.Channels))
	}
	if r.URI != "" {
		dst = append(dst, `,URI="`...)
		dst = appendURI(dst, r.URI)
		dst = append(dst, '"')
	}
	return append(dst, '\n')
}

func (v *Variant) append(dst []byte) []byte {
	const slowest, fastest = 0.001, 10_000 // frames per second; what is beyond is a lie
	dst = append(dst, "#EXT-X-STREAM-INF:BANDWIDTH="...)
	dst = strconv.AppendInt(dst, max(1, v.BandwidthBitsPerSecond, v.AverageBandwidthBitsPerSecond), 10)
	if v.AverageBandwidthBitsPerSecond > 0 {
		dst = append(dst, ",AVERAGE-BANDWIDTH="...)
		dst = strconv.AppendInt(dst, v.AverageBandwidthBitsPerSecond, 10)
	}
	if codecs := joinCodecs(v.Codecs); codecs != "" {
		dst = appendQuoted(dst, "CODECS", codecs)
	}
	if v.Width > 0 && v.Height > 0 {
		dst = append(dst, ",RESOLUTION="...)
		dst = strconv.AppendInt(dst, int64(v.Width), 10)
		dst = append(dst, 'x')
		dst = strconv.AppendInt(dst, int64(v.Height), 10)
	}
	if fps := v.FrameRate.Float(); fps >= slowest && fps <= fastest {
		dst = append(dst, ",FRAME-RATE="...)
		dst = strconv.AppendFloat(dst, fps, 'f', 3, 64)
	}
	if v.VideoRange != UnknownRange {
		dst = append(dst, ",VIDEO-RANGE="...)
		dst = append(dst, v.VideoRange...)
	}
	if v.AudioGroup != "" {
		dst = appendQuoted(dst, "AUDIO", groupID(v.AudioGroup))
	}
	if v.SubtitlesGroup != "" {
		dst = appendQuoted(dst, "SUBTITLES", groupID(v.SubtitlesGroup))
	}
	dst = append(dst, '\n')
	dst = appendURI(dst, v.URI)
	return append(dst, '\n')
}

// joinCodecs joins what can stand in CODECS: RFC 6381 names, each once. A comma inside one would make it two.
func joinCodecs(codecs []string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, c := range codecs {
		if c == "" || seen[c] || c != plain(c) || strings.ContainsAny(c, ", ") || b.Len()+len(c) >= maxTextBytes {
			continue
		}
		seen[c] = true
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(c)
	}
	return b.String()
}

func appendQuoted(dst []byte, name, value string) []byte {
	dst = append(dst, ',')
	dst = append(dst, name...)
	dst = append(dst, `="`...)
	dst = appendText(dst, value)
	return append(dst, '"')
}

func appendBool(dst []byte, name string, value bool) []byte {
	dst = append(dst, ',')
	dst = append(dst, name...)
	if value {
		return append(dst, "=YES"...)
	}
	return append(dst, "=NO"...)
}
