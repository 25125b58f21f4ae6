package m3u8

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dropstream/backend/media"
)

func TestParseMedia(t *testing.T) {
	for _, c := range mediaCases {
		t.Run(c.name, func(t *testing.T) {
			got, violations := ParseMedia([]byte(c.out))
			if violations != nil {
				t.Errorf("what the encoder writes has violations: %v", violations)
			}
			sum := media.Ticks(0)
			for i := range c.in.Len {
				sum += max(0, c.in.Duration(i))
			}
			want := media.ToDuration(sum, c.in.Timescale)
			if off := got.Duration() - want; off.Abs() > 500*time.Nanosecond {
				t.Errorf("EXTINF add up to %v, want %v", got.Duration(), want)
			}
			if len(got.Segments) != c.in.Len || !got.EndList || got.PlaylistType != "VOD" || got.Version != version ||
				got.IndependentSegments != c.in.IndependentSegments || (got.MapURI != "") != (c.in.MapURI != "") {
				t.Errorf("parsed %+v", got)
			}
			if diff := cmp.Diff(c.out, string(got.again())); diff != "" {
				t.Errorf("written again (-want +got):\n%s", diff)
			}
		})
	}
}

// again is the playlist as the encoder writes it.
func (m *ParsedMedia) again() []byte {
	return (&Media{
		IndependentSegments: m.IndependentSegments, MapURI: m.MapURI, Timescale: uint32(time.Second),
		Len:      len(m.Segments),
		Duration: func(i int) media.Ticks { return int64(m.Segments[i].Duration) },
		URI:      func(i int) string { return m.Segments[i].URI },
	}).Append(nil)
}

