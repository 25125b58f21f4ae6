package ffmpeg

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// Pieces of ffprobe's output, real and made worse. They are the seeds of the fuzzer too.
var documents = map[string]struct {
	json string
	want string // brief, or "" for an error
}{
	"a plain one": {
		`{"streams":[{"index":0,"codec_name":"h264","codec_type":"video","width":640,"height":360,"pix_fmt":"yuv420p",
		"avg_frame_rate":"25/1","time_base":"1/12800","start_pts":0,"duration_ts":25600,"disposition":{"default":1}}],
		"format":{"start_time":"0.000000","duration":"2.000000","bit_rate":"1000"}}`,
		"0s+2s\n0 video h264 640x360 8-bit 4:2:0 25 fps 1/12800 s",
	},
	"everything absent": {`{"streams":[{"index":0}]}`, "0s+0s\n0 other  1/0 s"},
	"everything N/A": {
		`{"streams":[{"index":"0","codec_name":"N/A","codec_type":"video","width":"N/A","height":"nan",
		"sample_aspect_ratio":"N/A","avg_frame_rate":"0/0","r_frame_rate":"N/A","time_base":"0/0","start_pts":"N/A",
		"start_time":"N/A","duration_ts":"N/A","duration":"NaN","bit_rate":"inf"}],
		"format":{"start_time":"N/A","duration":"-inf","bit_rate":"N/A"}}`,
		"0s+0s\n0 video  0x0 0-bit  1/0 s",
	},
	"everything of the wrong kind": {
		`{"streams":[{"index":0,"codec_name":[1],"codec_type":"video","width":{"a":1},"height":true,"time_base":null,
		"duration_ts":[],"disposition":{"default":"x"},"tags":{"language":7}}],"format":{"duration":[],"tags":{}}}`,
		"0s+0s\n0 video  0x0 0-bit  1/0 s",
	},
	"everything huge": {
		`{"streams":[{"index":0,"codec_type":"video","codec_name":"hevc","width":9223372036854775808,
		"height":2147483647,"level":9223372036854775807,"avg_frame_rate":"9223372036854775807/1",
		"r_frame_rate":"1000000/1",
		"sample_aspect_ratio":"1:2147483647","time_base":"2147483647/1","start_pts":9223372036854775807,
		"duration_ts":9223372036854775807,"bit_rate":"99999999999999999999"},
		{"index":1,"codec_type":"audio","time_base":"1/1","start_pts":-9223372036854775808,"duration_ts":-1,
		"sample_rate":"4294967296","channels":100000}],
		"format":{"start_time":"1e300","duration":"99999999999999.9"}}`,
		"0s+0s\n0 video hevc 0x0 0-bit  1/0 s\n1 audio  0 Hz  1/1 s",
	},
	"a length of all ones": {
		`{"streams":[{"index":0,"codec_type":"video","time_base":"1/30000","start_pts":0,"duration_ts":4294967295}],
		"format":{"start_time":"0.0","duration":"143165.576500"}}`,
		"0s+0s\n0 video  0x0 0-bit  1/30000 s",
	},
	"a tag that says the end": {
		`{"streams":[{"index":0,"codec_type":"video","time_base":"1/1000","start_pts":5000,
		"tags":{"DURATION":"00:00:15.000000000"}}],"format":{"start_time":"5.000000","duration":"10.000000"}}`,
		"5s+10s\n0 video  0x0 0-bit  1/1000 s",
	},
	"late sound and a long subtitle": {
		`{"streams":[{"index":0,"codec_type":"video","time_base":"1/1000","start_pts":1000,"duration_ts":9000},
		{"index":1,"codec_type":"audio","time_base":"1/48000","start_pts":96000,"duration_ts":480000},
		{"index":2,"codec_type":"subtitle","codec_name":"subrip","time_base":"1/1000","duration_ts":99000}],
		"format":{"start_time":"0.000000","duration":"99.000000"}}`,
		"1s+11s\n0 video  0x0 0-bit  1/1000 s\n1 audio  0 Hz  1/48000 s\n2 text subrip 1/1000 s",
	},
	"the same stream twice": {
		`{"streams":[{"index":0,"codec_type":"audio"},{"index":0,"codec_type":"video"}]}`,
		"0s+0s\n0 audio  0 Hz  1/0 s",
	},
	"a locked track": {
		`{"packets":[{"stream_index":1,"side_data_list":[{"side_data_type":"Encryption info"}]}],
		"streams":[{"index":0,"codec_type":"video"},{"index":1,"codec_type":"audio"}]}`,
		"0s+0s\n0 video  0x0 0-bit  1/0 s\n1 audio  locked 0 Hz  1/0 s",
	},
	"an index out of reach": {`{"streams":[{"index":-1},{"index":99999999999}]}`, ""},
	"no track":              {`{"streams":[],"format":{}}`, ""},
	"nothing":               {``, ""},
	"no object":             {`[]`, ""},
	"cut off":               {`{"streams":[{"index":0,"codec_ty`, ""},
	"an error":              {`{"error":{"code":-1094995529,"string":"Invalid data"}}`, ""},
}

