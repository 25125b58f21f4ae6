package subtitle

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const someScript = `[Script Info]
Title: url(https://example.com/x) <script>
PlayResX: 640
PlayResY: 360
WrapStyle: 2
Evil: 1

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, ` +
	`Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, ` +
	`MarginR, MarginV, Encoding
Style: Default,x";background:url(//evil);,36,&H00FFFFFF,&H000000FF,&H00020713,&H80000000,-1,0,0,0,100,100,` +
	`0,0,1,1.7,0,2,5,5,28,1
Style: Signs,Courier New,1e9,&H0000FFFF,255,&H0,&H0,0,0,0,0,100,100,0,0,3,9999,0,8,0,0,0,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 3,0:00:01.00,0:00:02.50,Signs,Olly,0,0,12,Banner;1,%s
`

func TestOverridesThatAreKept(t *testing.T) {
	s := ParseScript([]byte(someScript))
	for in, want := range map[string]string{
		`plain, with a comma`:                          `plain, with a comma`,
		`{\pos(10,20.5)}here`:                          `{\pos(10,20.5)}here`,
		`{\pos( 10 , 20 )\fnEvil\an8}x`:                `{\pos(10,20)\an8}x`,
		`{\pos(1)}x`:                                   `x`,
		`{\pos(url(x),2)\move(1,2,3,4)}x`:              `{\move(1,2,3,4)}x`,
		`{\move(1,2,3,4,500,100)}x`:                    `{\move(1,2,3,4,100,500)}x`,
		`{\a6\fs1e3\fs99999\bord-5}x`:                  `{\an8\fs720\bord0}x`,
		`{\1c&HFFFF00&\c&Hff&\c\3a&H80\alphaFF}x`:      `{\1c&HFFFF00&\c&H0000FF&\c\3a&H80&\alpha&HFF&}x`,
		`{\k10}ka{\kf20}ra{\ko30}o{\K5}ke`:             `{\k10}ka{\kf20}ra{\ko30}o{\K5}ke`,
		`{\rSigns}a{\rNobody}b{\r}c`:                   `{\rs1}a{\r}b{\r}c`,
		`{\t(0,500,2,\fs40\t(\fs1)\pos(1,2)\1c&HFF&)}`: ``,
		`{\t(0,500,2,\fs40\t(\fs1)\1c&HFF&)}x`:         `{\t(0,500,\fs40\1c&H0000FF&)}x`,
		`{\t(\frz360)\fad(100,200)}x`:                  `{\t(\frz360)\fad(100,200)}x`,
		`{\fade(0,999,0,900,200,1,2)}x`:                `{\fade(0,255,0,1,2,200,900)}x`,
		`{\clip(1,2,3,4)\iclip(2,m 0 0 l 1 x" 1 1)}x`:  `{\clip(1,2,3,4)\iclip(2,m 0 0 l 1 1 1)}x`,
		`{\p1}m 0 0 l 10 0 10,10{\p0}after`:            `{\p1}m 0 0 l 10 0 10 10{\p0}after`,
		`{\p1}m 0 0{\c&HFF&}l 1 1 <svg>`:               `{\p1}m 0 0{\c&H0000FF&\p1}l 1 1 s`,
		"{comment}{\\b1}a\x00\x1b{\\b0}b\\Nc\\hd":      `{\b1}a{\b0}b\Nc\hd`,
		`C:\tmp {not closed`:                           "C:\uff3ctmp \uff5bnot closed",
		`a } b`:                                        "a \uff5d b",
		`<b onclick=x>&amp;`:                           `<b onclick=x>&amp;`,
		`{\an8}`:                                       ``,
	} {
		if got := s.text(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		if again := s.text(strings.ReplaceAll(want, `\rs1`, `\rSigns`)); again != want {
			t.Errorf("%s is written again as %s", want, again)
		}
	}
}

func TestScriptOfASegment(t *testing.T) {
	cues, err := Parse([]byte(strings.Replace(someScript, "%s", `{\pos(320,180)}Hi`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	s := cues.Script()
	if !s.Differs() || !Matters(cues.all[0].Event) {
		t.Error("it can be told from plain text")
	}
	got, cut := s.Segment(cues.During(0, time.Minute))
	want := "[Script Info]\nScriptType: v4.00+\nPlayResX: 640\nPlayResY: 360\nWrapStyle: 2\n" +
		"ScaledBorderAndShadow: yes\n\n[V4+ Styles]\n" + styleFormat +
		"Style: s0,sans-serif,36,&H00FFFFFF,&H000000FF,&H00020713,&H80000000,-1,0,0,0,100,100,0,0," +
		"1,1.7,0,2,5,5,28,1\n" +
		"Style: s1,monospace,18,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,3,90,0,8,0,0,0,1\n\n" +
		"[Events]\n" + eventFormat +
		"Dialogue: 3,0:00:01.00,0:00:02.50,s1,,0,0,12,,{\\pos(320,180)}Hi\n"
	if diff := cmp.Diff(want, string(got)); diff != "" || cut {
		t.Errorf("cut %v, %s", cut, diff)
	}
	if text, _ := Segment(cues.During(0, time.Minute)); !strings.Contains(string(text), "02.500\nHi\n") {
		t.Errorf("as plain text: %q", text)
	}
}

func TestScriptOfVersion4(t *testing.T) {
	s := ParseScript([]byte("[Script Info]\nScriptType: v4.00\nPlayResY: 480\n[V4 Styles]\n" +
		"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, TertiaryColour, BackColour, Bold, Italic, " +
		"BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, AlphaLevel, Encoding\n" +
		"Style: Default,Times,20,16777215,65535,65535,-2147483640,-1,0,1,2,3,6,30,30,30,0,0\n"))
	got, _ := s.Segment([]Cue{{
		End: time.Second, Event: s.Event([]byte(`0,Marked=0,*Default,,0000,0000,0000,!Effect,{\a5}Top`)),
	}})
	for _, want := range []string{
		"PlayResX: 640\n",
		"Style: s0,serif,20,&H00FFFFFF,&H0000FFFF,&H80000008,&H80000008,-1,0,0,0,100,100,0,0,1,2,3,8,30,30,30,1\n",
		"Dialogue: 0,0:00:00.00,0:00:01.00,s0,,0,0,0,,{\\an7}Top\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

func TestPlaneOfThePicturesShape(t *testing.T) {
	s := ParseScript([]byte("[Script Info]\nPlayResX: 400\nPlayResY: 300\n[V4+ Styles]\n" + styleFormat +
		"Style: Default,Arial,20,&H0,&H0,&H0,&H0,0,0,0,0,100,100,0,0,1,1,1,2,40,40,30,1\n"))
	s.Fit(1920, 960)
	if got, want := s.event("0", "Default", [3]string{"10", "", ""}, `{\move(100,10,200,20)\clip(0,1,2,3)}x`),
		`0,s0,,15,0,0,,{\move(150,10,300,20)\clip(0,1,3,3)}x`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	data, _ := s.Segment(nil)
	if !strings.Contains(string(data), "PlayResX: 600\nPlayResY: 300\n") ||
		!strings.Contains(string(data), ",2,60,60,30,1\n") {
		t.Errorf("%s", data)
	}
}

func TestPlainScripts(t *testing.T) {
	one := "[V4+ Styles]\n" + styleFormat +
		"Style: Default,Arial,20,&H0,&H0,&H0,&H0,0,0,0,0,100,100,0,0,1,1,1,2,40,40,30,1\n"
	if ParseScript([]byte(one)).Differs() || ParseScript(nil).Differs() {
		t.Error("one style at the bottom is nothing that plain text has not")
	}
	for text, want := range map[string]bool{
		`{\i1}so{\i0} {\b1\fs20}it{\fad(1,2)} is {\blur3}`: false, `{\an8}x`: true, `{\t(\fs3)}x`: true,
		`{\k5}x`: true, `\pos(1,2)`: false, `{\i1\c&HFF&}x`: true, `{\p1}m 0 0`: true, `{\frz3}x`: true,
	} {
		if got := Matters(ParseScript(nil).event("", "", [3]string{}, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// written is all that a script of ours may consist of.
var (
	writtenLine = regexp.MustCompile(`^(\[(Script Info|V4\+ Styles|Events)\]|ScriptType: v4\.00\+|PlayRes[XY]: \d+|` +
		`WrapStyle: [0-3]|ScaledBorderAndShadow: (yes|no)|Format: [A-Za-z, ]+|` +
		`Style: s\d+,(sans-serif|serif|monospace),[\d.]+(,&H[0-9A-F]{8}){4}(,-?[\d.]+){16}|)$`)
	writtenEvent = regexp.MustCompile(`^Dialogue: \d+,\d+:\d\d:\d\d\.\d\d,\d+:\d\d:\d\d\.\d\d,s\d+,(,[\d.]+){3},,(.+)$`)
	writtenBlock = regexp.MustCompile(`\{[^{}]*\}`)
	writtenTags  = regexp.MustCompile(`^\{(\\(t\([\d,.]*|[1-4]?[a-zA-Z]+` +
		`(&H[0-9A-F]+&|-?[\d.]+|s\d+|\([-\d., mnlbspc]*\))?)\)?)+\}$`)
)

func FuzzScript(f *testing.F) {
	f.Add([]byte(strings.Replace(someScript, "%s", `{\pos(1,2)\t(0,5,\clip(1,2,3,4))\p1}m 0 0{\rSigns}l 1 1`, 1)))
	f.Add([]byte("[Script Info]\n[V4 Styles]\nStyle: a,b,1e3,-1\n" +
		"[Events]\nDialogue: 0,0:00:00.1,0:00:02,a,,,,,,{\\t(\\t(\\c}}\n"))
	f.Add([]byte(strings.Replace(someScript, "%s", "{\\r\\c\\p4}{\\1c&Hffffffff&\\k-5}\xa0{x\\N \\h", 1)))
	f.Fuzz(func(t *testing.T, file []byte) {
		file = append([]byte("[Script Info]\n"), file...)
		cues, err := Parse(file)
		if err != nil || cues.Script() == nil {
			return
		}
		cues.Script().Fit(len(file)%97, 31)
		data, cut := cues.Script().Segment(cues.During(0, latestTime))
		if !utf8.Valid(data) || len(data) > maxScriptBytes+maxStyles*256+1024 {
			t.Fatalf("%d bytes, valid UTF-8: %v", len(data), utf8.Valid(data))
		}
		for line := range strings.SplitSeq(string(data), "\n") {
			event := writtenEvent.FindStringSubmatch(line)
			if event == nil && !writtenLine.MatchString(line) {
				t.Fatalf("line %q", line)
			}
			if event == nil {
				continue
			}
			for _, block := range writtenBlock.FindAllString(event[2], -1) {
				if !writtenTags.MatchString(block) {
					t.Fatalf("block %q", block)
				}
			}
			if rest := writtenBlock.ReplaceAllString(event[2], ""); strings.ContainsAny(rest, "{}\x00\r\u2028") {
				t.Fatalf("text %q", rest)
			}
		}
		again, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		twice, _ := again.Script().Segment(again.all)
		if diff := cmp.Diff(scriptLines(data), scriptLines(twice)); diff != "" && !cut {
			t.Fatalf("written again it is not the same: %s", diff)
		}
	})
}

// scriptLines are those of a script, in an order that does not depend on how times were rounded.
func scriptLines(script []byte) []string {
	all := strings.Split(string(script), "\n")
	slices.Sort(all)
	return slices.Compact(all)
}