func TestParseMultivariant(t *testing.T) {
	for _, c := range multivariantCases {
		t.Run(c.name, func(t *testing.T) {
			want := c.back
			if want == nil {
				want = &c.in
			}
			got, violations := ParseMultivariant([]byte(c.out))
			if violations != nil {
				t.Errorf("what the encoder writes has violations: %v", violations)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
		})
	}
}

// violationCases are playlists with one thing wrong, and the section that says so.
var violationCases = []struct {
	name         string
	multivariant bool
	playlist     string
	section      string
}{
	{"no header", false, "#EXT-X-TARGETDURATION:1\n", secHeader},
	{"header twice", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTM3U\n", secHeader},
	{"byte order mark", false, "\ufeff#EXTM3U\n#EXT-X-TARGETDURATION:1\n", secText},
	{"not UTF-8", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n# \xff\n", secText},
	{"control character", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n# \x01\n", secText},
	{"no last line end", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1", secText},
	{"blank in a URI", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na b\n", secText},
	{"version twice", false, "#EXTM3U\n#EXT-X-VERSION:1\n#EXT-X-VERSION:1\n#EXT-X-TARGETDURATION:1\n", secVersion},
	{"no target duration", false, "#EXTM3U\n", secTarget},
	{"fractional target duration", false, "#EXTM3U\n#EXT-X-TARGETDURATION:1.5\n", secTarget},
	{"segment too long", false, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.5,\na\n", secTarget},
	{"no EXTINF", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\na\n", secInf},
	{"EXTINF alone", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n", secInf},
	{"two EXTINF", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n#EXTINF:1,\na\n", secInf},
	{"EXTINF without a comma", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1\na\n", secInf},
	{"negative EXTINF", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:-1,\na\n", secInf},
	{"EXTINF not a number", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:NaN,\na\n", secInf},
	{
		"decimals in version 2", false,
		"#EXTM3U\n#EXT-X-VERSION:2\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\na\n", "RFC 8216 §7",
	},
	{
		"map in version 5", false,
		"#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"i\"\n", "RFC 8216 §7",
	},
	{
		"map without a URI", false,
		"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:BYTERANGE=\"1@0\"\n", secMap,
	},
	{
		"sequence too late", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\na\n#EXT-X-MEDIA-SEQUENCE:1\n",
		"RFC 8216 §4.3.3.2",
	},
	{"unknown type", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:LIVE\n", "RFC 8216 §4.3.3.5"},
	{"VOD without end", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n", "RFC 8216 §4.3.3.5"},
	{
		"segment after the end", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n#EXTINF:1,\na\n",
		"RFC 8216 §4.3.3.4",
	},
	{"variant among segments", false, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", secKinds},

	{"segment among variants", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n#EXT-X-ENDLIST\n", secKinds},
	{"no variant", true, "#EXTM3U\n", secStream},
	{"no bandwidth", true, "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=1x1\nv\n", secStream},
	{"average above the peak", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=2\nv\n", secStream},
	{
		"variant without a URI", true,
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", secStream,
	},
	{"URI alone", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\nw\n", secStream},
	{"resolution of one number", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=720\nv\n", secStream},
	{"frame rate of a ratio", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,FRAME-RATE=24000/1001\nv\n", secStream},
	{"blank in codecs", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a, b\"\nv\n", secStream},
	{"no such group", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"g\"\nv\n", secStream},
	{"unknown range", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO-RANGE=HDR\nv\n", "rfc8216bis §4.4.6.2"},
	{"quoted number", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=\"1\"\nv\n", secAttributes},
	{"unquoted codecs", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=avc1\nv\n", secAttributes},
	{"attribute twice", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=1\nv\n", secAttributes},
	{"open quote", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a\nv\n", secAttributes},
	{"lower-case attribute", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,codecs=\"a\"\nv\n", secAttributes},
	{"blank after a comma", true, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1, CODECS=\"a\"\nv\n", secAttributes},
	{"rendition without a name", true, withVariant("TYPE=AUDIO,GROUP-ID=\"g\",URI=\"u\""), secMedia},
	{"unknown type of rendition", true, withVariant("TYPE=TEXT,GROUP-ID=\"g\",NAME=\"n\""), secMedia},
	{"subtitles without a URI", true, withVariant("TYPE=SUBTITLES,GROUP-ID=\"g\",NAME=\"n\""), secMedia},
	{"forced sound", true, withVariant("TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",FORCED=NO"), secMedia},
	{
		"channels of subtitles", true,
		withVariant("TYPE=SUBTITLES,GROUP-ID=\"g\",NAME=\"n\",URI=\"u\",CHANNELS=\"2\""), secMedia,
	},
	{
		"default not chosen", true,
		withVariant("TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",DEFAULT=YES,AUTOSELECT=NO"), secMedia,
	},
	{"bad language", true, withVariant("TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",LANGUAGE=\"en us\""), secMedia},
	{
		"name twice", true,
		withVariant("TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\"", "TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\""), secGroup,
	},
	{"two defaults", true, withVariant("TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",DEFAULT=YES",
		"TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"m\",DEFAULT=YES"), secGroup},
}

// withVariant is a multivariant playlist of the renditions given and a variant.
func withVariant(renditions ...string) string {
	s := "#EXTM3U\n"
	for _, r := range renditions {
		s += "#EXT-X-MEDIA:" + r + "\n"
	}
	return s + "#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n"
}

func TestViolations(t *testing.T) {
	for _, c := range violationCases {
		t.Run(c.name, func(t *testing.T) {
			var violations []Violation
			if c.multivariant {
				_, violations = ParseMultivariant([]byte(c.playlist))
			} else {
				_, violations = ParseMedia([]byte(c.playlist))
			}
			for _, v := range violations {
				if v.Section == c.section {
					return
				}
			}
			t.Errorf("violations %v, want one of %s", violations, c.section)
		})
	}
}

func TestParseIsLenientWhereTheGrammarIs(t *testing.T) {
	text := "#EXTM3U\r\n#EXT-X-TARGETDURATION:3\r\n\r\n# a comment\r\n" +
		"#EXT-X-SOMETHING-NEW:1\r\n#EXTINF:3,a title\r\nhttp://h/a\r\n"
	got, violations := ParseMedia([]byte(text))
	want := &ParsedMedia{
		Version: 1, TargetDuration: 3 * time.Second,
		Segments: []ParsedSegment{{URI: "http://h/a", Duration: 3 * time.Second}},
	}
	if diff := cmp.Diff(want, got); diff != "" || violations != nil {
		t.Errorf("violations %v, parsed (-want +got):\n%s", violations, diff)
	}
}

func TestViolationsAreBounded(t *testing.T) {
	_, violations := ParseMedia([]byte(strings.Repeat("\x01\n", 1_000_000)))
	if len(violations) != maxViolations {
		t.Errorf("%d violations kept", len(violations))
	}
	if _, violations = ParseMedia(make([]byte, maxPlaylistBytes+1)); len(violations) == 0 {
		t.Error("a playlist of any size is read")
	}
}

// FuzzParse reads anything as both kinds. What follows the grammar can be written, follows the grammar again, and is
// then written the same for ever.
func FuzzParse(f *testing.F) {
	for _, c := range mediaCases {
		f.Add([]byte(c.out))
	}
	for _, c := range multivariantCases {
		f.Add([]byte(c.out))
	}
	for _, c := range violationCases {
		f.Add([]byte(c.playlist))
	}
	f.Fuzz(func(t *testing.T, playlist []byte) {
		if m, violations := ParseMedia(playlist); violations == nil {
			once := m.again()
			back, violations := ParseMedia(once)
			if violations != nil {
				t.Fatalf("%q becomes %q with violations %v", playlist, once, violations)
			}
			if diff := cmp.Diff(string(once), string(back.again())); diff != "" {
				t.Fatalf("written twice (-once +twice):\n%s", diff)
			}
		}
		if m, violations := ParseMultivariant(playlist); violations == nil {
			once := m.Append(nil)
			back, violations := ParseMultivariant(once)
			if violations != nil {
				t.Fatalf("%q becomes %q with violations %v", playlist, once, violations)
			}
			if diff := cmp.Diff(string(once), string(back.Append(nil))); diff != "" {
				t.Fatalf("written twice (-once +twice):\n%s", diff)
			}
		}
	})
}
