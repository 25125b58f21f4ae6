package m3u8

import (
	"strings"
	"unicode/utf8"
)

// maxTextBytes bounds a text that came from a file: a track's title may be megabytes long.
const maxTextBytes = 256

// appendText writes text of unknown origin inside a quoted-string (RFC 8216 §4.2), which cannot hold a quote or a
// line end and has no escape: quotes become apostrophes; control characters, line separators and bytes that are not
// UTF-8 become spaces; and so does the "$" of "{$", which opens a variable reference (rfc8216bis §4.3).
func appendText(dst []byte, text string) []byte {
	return append(dst, plain(text)...)
}

// plain is the text as appendText writes it, without the spaces around it.
func plain(text string) string {
	var b strings.Builder
	last := rune(0)
	for _, r := range text {
		switch {
		case r == '"':
			r = '\''
		case isControl(r), r == utf8.RuneError:
			r = ' '
		case r == '$' && last == '{':
			r = ' '
		}
		if b.Len()+utf8.RuneLen(r) > maxTextBytes {
			break
		}
		b.WriteRune(r)
		last = r
	}
	return strings.TrimSpace(b.String())
}

// isControl says whether a playlist may not hold the character (RFC 8216 §4.1), or whether a reader may take it for
// the end of a line or for a byte order mark.
func isControl(r rune) bool {
	return r < 0x20 || (r >= 0x7f && r <= 0x9f) || r == 0x2028 || r == 0x2029 || r == 0xfeff
}

// appendURI writes a relative or absolute URI reference. Bytes that may not stand in one (RFC 3986 §2), and a "#"
// that would make the line a comment, are percent-encoded, so that no URI ends its line or its quotes.
func appendURI(dst []byte, uri string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(uri) {
		c := uri[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 || (c == '#' && i == 0) {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
