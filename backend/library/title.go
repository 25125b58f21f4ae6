package library

import (
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTitleRunes bounds a title. It is more than any file's name holds.
const maxTitleRunes = 300

// titleOf is what an item is called: what the file's tags say unless that is junk, else the file's name without its
// extension. It is never empty.
func titleOf(tag, fileName string) string {
	if t := cleanText(tag); !junkTitle(t) {
		return t
	}
	if t := cleanText(strings.TrimSuffix(fileName, extension(fileName))); t != "" {
		return t
	}
	if t := cleanText(fileName); t != "" {
		return t
	}
	return "Untitled"
}

// extension is the ending of a name that looks like a file type: a dot, then at most four letters and digits that
// begin with a letter, or the 3G ones. "Mr. Robot" and "Part 1.720p" have none.
func extension(name string) string {
	ext := filepath.Ext(name)
	if len(ext) < 2 || len(ext) > 5 || len(ext) == len(name) {
		return ""
	}
	low := strings.ToLower(ext[1:])
	if low == "3gp" || low == "3g2" {
		return ext
	}
	for i := range len(low) {
		letter := low[i] >= 'a' && low[i] <= 'z'
		digit := low[i] >= '0' && low[i] <= '9'
		if !letter && (!digit || i == 0) {
			return ""
		}
	}
	return ext
}

// cleanText makes a text from a file fit to be shown on one line: valid UTF-8, no control characters, nothing that
// turns the direction of what stands around it, spaces in order, bounded.
func cleanText(s string) string {
	if len(s) > 8*maxTitleRunes {
		s = s[:8*maxTitleRunes]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), isDirection(r), r == '\uFEFF':
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxTitleRunes {
		s = strings.TrimSpace(string([]rune(s)[:maxTitleRunes-1])) + "…"
	}
	return s
}

// isDirection says whether a character embeds, overrides or isolates a direction of writing.
func isDirection(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// junk is what programs write into a title when nobody gave one: placeholders, numbers, identifiers, addresses, the
// tool's own name, another file's name.
var junk = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
	`untitled.*`, `unknown.*`, `no title`, `title`, `none`, `null`, `n/?a`, `default`, `video`, `movie`, `film`, `clip`,
	`audio`, `media`, `(video|audio|track|title|chapter|sequence|project|composition|timeline|scene|clip)[ _-]*\d+`,
	`[0-9a-f]{8}-[0-9a-f-]{27}`, `[0-9a-f]{16,}`, `(https?://|www\.).*`,
	`(core media|lavf|libmatroska|handbrake|ffmpeg|isomedia|gpac|l-smash|encoded (by|with)|converted (by|with)).*`,
	`.*\.(mp4|m4v|mov|mkv|webm|avi|wmv|flv|ts|m2ts|mpe?g|vob|ogv|3gp|mxf|asf|dvr-ms|prproj|aep|veg)`,
}, "|") + `)$`)

// hasLetter says whether a text has a letter of any script: numbers and signs alone are no title.
func hasLetter(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

func junkTitle(s string) bool {
	return len(s) < 2 || strings.ContainsRune(s, utf8.RuneError) || !hasLetter(s) || junk.MatchString(s)
}
