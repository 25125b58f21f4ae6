package subtitle

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                            "plain",
		"one\ntwo":                         "one\ntwo",
		"one\n\n \n\ntwo\n":                "one\ntwo",
		"  \n lead":                        "lead",
		"a\tb":                             "a b",
		"<i>in</i> out":                    "<i>in</i> out",
		"<I>in":                            "<i>in</i>",
		"<em>a</em><strong>b</strong>":     "<i>a</i><b>b</b>",
		"<b><i>x</b></i>":                  "<b><i>x</i></b>",
		"<i>a<b>b</i>c</b>":                "<i>a<b>b</b></i><b>c</b>",
		"<i><i>a</i>b</i>c":                "<i>ab</i>c",
		"</i>a":                            "a",
		"<i></i>":                          "",
		"<i>\n</i>a":                       "a",
		"<i>a\nb</i>":                      "<i>a\nb</i>",
		"a<br>b<br/>c":                     "a\nb\nc",
		`<font color="#ff0000">red</font>`: "red",
		"<v Bob>Hi</v> <c.loud>all</c>":    "Hi all",
		"<00:00:01.000>now":                "now",
		"<script>alert(1)</script>":        "&lt;script&gt;alert(1)&lt;/script&gt;",
		"<img src=x onerror=alert(1)>":     "&lt;img src=x onerror=alert(1)&gt;",
		"<i onclick=x>a</i>":               "<i>a</i>",
		"1 < 2 && 3 > 2":                   "1 &lt; 2 &amp;&amp; 3 &gt; 2",
		"a --> b":                          "a --&gt; b",
		"00:00:01.000 --> 00:00:02.000":    "00:00:01.000 --&gt; 00:00:02.000",
		"&lt;b&gt; &amp; &nbsp;&copy;":     "&lt;b&gt; &amp; \u00a0&amp;copy;",
		"&lt;script&gt;":                   "&lt;script&gt;",
		"<<i>>":                            "&lt;<i>&gt;</i>",
		"<":                                "&lt;",
		"a<i":                              "a&lt;i",
		`{\an8}top {\i1}lean{\i0}`:         "top <i>lean</i>",
		"{not an override}":                "{not an override}",
		"nul\x00 bell\x07 \u0085next":      "nul bell next",
		"\ufeffmark":                       "mark",
		"caf\xe9":                          "café",
		"NOTE this is no note":             "NOTE this is no note",
		"<b>" + strings.Repeat("x", 2*MaxTextBytes): "<b>" + strings.Repeat("x", MaxTextBytes-64-2) + "</b>",
		strings.Repeat("x\n", 100):                  strings.TrimSuffix(strings.Repeat("x\n", maxLines), "\n"),
	} {
		if got := FromSubRip([]byte(in)); got != want {
			t.Errorf("%.80q: %.120q, want %.120q", in, got, want)
		}
	}
}