func TestParseProbe(t *testing.T) {
	for name, d := range documents {
		t.Run(name, func(t *testing.T) {
			got, _, err := parseProbe([]byte(d.json), media.Source{})
			switch {
			case d.want == "" && err == nil:
				t.Errorf("got %s, want an error", brief(got))
			case d.want != "" && err != nil:
				t.Error(err)
			case d.want != "":
				if diff := cmp.Diff(d.want, brief(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	_, code, _ := parseProbe([]byte(documents["an error"].json), media.Source{})
	if code != -1094995529 {
		t.Errorf("error number %d", code)
	}
}

// sane says what is wrong with a probe that should never come out, whatever went in.
func sane(t *testing.T, p *FullProbe) {
	t.Helper()
	if p.Duration < 0 || p.Duration > 2*longest || p.Start < -longest || p.Start > longest || p.BitRate < 0 {
		t.Errorf("span %v+%v, %d bit/s", p.Start, p.Duration, p.BitRate)
	}
	if len(p.Tracks) == 0 || len(p.Tracks) > 2*maxStreams || len(p.Chapters) > maxChapters {
		t.Errorf("%d tracks, %d chapters", len(p.Tracks), len(p.Chapters))
	}
	for _, c := range p.Chapters {
		if c.End < c.Start {
			t.Errorf("chapter %+v", c)
		}
	}
	for _, x := range p.Tracks {
		v, a := x.Video, x.Audio
		fps := v.FrameRate.Float()
		if x.Index < 0 || x.Duration < 0 || x.Duration > longest || x.Start < -longest || x.Start > longest ||
			v.Width < 0 || v.Width > maxSide || v.Height < 0 || v.Height > maxSide || v.Rotation%90 != 0 ||
			math.IsNaN(fps) || fps > maxFrameRate || a.Channels < 0 || a.Channels > maxChannels ||
			a.SampleRate < 0 || a.SampleRate > maxSampleRate || x.BitRate < 0 {
			t.Errorf("track %+v", x)
		}
		if w, h := v.DisplaySize(); w < 0 || h < 0 || w > maxSide*maxAspect || h > maxSide*maxAspect {
			t.Errorf("shown at %dx%d: %+v", w, h, v)
		}
		if tb, ok := p.TimeBases[x.Index]; ok && !tb.Valid() {
			t.Errorf("time base %v", tb)
		}
		if strings.ContainsAny(x.Title+x.Language+string(x.Codec), "\n\x00\x1b") {
			t.Errorf("control characters in %+v", x)
		}
	}
}

func FuzzParseProbe(f *testing.F) {
	for _, d := range documents {
		f.Add([]byte(d.json))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, _, err := parseProbe(b, media.Source{SizeBytes: 1 << 30})
		if err == nil {
			sane(t, p)
		}
	})
}

func TestScalarTimes(t *testing.T) {
	for _, tt := range []struct {
		in   scalar
		want time.Duration
		ok   bool
	}{
		{"0.067000", 67 * time.Millisecond, true},
		{"-0.023000", -23 * time.Millisecond, true},
		{"12", 12 * time.Second, true},
		{"1.0000000019", time.Second + 1, true},
		{"36000000.0", longest, true},
		{"36000001", 0, false},
		{"99999999999999999999", 0, false},
		{"", 0, false},
		{"N/A", 0, false},
		{"1e3", 0, false},
		{"+1", 0, false},
		{"--1", 0, false},
		{"1.-5", 0, false},
		{"1:00", 0, false},
	} {
		if got, ok := tt.in.seconds(); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %v, %v; want %v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
	for _, tt := range []struct {
		in   scalar
		want time.Duration
		ok   bool
	}{
		{"00:00:01.072000000", 1072 * time.Millisecond, true},
		{"10:59:59.5", 10*time.Hour + 59*time.Minute + 59500*time.Millisecond, true},
		{"99999:00:00", 0, false},
		{"00:01", 0, false},
		{"-1:00:00", 0, false},
	} {
		got, ok := tt.in.clock()
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %v, %v; want %v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestTicksToDuration(t *testing.T) {
	for _, tt := range []struct {
		ticks media.Ticks
		tb    media.Rational
		want  time.Duration
		ok    bool
	}{
		{90000, media.Rational{Num: 1, Den: 90000}, time.Second, true},
		{-90000, media.Rational{Num: 1, Den: 90000}, -time.Second, true},
		{1, media.Rational{Num: 1001, Den: 24000}, 41708333, true},
		{2, media.Rational{Num: 1, Den: 3}, 666666667, true},
		{1, media.Rational{}, 0, false},
		{1, media.Rational{Num: -1, Den: 1}, 0, false},
		{math.MaxInt64, media.Rational{Num: math.MaxInt32, Den: 1}, 0, false},
		{math.MinInt64, media.Rational{Num: 1, Den: 1}, 0, false},
		{NoTime, media.Rational{Num: 1, Den: math.MaxInt32}, 0, false},
	} {
		got, ok := TicksToDuration(tt.ticks, tt.tb)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%d of %v: %v, %v; want %v, %v", tt.ticks, tt.tb, got, ok, tt.want, tt.ok)
		}
	}
}

func TestPixelFormat(t *testing.T) {
	for name, want := range map[string]struct {
		depth  int
		chroma string
	}{
		"yuv420p": {8, "4:2:0"}, "yuvj420p": {8, "4:2:0"}, "yuv420p10le": {10, "4:2:0"}, "yuv422p10le": {10, "4:2:2"},
		"yuv444p12be": {12, "4:4:4"}, "yuva420p": {8, "4:2:0"}, "yuv411p": {8, "4:1:1"}, "yuv410p": {8, "4:1:0"},
		"nv12": {8, "4:2:0"}, "p010le": {10, "4:2:0"}, "gray": {8, "4:0:0"}, "gray10le": {10, "4:0:0"},
		"gbrp": {8, "4:4:4"}, "gbrp10le": {10, "4:4:4"}, "gbrap12be": {12, "4:4:4"}, "bgra": {8, "4:4:4"},
		"": {}, "vaapi": {}, "yuv": {}, "yuv420": {},
	} {
		if depth, chroma := pixelFormat(name); depth != want.depth || chroma != want.chroma {
			t.Errorf("%s: %d, %s; want %d, %s", name, depth, chroma, want.depth, want.chroma)
		}
	}
}

func TestCodecString(t *testing.T) {
	for _, tt := range []struct {
		name  string
		track media.Track
		dump  string
		want  string
	}{
		{"avcC", media.Track{Codec: media.H264}, "0164 001f ffe1", "avc1.64001f"},
		{
			"an SPS between start codes",
			media.Track{Codec: media.H264},
			"0000 0001 0910 0000 0001 6742 c01e",
			"avc1.42c01e",
		},
		{"no H.264 header", media.Track{Codec: media.H264}, "", ""},
		{
			"hvcC",
			media.Track{Codec: media.HEVC, CodecTag: "hvc1"},
			"0102 2000 0000 b000 0000 0000 5d",
			"hvc1.2.4.L93.b0",
		},
		{
			"hvcC, high tier, in other boxes",
			media.Track{Codec: media.HEVC},
			"0121 6000 0000 9000 0000 0000 99",
			"hvc1.1.6.H153.90",
		},
		{
			"an HEVC SPS with emulation prevention",
			media.Track{Codec: media.HEVC, CodecTag: "hev1"},
			"0000 0001 4201 0101 6000 0003 00b0 0000 0300 0003 005d", "hev1.1.6.L93.b0",
		},
		{"a short hvcC", media.Track{Codec: media.HEVC}, "0102 2000", ""},
		{"av1C", media.Track{Codec: media.AV1}, "8105 0c00", "av01.0.05M.08"},
		{"av1C of ten bits, high tier", media.Track{Codec: media.AV1}, "812d cc00", "av01.1.13H.10"},
		{"AAC LC", media.Track{Codec: media.AAC}, "1208", "mp4a.40.2"},
		{"HE-AAC", media.Track{Codec: media.AAC}, "2b92 0800", "mp4a.40.5"},
		{"xHE-AAC, escaped", media.Track{Codec: media.AAC}, "f954", "mp4a.40.42"},
		{"AAC in a transport stream", media.Track{Codec: media.AAC}, "", "mp4a.40.2"},
		{"unknown", media.Track{Codec: "wmv3"}, "0102", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dump := scalar("\n00000000: " + tt.dump + "  ....text: 00\n")
			if got := codecString(tt.track, hexDump(dump)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
