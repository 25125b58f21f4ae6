package subtitle

import (
	"strings"
	"unicode/utf8"
)

// FromASS gives the text of an event as Matroska keeps it: ReadOrder, Layer, Style, Name, three margins, Effect, Text
// (the codec mapping of RFC 9559's registry, S_TEXT/ASS).
func FromASS(event []byte) string {
	const before = 8 // fields before the text
	fields := strings.SplitN(Decode(event), ",", before+1)
	if len(fields) <= before {
		return ""
	}
	return plainASS(fields[before])
}

// parseASS reads the events of a file of SubStation Alpha, of either version.
func parseASS(text string, script *Script) (all []Cue) {
	events := false
	format := eventFields
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			events = strings.EqualFold(line, "[events]")
			continue
		}
		kind, rest, ok := strings.Cut(line, ":")
		if !events || !ok {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "format":
			format = fieldNames(rest)
		case "dialogue":
			if len(all) >= MaxCues {
				return all
			}
			if c, ok := parseDialogue(rest, format, script); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// parseDialogue reads the fields of an event; the last one is the text, which may hold commas.
func parseDialogue(line string, format []string, script *Script) (c Cue, ok bool) {
	fields := strings.SplitN(line, ",", len(format))
	if len(fields) < len(format) {
		return c, false
	}
	var layer, style string
	var margins [3]string
	startOK, endOK := false, false
	for i, name := range format {
		value := strings.TrimSpace(fields[i])
		switch name {
		case "start":
			c.Start, _, startOK = clock(value)
		case "end":
			c.End, _, endOK = clock(value)
		case "layer":
			layer = value
		case "style":
			style = value
		case "marginl":
			margins[0] = value
		case "marginr":
			margins[1] = value
		case "marginv":
			margins[2] = value
		}
	}
	text := fields[len(fields)-1]
	c.Text = plainASS(text)
	c.Event = script.event(layer, style, margins, text)
	return c, startOK && endOK
}

// plainASS gives the text of an event without its overrides; bold, italic and underline stay. Drawings are no text.
func plainASS(s string) string {
	b := newBuilder()
	drawing, closes := false, true // whether there may be another closing brace
	for len(s) > 0 && !b.full {
		if s[0] == '{' && closes {
			end := strings.IndexByte(s, '}')
			if closes = end > 0; closes {
				if draws, said := override(b, s[1:end]); said {
					drawing = draws
				}
				s = s[end+1:]
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s)
		if r == '\\' && len(s) > 1 {
			switch s[1] {
			case 'N':
				r, n = '\n', 2
			case 'n':
				r, n = ' ', 2
			case 'h':
				r, n = '\u00a0', 2
			}
		}
		if !drawing {
			b.add(r)
		}
		s = s[n:]
	}
	return b.text()
}

// override reads a block of overrides, without its braces. It says whether what follows is a drawing, where the block
// says anything about that.
func override(b *builder, block string) (drawing, said bool) {
	depth := 0 // of parentheses: what an animation does is not followed
	for i, part := range strings.Split(block, `\`) {
		inside := depth > 0
		depth = max(0, depth+strings.Count(part, "(")-strings.Count(part, ")"))
		if i == 0 || inside || part == "" {
			continue
		}
		value := strings.TrimSpace(part[1:])
		if part[0] == 'r' {
			b.want = 0
			continue
		}
		if strings.Trim(value, "0123456789") != "" || len(value) > 4 {
			continue // \pos, \iclip, \blur: not one of these
		}
		on := strings.Trim(value, "0") != ""
		switch part[0] {
		case 'b':
			b.set(bold, on)
		case 'i':
			b.set(italic, on)
		case 'u':
			b.set(underline, on)
		case 'p':
			drawing, said = on, true
		}
	}
	return drawing, said
}