func TestASSText(t *testing.T) {
	for in, want := range map[string]string{
		`0,0,Default,,0,0,0,,Hello, you`:                      "Hello, you",
		`0,0,Default,,0,0,0,,one\Ntwo\nthree\hfour`:           "one\ntwo three\u00a0four",
		`0,0,D,,0,0,0,,{\i1}a{\i0}b{\b700}c{\r}d{\u1}e`:       "<i>a</i>b<b>c</b>d<u>e</u>",
		`0,0,D,,0,0,0,,{\pos(1,2)\iclip(1)\blur2\be1\bord3}a`: "a",
		`0,0,D,,0,0,0,,{\t(0,100,\b1)}a{comment}b`:            "ab",
		`0,0,D,,0,0,0,,{\p1}m 0 0 l 100 0{\p0}after`:          "after",
		`0,0,D,,0,0,0,,{never closed`:                         "{never closed",
		`0,0,D,,0,0,0,,<b>&lt;</b>`:                           "&lt;b&gt;&amp;lt;&lt;/b&gt;",
		`too,few`:                                             "",
	} {
		if got := FromASS([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSamples(t *testing.T) {
	styl := "\x00\x00\x00\x22styl\x00\x02" +
		"\x00\x00\x00\x02\x00\x01\x02\x10\xff\xff\xff\xff" + "\x00\x03\x00\x04\x00\x01\x01\x10\xff\xff\xff\xff"
	for in, want := range map[string]string{
		"":                           "",
		"\x00":                       "",
		"\x00\x00":                   "",
		"\x00\x05Hello":              "Hello",
		"\x00\x50Hello":              "Hello",
		"\x00\x04a<\r\n":             "a&lt;",
		"\x00\x05H\xc3\xa9 x" + styl: "<i>Hé</i> <b>x</b>",
		"\x00\x06\xfe\xff\x04\x14\x04\x30" + styl: "<i>Да</i>",
		"\x00\x02ab\x00\x00\x00\x0astyl\xff\xff":  "ab",
	} {
		if got := FromTX3G([]byte(in)); got != want {
			t.Errorf("tx3g %q: %q, want %q", in, got, want)
		}
	}
	vttc := "\x00\x00\x00\x1avttc\x00\x00\x00\x12payl<b>Hi</b> &"
	for in, want := range map[string]string{
		"\x00\x00\x00\x08vtte": "", vttc: "<b>Hi</b> &amp;"[:len("<b>Hi</b>")], "\x00\x00\x00\xffvttc": "",
	} {
		if got := FromWVTT([]byte(in)); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("wvtt %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"id\nline:0\nText\nmore": "Text\nmore", "\n\nText": "Text", "Text": ""} {
		if got := FromWebMVTT([]byte(in)); got != want {
			t.Errorf("WebM %q: %q, want %q", in, got, want)
		}
	}
}

// lines are cues in short.
func lines(c *Cues) (all []string) {
	for _, x := range c.all {
		all = append(all, fmt.Sprintf("%v-%v %s", x.Start, x.End, x.Text))
	}
	return all
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"srt": {
			"1\r\n00:00:01,000 --> 00:00:02,500\r\nOne\r\n\r\n2\r\n01:00:03,04 --> 01:00:04\r\nTwo\r\nlines\r\n",
			[]string{"1s-2.5s One", "1h0m3.04s-1h0m4s Two\nlines"},
		},
		"srt without blank lines or hours": {
			"00:01.5 --> 00:02.5 X1:10 X2:20\n42\n2\n00:03 --> 00:04\nB",
			[]string{"1.5s-2.5s 42", "3s-4s B"},
		},
		"srt with blank lines inside": {
			"1\n00:00:01,000 --> 00:00:02,000\nOne\n\nmore\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n\n\n",
			[]string{"1s-2s One\nmore", "3s-4s Two"},
		},
		"srt out of order, doubled, empty, backwards": {
			"1\n00:00:03,000 --> 00:00:04,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA\n\n" +
				"3\n00:00:03,000 --> 00:00:04,000\nB\n\n4\n00:00:05,000 --> 00:00:06,000\n\n" +
				"5\n00:00:08,000 --> 00:00:07,000\nC\n",
			[]string{"1s-2s A", "3s-4s B"},
		},
		"vtt": {
			"\ufeffWEBVTT - a title\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n" +
				"STYLE\n::cue { color: red }\n\n" +
				"NOTE a --> b\nnot text\n\nREGION\nid:x\n\n" +
				"name\n00:01.000 --> 00:02.000 line:0 align:start\n<v A>Hi\nyou\n\n" +
				"01:00:00.000 --> 01:00:01.000\nLate\n02:00:00.000 --> 02:00:01.000\nLater",
			[]string{"1s-2s Hi\nyou", "1h0m0s-1h0m1s Late", "2h0m0s-2h0m1s Later"},
		},
		"ass": {
			"[Script Info]\nTitle: x\n[V4+ Styles]\nFormat: Name\nStyle: Default\n[Events]\n" +
				"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n" +
				"Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,no\n" +
				"Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}Yes, yes\n" +
				"Dialogue: broken\nDialogue: 0,x,0:00:02.50,Default,,0,0,0,,no\n" +
				"[Fonts]\nDialogue: 0,0:00:01.00,0:00:02.50,,,,,,,no",
			[]string{"1s-2.5s <i>Yes, yes</i>"},
		},
		"ass of few fields": {
			"[script info]\n[EVENTS]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,a, b\n",
			[]string{"1s-2s a, b"},
		},
		"ass with a broken format": {
			"[Script Info]\n[Events]\nFormat: Text\nDialogue: x\nFormat:\nDialogue: 0:00:01.00\n", nil,
		},
	} {
		cues, err := Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, lines(cues)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, file := range []string{"", "hello", "-->", "00:00:01 --> x", "\x00\x01\x02", "99999999:00:00 --> 1:00"} {
		if cues, err := Parse([]byte(file)); err == nil {
			t.Errorf("%q: %q", file, lines(cues))
		}
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"\xef\xbb\xbfé":               "é",
		"é\r\nx\ry":                   "é\nx\ny",
		"\xff\xfeA\x00\x14\x04":       "AД",
		"\xfe\xff\x00A\x04\x14":       "AД",
		"\xff\xfeA\x00\x14":           "A",
		"\xff\xfe\x3d\xd8\x00\xde":    "😀",
		"\xff\xfe\x00\xde":            "\ufffd",
		"\x80\x85\x93caf\xe9\x94\xdf": "€…“café”ß",
		"\xef\xbb\xbfnot \xff utf-8":  "not \ufffd utf-8",
	} {
		if got := Decode([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDuring(t *testing.T) {
	s := time.Second
	c := NewCues([]Cue{
		{Start: 0, End: 100 * s, Text: "whole"},
		{Start: 1 * s, End: 2 * s, Text: "a"},
		{Start: 9 * s, End: 11 * s, Text: "across"},
		{Start: 10 * s, End: 12 * s, Text: "b"},
		{Start: 20 * s, End: 21 * s, Text: "c"},
	})
	for _, w := range []struct {
		from, to time.Duration
		want     string
	}{
		{0, 10 * s, "whole a across"},
		{10 * s, 20 * s, "whole across b"},
		{11 * s, 20 * s, "whole b"},
		{20 * s, 30 * s, "whole c"},
		{100 * s, 200 * s, ""},
		{99 * s, 100 * s, "whole"},
	} {
		var got []string
		for _, x := range c.During(w.from, w.to) {
			got = append(got, x.Text)
		}
		if strings.Join(got, " ") != w.want {
			t.Errorf("%v to %v: %q, want %q", w.from, w.to, got, w.want)
		}
	}
}

func TestSegment(t *testing.T) {
	s := time.Second
	data, cut := Segment([]Cue{
		{Start: -s, End: 2 * s, Text: "early"},
		{Start: 1500*time.Millisecond + 600*time.Microsecond, End: 1501 * time.Millisecond, Text: "short"},
		{Start: 100*time.Hour + s, End: 101 * time.Hour, Text: "late"},
	})
	want := "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n" +
		"00:00:00.000 --> 00:00:02.000\nearly\n\n00:00:01.501 --> 00:00:01.502\nshort\n\n" +
		"100:00:01.000 --> 101:00:00.000\nlate\n\n"
	if diff := cmp.Diff(want, string(data)); diff != "" || cut {
		t.Error(diff, cut)
	}
	many := make([]Cue, maxSegmentCues+1)
	for i := range many {
		many[i] = Cue{Start: 0, End: s, Text: strconv.Itoa(i)}
	}
	if data, cut := Segment(many); !cut || strings.Count(string(data), "-->") != maxSegmentCues {
		t.Errorf("%d cues, cut %v", strings.Count(string(data), "-->"), cut)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Film.srt": "", "Film.en.srt": "en", "Film.ENG.SRT": "en", "Film.pt-BR.vtt": "pt-BR", "Film.English.ass": "en",
		"Film.de.forced.srt": "de forced", "Film.forced.srt": " forced", "Film.en.sdh.srt": "en sdh",
		"Film.en.default.ssa": "en default", "Film.zh_Hant.srt": "zh-Hant",
		"Film.txt": "no", "Film.2.srt": "no", "Film.hd.srt": "no", "Film.part.srt": "no", "Filmen.srt": "no",
		"Film 2.srt": "no", "Other.srt": "no", "Film.en.de.srt": "no", "Film..srt": "no", "film.srt": "no",
		"Film.en.forced.sdh.default.srt": "no", "Film": "no", ".srt": "no", "Film.und.srt": "no",
	} {
		s, ok := named("Film", name)
		got := s.Language
		for flag, set := range map[string]bool{" forced": s.Forced, " sdh": s.HearingImpaired, " default": s.Default} {
			if set {
				got += flag
			}
		}
		if !ok {
			got = "no"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestBesideTakesOnlyOrdinaryFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	srt := []byte("1\n00:00:01,000 --> 00:00:02,000\nText\n")
	file("V.en.srt", srt)
	file("V.de.srt", append(srt, make([]byte, MaxFileBytes)...))
	file("V.it.srt", nil)
	if err := os.Mkdir(filepath.Join(dir, "V.fr.srt"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("V.en.srt", filepath.Join(dir, "V.es.srt")); err != nil {
		t.Fatal(err)
	}
	found, err := Beside(filepath.Join(dir, "V.mkv"))
	if err != nil || len(found) != 1 || found[0].Language != "en" {
		t.Fatalf("%+v, %v", found, err)
	}
	if cues, err := found[0].Load(0, 0); err != nil || cues.Len() != 1 {
		t.Errorf("%v, %v", cues, err)
	}
	if _, err := Beside(filepath.Join(dir, "none", "V.mkv")); err == nil {
		t.Error("a folder that is not there has sidecars")
	}
}

// TestLargeFilesTakeNoLongTime parses files of the largest size, each made so that a careless parser reads them again
// and again. Reading them once takes well under a second.
func TestLargeFilesTakeNoLongTime(t *testing.T) {
	const head = "[Script Info]\n[Events]\n"
	for name, unit := range map[string][2]string{
		"braces":    {head, "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,," + strings.Repeat("{", 10_000) + "\n"},
		"angles":    {"", "00:01.0 --> 00:02.0\n" + strings.Repeat("<", 8000) + "\n"},
		"numbers":   {"00:01.0 --> 00:02.0\n", "1\n"},
		"blank":     {"00:01.0 --> 00:02.0\n", "\n"},
		"cues":      {"", "0:1-->0:2\na\n"},
		"arrows":    {"WEBVTT\n", "-->"},
		"one brace": {head + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,", "{"},
	} {
		file := unit[0] + strings.Repeat(unit[1], (MaxFileBytes-len(unit[0]))/len(unit[1]))
		began := time.Now()
		_, err := Parse([]byte(file))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v, %v", name, took, err)
		}
	}
}
