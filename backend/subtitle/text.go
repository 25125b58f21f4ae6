package subtitle

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// style is a set of the ways in which text may stand out.
type style uint8

const (
	bold style = 1 << iota
	italic
	underline
)

// styles are in the order in which they are opened.
var styles = []struct {
	style style
	tag   string
}{{bold, "b"}, {italic, "i"}, {underline, "u"}}

// builder makes cue text (WebVTT 4.2.2) out of characters and styles. Markup is written only around characters, so it
// is always nested; line breaks only between them, so there is never a blank line.
type builder struct {
	out   strings.Builder
	want  style // of what is added next
	open  []int // of styles, as they are nested now
	brk   bool  // a line break is due before the next character
	fresh bool  // the line has nothing on it yet
	lines int
	full  bool
}

func newBuilder() *builder { return &builder{fresh: true} }

// set turns a style on or off.
func (b *builder) set(s style, on bool) {
	if on {
		b.want |= s
	} else {
		b.want &^= s
	}
}

// add adds one character. Line feeds are line breaks; controls are left out.
func (b *builder) add(r rune) {
	switch {
	case b.full:
		return
	case r == '\n':
		b.brk, b.fresh = b.brk || b.out.Len() > 0, true
		return
	case r == '\t':
		r = ' '
	case r < ' ', r >= 0x7f && r <= 0x9f, r == 0xfeff:
		return
	}
	if r == ' ' && b.fresh {
		return
	}
	// Room for the character, and for closing what is open.
	const room = 64
	if b.out.Len() > MaxTextBytes-room || b.brk && b.lines+1 >= maxLines {
		b.full = true
		return
	}
	if b.brk {
		b.out.WriteByte('\n')
		b.lines++
		b.brk = false
	}
	b.fresh = false
	b.sync(b.want)
	switch r {
	case '&':
		b.out.WriteString("&amp;")
	case '<':
		b.out.WriteString("&lt;")
	case '>':
		b.out.WriteString("&gt;")
	default:
		b.out.WriteRune(r)
	}
}

// sync closes and opens markup until exactly what is wanted is open.
func (b *builder) sync(want style) {
	have, keep := style(0), slices.IndexFunc(b.open, func(i int) bool { return styles[i].style&want == 0 })
	if keep < 0 {
		keep = len(b.open)
	}
	for _, i := range slices.Backward(b.open[keep:]) {
		b.out.WriteString("</" + styles[i].tag + ">")
	}
	b.open = b.open[:keep]
	for _, i := range b.open {
		have |= styles[i].style
	}
	for i, s := range styles {
		if want&^have&s.style != 0 {
			b.out.WriteString("<" + s.tag + ">")
			b.open = append(b.open, i)
		}
	}
}

// text ends the text and gives it.
func (b *builder) text() string {
	b.sync(0)
	return b.out.String()
}

// tags that mean nothing here, and are left out with what they say. What is between them stays.
var silentTags = map[string]bool{
	"c": true, "v": true, "lang": true, "ruby": true, "rt": true, "font": true, "span": true, "s": true,
	"strike": true, "del": true, "p": true, "div": true, "small": true, "big": true,
}

// tagStyles are the tags that style.
var tagStyles = map[string]style{"b": bold, "strong": bold, "i": italic, "em": italic, "u": underline}

const longestTag = 256

// marked reads text with markup in angle brackets, as SubRip and WebVTT have it.
func marked(s string) string {
	b := newBuilder()
	var depth [8]int // by style: how often it is open
	for len(s) > 0 && !b.full {
		switch s[0] {
		case '<':
			name, closing, n := tag(s)
			st, styling := tagStyles[name]
			switch {
			case n == 0 || !styling && name != "br" && !silentTags[name]:
				b.add('<')
				s = s[1:]
				continue
			case name == "br":
				b.add('\n')
			case closing && styling:
				depth[st] = max(0, depth[st]-1)
			case styling:
				depth[st]++
			}
			if styling {
				b.set(st, depth[st] > 0)
			}
			s = s[n:]
		case '{': // SubRip files made from SSA have its overrides
			if end := strings.IndexByte(s[:min(len(s), longestTag)], '}'); end > 1 && s[1] == '\\' {
				override(b, s[1:end])
				s = s[end+1:]
				continue
			}
			b.add('{')
			s = s[1:]
		case '&':
			r, n := entity(s)
			b.add(r)
			s = s[n:]
		default:
			r, n := utf8.DecodeRuneInString(s)
			b.add(r)
			s = s[n:]
		}
	}
	return b.text()
}

// tag reads the tag at the start of s: its name in lower case, and its length; 0 when there is none. A timestamp
// inside a cue (WebVTT 4.2.2) is the tag "c".
func tag(s string) (name string, closing bool, n int) {
	end := strings.IndexByte(s[:min(len(s), longestTag)], '>')
	if end < 0 {
		return "", false, 0
	}
	name = s[1:end]
	if strings.ContainsAny(name, "<\n") {
		return "", false, 0
	}
	if _, rest, ok := clock(name); ok && rest == "" {
		return "c", false, end + 1
	}
	name, closing = strings.CutPrefix(name, "/")
	if i := strings.IndexAny(name, " \t./"); i >= 0 {
		name = name[:i]
	}
	return strings.ToLower(name), closing, end + 1
}

// entities are the character references that subtitles use.
var entities = map[string]rune{
	"amp": '&', "lt": '<', "gt": '>', "nbsp": '\u00a0', "quot": '"', "apos": '\'', "#39": '\'',
	"lrm": '\u200e', "rlm": '\u200f',
}

// entity reads what an ampersand begins: a character reference, or itself.
func entity(s string) (r rune, n int) {
	const longest = 6
	if end := strings.IndexByte(s[:min(len(s), longest)], ';'); end > 0 {
		if r, ok := entities[s[1:end]]; ok {
			return r, end + 1
		}
	}
	return '&', 1
}
