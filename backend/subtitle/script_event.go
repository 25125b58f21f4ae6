package subtitle

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Event rewrites an event as Matroska keeps it (see FromASS): what Segment writes of it besides its times. It is ""
// when there is no text in it.
func (s *Script) Event(block []byte) string {
	const layer, style, left, text = 1, 2, 4, 8
	fields := strings.SplitN(Decode(block), ",", text+1)
	if len(fields) <= text {
		return ""
	}
	return s.event(fields[layer], fields[style], [3]string(fields[left:left+3]), fields[text])
}

// event writes an event's fields but for its times: layer, style, name, margins, effect, text. Neither names nor
// effects are kept.
func (s *Script) event(layer, style string, margins [3]string, text string) string {
	text = s.text(text)
	if text == "" {
		return ""
	}
	n, _ := decimal(layer, 0, mostLayer)
	b := strconv.AppendInt(nil, int64(n), 10)
	b = append(b, ",s"...)
	b = strconv.AppendInt(b, int64(s.style(style)), 10)
	b = append(b, ',')
	for i, m := range margins {
		n, _ := decimal(m, 0, mostMargin)
		if i < 2 {
			n *= s.stretch
		}
		b = append(b, ',')
		b = appendNumber(b, min(n, mostMargin))
	}
	b = append(b, ",,"...)
	return string(b) + text
}

// text rewrites the text of an event: characters as they are, but for braces and backslashes that begin nothing, and
// between braces overrides that are known.
func (s *Script) text(in string) string {
	w := tagWriter{script: s}
	shown := false // whether there is anything to see
	for len(in) > 0 && len(w.out) < maxEventBytes {
		if in[0] == '{' {
			if end := strings.IndexByte(in, '}'); end > 0 {
				w.block(in[1:end])
				in = in[end+1:]
				continue
			}
		}
		if w.drawing > 0 {
			end := strings.IndexByte(in, '{')
			if end <= 0 {
				end = len(in)
			}
			before := len(w.out)
			w.path(in[:end])
			shown = shown || len(w.out) > before
			in = in[end:]
			continue
		}
		r, n := utf8.DecodeRuneInString(in)
		if r == '\\' && len(in) > 1 && (in[1] == 'N' || in[1] == 'n' || in[1] == 'h') {
			w.out = append(w.out, in[:2]...)
			in = in[2:]
			continue
		}
		if r, ok := plainRune(r); ok {
			w.out = utf8.AppendRune(w.out, r)
			shown = shown || !unicode.IsSpace(r)
		}
		in = in[n:]
	}
	if !shown {
		return ""
	}
	return strings.TrimSpace(string(w.out))
}

// plainRune gives a character as it is written outside of braces; false for those that are left out.
func plainRune(r rune) (rune, bool) {
	switch {
	case r == '\t':
		return ' ', true
	case r < ' ', r >= 0x7f && r <= 0x9f, r == 0xfeff, r == 0x2028, r == 0x2029, r == utf8.RuneError:
		return 0, false
	case r == '{': // wide forms, which mean nothing to a renderer
		return '\uff5b', true
	case r == '}':
		return '\uff5d', true
	case r == '\\':
		return '\uff3c', true
	}
	return r, true
}

// Matters says of what Event gave whether it was meant to be at a place, to move, to be drawn or coloured: whether it
// would be something else as plain text.
func Matters(event string) bool {
	for {
		_, rest, ok := strings.Cut(event, "{")
		if !ok {
			return false
		}
		var block string
		block, event, _ = strings.Cut(rest, "}")
		for part := range strings.SplitSeq(block, `\`) {
			if name, ok := tagName(part); ok && overrideTags[name].matters {
				return true
			}
		}
	}
}

// styled says of the beginning of a file whether it should be drawn as its script says.
func styled(file []byte) bool {
	cues, err := Parse(file)
	if err != nil || cues.script == nil {
		return false
	}
	return cues.script.Differs() || slices.ContainsFunc(cues.all, func(c Cue) bool { return Matters(c.Event) })
}
