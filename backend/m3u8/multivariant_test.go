package m3u8

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// multivariantCases are multivariant playlists and their text. back is what the text says when it is read, where
// that is not in: encoding makes names safe and unique.
var multivariantCases = []struct {
	name string
	in   Multivariant
	out  string
	back *Multivariant
}{
	{
		name: "video with two audio tracks and subtitles",
		in: Multivariant{
			IndependentSegments: true,
			Renditions: []Rendition{
				{
					Type: Audio, GroupID: "aac", Name: "English", Language: "en", Default: true, Autoselect: true,
					Channels: 2,
					URI:      "a/1/aac/p/media.m3u8",
				},
				{
					Type: Audio, GroupID: "aac", Name: "Français", Language: "fr", Autoselect: true, Channels: 6,
					URI: "a/2/aac/p/media.m3u8",
				},
				{
					Type: Subtitles, GroupID: "text", Name: "Signs", Language: "en", Autoselect: true, Forced: true,
					URI: "t/3/media.m3u8",
				},
			},
			Variants: []Variant{
				{
					URI: "v/original/p/media.m3u8", BandwidthBitsPerSecond: 5_200_000,
					AverageBandwidthBitsPerSecond: 4_100_000, Width: 1920, Height: 1080,
					FrameRate: media.Rational{Num: 24000, Den: 1001}, Codecs: []string{"avc1.640028", "mp4a.40.2"},
					VideoRange: SDR, AudioGroup: "aac", SubtitlesGroup: "text",
				},
			},
		},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,` +
			"CHANNELS=\"2\",URI=\"a/1/aac/p/media.m3u8\"\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Français",LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=YES,` +
			"CHANNELS=\"6\",URI=\"a/2/aac/p/media.m3u8\"\n" +
			`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Signs",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,` +
			"FORCED=YES,URI=\"t/3/media.m3u8\"\n" +
			`#EXT-X-STREAM-INF:BANDWIDTH=5200000,AVERAGE-BANDWIDTH=4100000,CODECS="avc1.640028,mp4a.40.2",` +
			"RESOLUTION=1920x1080,FRAME-RATE=23.976,VIDEO-RANGE=SDR,AUDIO=\"aac\",SUBTITLES=\"text\"\n" +
			"v/original/p/media.m3u8\n",
		back: &Multivariant{
			IndependentSegments: true,
			Renditions: []Rendition{
				{
					Type: Audio, GroupID: "aac", Name: "English", Language: "en", Default: true, Autoselect: true,
					Channels: 2,
					URI:      "a/1/aac/p/media.m3u8",
				},
				{
					Type: Audio, GroupID: "aac", Name: "Français", Language: "fr", Autoselect: true, Channels: 6,
					URI: "a/2/aac/p/media.m3u8",
				},
				{
					Type: Subtitles, GroupID: "text", Name: "Signs", Language: "en", Autoselect: true, Forced: true,
					URI: "t/3/media.m3u8",
				},
			},
			Variants: []Variant{
				{
					URI: "v/original/p/media.m3u8", BandwidthBitsPerSecond: 5_200_000,
					AverageBandwidthBitsPerSecond: 4_100_000, Width: 1920, Height: 1080,
					FrameRate: media.Rational{Num: 23976, Den: 1000}, Codecs: []string{"avc1.640028", "mp4a.40.2"},
					VideoRange: SDR, AudioGroup: "aac", SubtitlesGroup: "text",
				},
			},
		},
	},
	{
		name: "audio alone, nothing known",
		in: Multivariant{
			Variants: []Variant{{URI: "a/0/aac/p/media.m3u8", BandwidthBitsPerSecond: 192_000}},
		},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=192000\na/0/aac/p/media.m3u8\n",
	},
	{
		name: "names from a file",
		in: Multivariant{
			Renditions: []Rendition{
				{Type: Audio, GroupID: "g", Name: "a \"b\"\r\n#EXT-X-ENDLIST\x00", Default: true, URI: "1"},
				{Type: Audio, GroupID: "g", Name: "{$x}", Language: "en\"", Default: true, URI: "2"},
				{Type: Audio, GroupID: "g", Name: "", Language: "und", URI: "3"},
				{Type: Audio, GroupID: "g", Name: "\xff\xfe", Channels: -1, URI: "4"},
				{Type: Audio, GroupID: "g", Name: "Audio 2", URI: "5"},
				{Type: Subtitles, GroupID: "g", Name: "", Language: "de", URI: "6"},
			},
			Variants: []Variant{{
				URI: "v", AudioGroup: "g", SubtitlesGroup: "g", Width: -1, Height: 5,
				FrameRate: media.Rational{Num: 1 << 62, Den: 1},
				Codecs:    []string{"", "x,y", "hvc1.2.4.L120.B0", "a\"b"},
			}},
		},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="a 'b'  #EXT-X-ENDLIST",DEFAULT=YES,AUTOSELECT=YES,` +
			"URI=\"1\"\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="{ x}",DEFAULT=NO,AUTOSELECT=NO,URI="2"` + "\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="Audio",DEFAULT=NO,AUTOSELECT=NO,URI="3"` + "\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="Audio 2",DEFAULT=NO,AUTOSELECT=NO,URI="4"` + "\n" +
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="Audio 2 2",DEFAULT=NO,AUTOSELECT=NO,URI="5"` + "\n" +
			`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="g",NAME="de",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=NO,FORCED=NO,` +
			"URI=\"6\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"hvc1.2.4.L120.B0\",AUDIO=\"g\",SUBTITLES=\"g\"\nv\n",
		back: &Multivariant{
			Renditions: []Rendition{
				{Type: Audio, GroupID: "g", Name: "a 'b'  #EXT-X-ENDLIST", Default: true, Autoselect: true, URI: "1"},
				{Type: Audio, GroupID: "g", Name: "{ x}", URI: "2"},
				{Type: Audio, GroupID: "g", Name: "Audio", URI: "3"},
				{Type: Audio, GroupID: "g", Name: "Audio 2", URI: "4"},
				{Type: Audio, GroupID: "g", Name: "Audio 2 2", URI: "5"},
				{Type: Subtitles, GroupID: "g", Name: "de", Language: "de", URI: "6"},
			},
			Variants: []Variant{{
				URI: "v", BandwidthBitsPerSecond: 1, AudioGroup: "g", SubtitlesGroup: "g",
				Codecs: []string{"hvc1.2.4.L120.B0"},
			}},
		},
	},
}

func TestMultivariantAppend(t *testing.T) {
	for _, c := range multivariantCases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.out, string(c.in.Append(nil))); diff != "" {
				t.Errorf("playlist (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesStayUniqueAndBounded(t *testing.T) {
	const tracks = 5000
	m := Multivariant{Renditions: make([]Rendition, tracks)}
	for i := range m.Renditions {
		m.Renditions[i] = Rendition{Type: Audio, GroupID: "g", Name: strings.Repeat("ü", 4096), URI: "x"}
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(string(m.Append(nil)), "\n") {
		_, rest, ok := strings.Cut(line, `NAME="`)
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, `"`)
		if seen[name] {
			t.Fatalf("name %.20q… appears twice", name)
		}
		if len(name) > maxTextBytes+8 {
			t.Fatalf("name of %d bytes", len(name))
		}
		seen[name] = true
	}
	if len(seen) != tracks {
		t.Fatalf("%d names of %d", len(seen), tracks)
	}
}
