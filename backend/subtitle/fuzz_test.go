package subtitle

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// markup is all that may be in cue text beside characters that mean nothing.
var markup = regexp.MustCompile(`</?[biu]>|&(amp|lt|gt);`)

// harmless checks that text cannot end its cue, begin another, or be markup that is not ours.
func harmless(t *testing.T, text string) {
	t.Helper()
	rest := markup.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, "<>&\r\x00") || strings.Contains(text, "-->") || strings.Contains(text, "\n\n") ||
		strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n") || !utf8.ValidString(text) ||
		len(text) > MaxTextBytes || strings.Count(text, "\n") >= maxLines {
		t.Errorf("text %q", text)
	}
	for _, tag := range []string{"b", "i", "u"} {
		if strings.Count(text, "<"+tag+">") != strings.Count(text, "</"+tag+">") {
			t.Errorf("<%s> is not closed in %q", tag, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"1\n00:00:01,000 --> 00:00:02,000\n<i>One</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n{\\an8}&lt;\n",
		"WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>x\n\nNOTE\ny\n", "\xff\xfe1\x00\n\x00",
		"[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\i1\\p1(}a\\Nb\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		cues, err := Parse(file)
		if err != nil {
			return
		}
		for _, c := range cues.all {
			harmless(t, c.Text)
			if c.End <= c.Start || c.Start < 0 || c.End > latestTime+time.Second {
				t.Errorf("from %v to %v", c.Start, c.End)
			}
		}
		data, _ := Segment(cues.During(0, latestTime))
		again, err := Parse(data)
		if err != nil && cues.Len() > 0 {
			t.Errorf("what was written cannot be read: %v", err)
		}
		if err == nil && again.Len() > cues.Len() {
			t.Errorf("%d cues were written, %d are read", cues.Len(), again.Len())
		}
	})
}

func FuzzSample(f *testing.F) {
	f.Add([]byte("\x00\x05Hello\x00\x00\x00\x16styl\x00\x01\x00\x00\x00\x02\x00\x01\x02\x10\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x16vttc\x00\x00\x00\x0epayl<b>Hi"))
	f.Add([]byte(`0,0,D,,0,0,0,,{\i1}a{\p1}b\N`))
	f.Add([]byte("id\nline:0\n<c>Text"))
	f.Fuzz(func(t *testing.T, sample []byte) {
		for _, read := range []func([]byte) string{
			FromTX3G, FromWVTT, FromASS, FromSubRip, FromWebVTT, FromWebMVTT,
		} {
			harmless(t, read(sample))
		}
	})
}
