package library

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTitles(t *testing.T) {
	long := strings.Repeat("long ", 100)
	for _, c := range []struct{ name, tag, file, want string }{
		{"tag", "Sintel", "s.mkv", "Sintel"},
		{"file", "", "My film.mkv", "My film"},
		{"underscores stay", "", "a_b__c.mp4", "a_b__c"},
		{"no extension", "", "film", "film"},
		{"dots", "", "The.Film.2019.1080p", "The.Film.2019.1080p"},
		{"words after a dot", "", "Mr. Robot", "Mr. Robot"},
		{"3gp", "", "clip.3gp", "clip"},
		{"only an extension", "", ".mp4", ".mp4"},
		{"emoji", "", "🎬 %s 'x' \"y\".mov", "🎬 %s 'x' \"y\""},
		{"not UTF-8", "", "caf\xe9.mp4", "caf\uFFFD"},
		{"control characters", "", "a\x00b\x1b[31m\nc\u202Egnp.mp4", "ab[31m cgnp"},
		{"nothing left", "", "\x01\u202E", "Untitled"},
		{"family stays joined", "", "👨\u200d👩.mp4", "👨\u200d👩"},
		{"junk: placeholder", "Untitled Project", "f.mp4", "f"},
		{"junk: track", "Track 01", "f.mp4", "f"},
		{"junk: number", "00042", "f.mp4", "f"},
		{"junk: tool", "Lavf58.29.100", "f.mp4", "f"},
		{"junk: file", "export_final.mov", "f.mp4", "f"},
		{"junk: address", "www.example.com", "f.mp4", "f"},
		{"junk: id", "d41d8cd98f00b204e9800998ecf8427e", "f.mp4", "f"},
		{"junk: not UTF-8", "\xff\xfe\xff", "f.mp4", "f"},
		{"other scripts", "七人の侍", "f.mp4", "七人の侍"},
		{"markup is text", "<b>Bold</b>", "f.mp4", "<b>Bold</b>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := titleOf(c.tag, c.file); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	got := titleOf(long, "f.mp4")
	if utf8.RuneCountInString(got) > maxTitleRunes || !strings.HasPrefix(got, "long long") {
		t.Errorf("long: %q", got)
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("tag", "file.mp4")
	f.Add("\xff\u202E", "\x00")
	f.Fuzz(func(t *testing.T, tag, file string) {
		got := titleOf(tag, file)
		if got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxTitleRunes ||
			strings.ContainsAny(got, "\x00\n\r\u202E") {
			t.Errorf("title %q", got)
		}
	})
}
