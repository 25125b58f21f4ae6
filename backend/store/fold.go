package store

import (
	"strings"
	"unicode"
)

// accented lists the accented forms of the Latin letters of Western and Central Europe, each after its plain letter.
// Names from some systems are decomposed (a letter, then a combining mark), names from others composed: both must be
// found by either.
var accented = []string{
	"a", "àáâãäåāăą",
	"c", "çćĉċč",
	"d", "ďđ",
	"e", "èéêëēĕėęě",
	"g", "ĝğġģ",
	"h", "ĥħ",
	"i", "ìíîïĩīĭįı",
	"j", "ĵ",
	"k", "ķ",
	"l", "ĺļľł",
	"n", "ñńņň",
	"o", "òóôõöōŏőø",
	"r", "ŕŗř",
	"s", "śŝşš",
	"t", "ţťŧ",
	"u", "ùúûüũūŭůűų",
	"w", "ŵ",
	"y", "ýÿŷ",
	"z", "źżž",
}

// plain maps an accented letter to its plain one.
var plain = func() map[rune]rune {
	m := make(map[rune]rune)
	for i := 0; i < len(accented); i += 2 {
		for _, r := range accented[i+1] {
			m[r] = rune(accented[i][0])
		}
	}
	return m
}()

// searchText is what a search looks through: the title and the file's name, folded.
func searchText(title, fileName string) string {
	t, f := fold(title), fold(fileName)
	if strings.Contains(f, t) {
		return f
	}
	return t + "\n" + f
}

// fold makes texts equal that people take for the same: no case, no accents.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		r = unicode.ToLower(r)
		if p, ok := plain[r]; ok {
			return p
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// truncate gives the first runes of a text.
func truncate(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}
