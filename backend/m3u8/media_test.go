package m3u8

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// mediaCases are media playlists and their text: one table for the encoder, the parser and the fuzz seeds.
var mediaCases = []struct {
	name string
	in   Media
	out  string
}{
	{
		name: "fragmented MP4",
		in: Media{
			IndependentSegments: true, MapURI: "init.mp4", Timescale: 48000, Len: 3,
			Duration: durations(192512, 192512, 1024), URI: numbered(".m4s"),
		},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n" +
			"#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n" +
			"#EXTINF:4.010667,\n0.m4s\n#EXTINF:4.010666,\n1.m4s\n#EXTINF:0.021334,\n2.m4s\n#EXT-X-ENDLIST\n",
	},
	{
		name: "WebVTT without a map",
		in:   Media{Timescale: 1000, Len: 2, Duration: durations(30000, 2500), URI: numbered(".vtt")},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n" +
			"#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:30.000000,\n0.vtt\n#EXTINF:2.500000,\n1.vtt\n#EXT-X-ENDLIST\n",
	},
	{
		name: "half a second rounds up in the target duration",
		in:   Media{Timescale: 2, Len: 2, Duration: durations(5, 3), URI: numbered(".m4s")},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:0\n" +
			"#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:2.500000,\n0.m4s\n#EXTINF:1.500000,\n1.m4s\n#EXT-X-ENDLIST\n",
	},
	{
		name: "a URI cannot end its line or its quotes, nor be a comment",
		in: Media{
			MapURI: "a\"b\nc", Timescale: 1, Len: 1, Duration: durations(1),
			URI: func(int) string { return "#x y\r\né" },
		},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n" +
			"#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"a%22b%0Ac\"\n#EXTINF:1.000000,\n%23x%20y%0D%0A%C3%A9\n" +
			"#EXT-X-ENDLIST\n",
	},
	{
		name: "a negative duration counts as none",
		in:   Media{Timescale: 1, Len: 2, Duration: durations(-7, 2), URI: numbered(".m4s")},
		out: "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n" +
			"#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:0.000000,\n0.m4s\n#EXTINF:2.000000,\n1.m4s\n#EXT-X-ENDLIST\n",
	},
}

func durations(ticks ...media.Ticks) func(int) media.Ticks {
	return func(i int) media.Ticks { return ticks[i] }
}

func numbered(ext string) func(int) string {
	return func(i int) string { return strconv.Itoa(i) + ext }
}

func TestMediaAppend(t *testing.T) {
	for _, c := range mediaCases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.out, string(c.in.Append(nil))); diff != "" {
				t.Errorf("playlist (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEXTINFNeverDrifts adds up what is printed for ten hours of a frame rate that no decimal can hold.
func TestEXTINFNeverDrifts(t *testing.T) {
	const segments, ticks, timescale = 18000, 60060, 30000 // 2.002 s
	odd := Media{
		Timescale: timescale, Len: segments, URI: numbered(".m4s"),
		Duration: func(i int) media.Ticks { return ticks + media.Ticks(i%3) - 1 },
	}
	var sum, want int64
	for i, line := range strings.Split(string(odd.Append(nil)), "#EXTINF:")[1:] {
		seconds, _, _ := strings.Cut(line, ",")
		whole, fraction, ok := strings.Cut(seconds, ".")
		if !ok || len(fraction) != 6 {
			t.Fatalf("segment %d: EXTINF %q has not six decimals", i, seconds)
		}
		us, err := strconv.ParseInt(whole+fraction, 10, 64)
		if err != nil {
			t.Fatalf("segment %d: %v", i, err)
		}
		sum += us
		want += odd.Duration(i)
		if off := sum - media.Rescale(want, timescale, microsecond); off != 0 {
			t.Fatalf("after segment %d the playlist is off by %d µs", i, off)
		}
	}
	if want != media.Ticks(segments)*ticks {
		t.Fatalf("checked %d ticks, not all of them", want)
	}
}

func TestMediaSaturates(t *testing.T) {
	m := Media{
		Timescale: 1, Len: 3, URI: numbered(".m4s"),
		Duration: func(int) media.Ticks { return math.MaxInt64 },
	}
	if got := m.TargetDuration(); got <= 0 {
		t.Errorf("target duration %d after an overflow", got)
	}
}

func TestAppendURI(t *testing.T) {
	m := Media{Timescale: 1, Len: 1, Duration: durations(1), URI: numbered(".m4s")}
	slow := string(m.Append(nil))
	m.URI = nil
	m.AppendURI = func(dst []byte, i int) []byte { return append(strconv.AppendInt(dst, int64(i), 10), ".m4s"...) }
	if diff := cmp.Diff(slow, string(m.Append(nil))); diff != "" {
		t.Errorf("URI and AppendURI differ (-URI +AppendURI):\n%s", diff)
	}
}

// BenchmarkMediaAppend writes the playlist of ten hours in segments of two seconds.
func BenchmarkMediaAppend(b *testing.B) {
	m := Media{
		IndependentSegments: true, MapURI: "init.mp4", Timescale: 90000, Len: 18000, URI: numbered(".m4s"),
		Duration: func(int) media.Ticks { return 180180 },
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = m.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}
