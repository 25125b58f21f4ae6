package m3u8

import (
	"math"
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// ParseMultivariant reads a multivariant playlist. It reads on after a violation, so that what it gives is as much as
// can be made out; the playlist follows the grammar when there are no violations.
func ParseMultivariant(playlist []byte) (*Multivariant, []Violation) {
	m := &multivariantParser{out: &Multivariant{}}
	m.lines(playlist, m.tag, m.uri)
	m.finish()
	return m.out, m.violations
}

type multivariantParser struct {
	parser
	out     *Multivariant
	pending *Variant // waits for its URI
}

func (m *multivariantParser) tag(name, value string) {
	if m.pending != nil && name == "#EXT-X-STREAM-INF" {
		m.complain(secStream, "the variant before has no URI")
	}
	switch name {
	case "#EXT-X-MEDIA":
		m.out.Renditions = append(m.out.Renditions, m.rendition(value))
	case "#EXT-X-STREAM-INF":
		v := m.variant(value)
		m.pending = &v
	default:
		if isMediaTag(name) {
			m.complain(secKinds, "%s in a multivariant playlist", name)
		}
	}
}

func (m *multivariantParser) uri(uri string) {
	if m.pending == nil {
		m.complain(secStream, "%q follows no EXT-X-STREAM-INF", uri)
		return
	}
	m.pending.URI = uri
	m.out.Variants = append(m.out.Variants, *m.pending)
	m.pending = nil
}

func (m *multivariantParser) rendition(value string) Rendition {
	p := &m.parser
	a := p.attributes(value)
	var r Rendition
	r.Type = RenditionType(a.word(p, secMedia, "TYPE", "AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"))
	r.GroupID, _ = a.text(p, "GROUP-ID")
	r.Name, _ = a.text(p, "NAME")
	for _, need := range []string{"TYPE", "GROUP-ID", "NAME"} {
		if a[need].value == "" {
			p.complain(secMedia, "EXT-X-MEDIA has no %s", need)
		}
	}
	r.Language, _ = a.text(p, "LANGUAGE")
	if _, given := a["LANGUAGE"]; given && !isLanguage(r.Language) {
		p.complain(secMedia, "the language %q is no tag of RFC 5646", r.Language)
	}
	r.Default = a.yes(p, secMedia, "DEFAULT")
	r.Autoselect = a.yes(p, secMedia, "AUTOSELECT")
	if _, given := a["AUTOSELECT"]; given && r.Default && !r.Autoselect {
		p.complain(secMedia, "AUTOSELECT is NO where DEFAULT is YES")
	}
	r.Forced = a.yes(p, secMedia, "FORCED")
	if _, given := a["FORCED"]; given && r.Type != Subtitles {
		p.complain(secMedia, "FORCED on %s", r.Type)
	}
	if channels, given := a.text(p, "CHANNELS"); given {
		count, _, _ := strings.Cut(channels, "/")
		r.Channels = int(p.integer(count, secMedia, math.MaxInt32))
		if r.Type != Audio {
			p.complain(secMedia, "CHANNELS on %s", r.Type)
		}
	}
	uri, given := a.text(p, "URI")
	r.URI = uri
	switch {
	case r.Type == Subtitles && uri == "":
		p.complain(secMedia, "subtitles without a URI")
	case given && (uri == "" || r.Type == "CLOSED-CAPTIONS"):
		p.complain(secMedia, "a URI that may not be there")
	}
	return r
}

func (m *multivariantParser) variant(value string) Variant {
	p := &m.parser
	a := p.attributes(value)
	v := Variant{
		BandwidthBitsPerSecond:        a.number(p, secStream, "BANDWIDTH"),
		AverageBandwidthBitsPerSecond: a.number(p, secStream, "AVERAGE-BANDWIDTH"),
	}
	if v.BandwidthBitsPerSecond == 0 {
		p.complain(secStream, "a variant without a BANDWIDTH")
	}
	if v.AverageBandwidthBitsPerSecond > v.BandwidthBitsPerSecond {
		p.complain(secStream, "the average bandwidth %d is above the peak %d",
			v.AverageBandwidthBitsPerSecond, v.BandwidthBitsPerSecond)
	}
	if codecs, given := a.text(p, "CODECS"); given {
		v.Codecs = strings.Split(codecs, ",")
		for _, c := range v.Codecs {
			if c == "" || strings.TrimSpace(c) != c {
				p.complain(secStream, "CODECS %q holds %q", codecs, c)
			}
		}
	}
	if resolution, given := a["RESOLUTION"]; given {
		w, h, _ := strings.Cut(resolution.value, "x")
		v.Width = int(p.integer(w, secStream, math.MaxInt32))
		v.Height = int(p.integer(h, secStream, math.MaxInt32))
	}
	if rate, given := a["FRAME-RATE"]; given {
		v.FrameRate = p.frameRate(rate.value)
	}
	if r, given := a["VIDEO-RANGE"]; given {
		a.word(p, "rfc8216bis §4.4.6.2", "VIDEO-RANGE", "SDR", "HLG", "PQ")
		v.VideoRange = VideoRange(r.value)
	}
	v.AudioGroup, _ = a.text(p, "AUDIO")
	v.SubtitlesGroup, _ = a.text(p, "SUBTITLES")
	return v
}

// frameRate reads a decimal number of at most three decimals as thousandths.
func (p *parser) frameRate(value string) media.Rational {
	whole, fraction, point := cut(value, '.')
	const places = 3
	if !isDigits(whole) || len(whole) > 9 || (point && !isDigits(fraction)) || len(fraction) > places {
		p.complain(secStream, "the frame rate %q is not in thousandths", value)
		return media.Rational{}
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	if err != nil || n == 0 {
		p.complain(secStream, "the frame rate %q is none", value)
		return media.Rational{}
	}
	return media.Rational{Num: n, Den: 1000}
}

// finish checks what concerns several lines: groups (RFC 8216 §4.3.4.1.1, §4.3.4.2.1).
func (m *multivariantParser) finish() {
	out := m.out
	out.IndependentSegments = m.tags["#EXT-X-INDEPENDENT-SEGMENTS"] > 0
	if m.pending != nil {
		m.complainAt(0, secStream, "the last variant has no URI")
	}
	if len(out.Variants) == 0 {
		m.complainAt(0, secStream, "there is no variant")
	}
	type group struct {
		typ RenditionType
		id  string
	}
	type member struct {
		group
		name string
	}
	names, defaults := map[member]bool{}, map[group]bool{}
	for i := range out.Renditions {
		r := &out.Renditions[i]
		g := group{r.Type, r.GroupID}
		if names[member{g, r.Name}] {
			m.complainAt(0, secGroup, "group %q has two renditions named %q", r.GroupID, r.Name)
		}
		if r.Default && defaults[g] {
			m.complainAt(0, secGroup, "group %q has two defaults", r.GroupID)
		}
		names[member{g, r.Name}] = true
		defaults[g] = defaults[g] || r.Default
	}
	for i := range out.Variants {
		v := &out.Variants[i]
		for _, g := range []group{{Audio, v.AudioGroup}, {Subtitles, v.SubtitlesGroup}} {
			if _, known := defaults[g]; g.id != "" && !known {
				m.complainAt(0, secStream, "variant %q names the group %q, which there is not", v.URI, g.id)
			}
		}
	}
}
