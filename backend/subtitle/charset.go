package subtitle

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode gives text of unknown encoding as UTF-8: what its byte order mark says (UTF-8 or UTF-16), else UTF-8 where it
// is valid, else Windows-1252. Line ends become line feeds.
func Decode(p []byte) string {
	var s string
	switch {
	case len(p) >= 3 && string(p[:3]) == "\xef\xbb\xbf":
		s = strings.ToValidUTF8(string(p[3:]), "\ufffd")
	case len(p) >= 2 && p[0] == 0xff && p[1] == 0xfe:
		s = fromUTF16(p[2:], binary.LittleEndian)
	case len(p) >= 2 && p[0] == 0xfe && p[1] == 0xff:
		s = fromUTF16(p[2:], binary.BigEndian)
	case utf8.Valid(p):
		s = string(p)
	default:
		s = fromWindows1252(p)
	}
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return lineEnds.Replace(s)
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func fromUTF16(p []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(p)/2)
	for i := range units {
		units[i] = order.Uint16(p[2*i:])
	}
	return string(utf16.Decode(units))
}

// windows1252 are the characters 0x80 to 0x9f (the WHATWG Encoding Standard's index); the others are those of Unicode.
var windows1252 = [32]rune{
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
}

func fromWindows1252(p []byte) string {
	var b strings.Builder
	b.Grow(len(p) + len(p)/8)
	for _, c := range p {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(windows1252[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}
