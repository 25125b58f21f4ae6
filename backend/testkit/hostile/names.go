package hostile

import (
	"strings"
)

// names are good videos with nasty names, some sent as they are and some transcoded, so that a child gets the name.
func names() []File {
	nasty := []string{
		"-i x", "--help", "-version", `a'b"c`, "`touch pwned`", "$(touch pwned)", ";touch pwned;", "a|b", "new\nline",
		"tab\tbell\a", "%d %s %n %05d", "100%", "\U0001F4A9\U0001F469\u200d\U0001F680", "rtl \u202egpj",
		"a\u0300\u0301",
		"concat:a|b", "file:x", "http:x", "data:text", "pipe:0", "subfile,,start,0", "a,b;c[d]{e}=f:g", "x?y#z&a=b",
		"\x1b[31mred", "<img src=x onerror=alert(1)>", "..", "...", " ", "  x  ", "con", "nul.", "~", "*", "\\",
		`a\..\b`,
		"\xff\xfe", "caf\xe9", strings.Repeat("x", 251), strings.Repeat("ü", 125),
	}
	all := make([]File, 0, len(nasty))
	for _, name := range nasty {
		transcoded := len(all)%2 == 0
		all = append(all, File{Name: name + ".mp4", Want: Plays, data: func(t *Target) ([]byte, error) {
			if transcoded {
				return t.Stream, nil
			}
			return t.Video, nil
		}})
	}
	return all
}
