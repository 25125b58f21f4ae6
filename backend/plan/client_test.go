package plan

import (
	"strings"
	"testing"

	"dropstream/backend/media"
)

func TestFor(t *testing.T) {
	video := func(c media.Codec, bits int, more ...func(*media.VideoFormat)) *media.Track {
		v := &media.Track{Kind: media.Video, Codec: c, Video: media.VideoFormat{BitDepth: bits, Chroma: "4:2:0"}}
		for _, f := range more {
			f(&v.Video)
		}
		return v
	}
	audio := func(c media.Codec, channels int) *media.Track {
		return &media.Track{Kind: media.Audio, Codec: c, Audio: media.AudioFormat{Channels: channels}}
	}
	hdr := func(v *media.VideoFormat) { v.Transfer = "smpte2084" }
	turned := func(v *media.VideoFormat) { v.Rotation = 90 }
	cases := []struct {
		name  string
		track *media.Track
		needs media.Client
		word  string // of the reason for a player of the baseline; "" when that can play it
	}{
		{"H.264", video(media.H264, 8), 0, ""},
		{"turned H.264", video(media.H264, 8, turned), media.TurnsUpright, "upright"},
		{"HEVC", video(media.HEVC, 8), media.PlaysHEVC, "HEVC"},
		{"HEVC 10", video(media.HEVC, 10), media.PlaysHEVC10, "10-bit HEVC"},
		{"HDR10", video(media.HEVC, 10, hdr), media.PlaysHEVC10 | media.ShowsHDR, "HEVC"},
		{"AV1", video(media.AV1, 8), media.PlaysAV1, "AV1"},
		{"VP9", video(media.VP9, 10), media.PlaysVP910, "VP9"},
		{"AAC", audio(media.AAC, 2), 0, ""},
		{"AAC 5.1", audio(media.AAC, 6), media.PlaysSurround, "5.1"},
		{"Opus", audio(media.Opus, 6), media.PlaysOpus, "Opus"},
		{"FLAC", audio(media.FLAC, 2), media.PlaysFLAC, "FLAC"},
		{"E-AC-3", audio(media.EAC3, 6), media.PlaysEAC3, "Dolby"},
	}
	sent := Verdict{Passthrough: true}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Needs(c.track); got != c.needs {
				t.Errorf("needs %q, want %q", got, c.needs)
			}
			if v := For(c.needs, c.track, sent); !v.Passthrough {
				t.Errorf("a player that can is refused: %s", v.Reason)
			}
			v := For(0, c.track, sent)
			if v.Passthrough != (c.word == "") || !strings.Contains(v.Reason, c.word) {
				t.Errorf("baseline: %+v", v)
			}
			if v := For(^media.Client(0), c.track, Verdict{Reason: "no"}); v.Passthrough || v.Reason != "no" {
				t.Errorf("what cannot be sent is: %+v", v)
			}
		})
	}
}

func TestBelieve(t *testing.T) {
	const all = ^media.Client(0)
	const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%) Gecko/20100101 Firefox/150.0"
	cases := []struct {
		name, agent string
		not         media.Client
	}{
		{"Chromium", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", 0},
		{"Firefox on Windows", windows, media.PlaysHEVC | media.PlaysHEVC10 | media.ShowsHDR},
		{"old Firefox", "Mozilla/5.0 (Macintosh; rv:128.0) Firefox/128.0", media.PlaysHEVC | media.PlaysHEVC10},
		{"Firefox on a Mac", "Mozilla/5.0 (Macintosh; rv:140.0) Firefox/140.0", 0},
		{
			"Android", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36",
			media.PlaysAV1 | media.PlaysAV110,
		},
		{
			"the window on Linux", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 Version/16 Safari/605.1.15",
			media.ShowsHDR | media.PlaysAV1 | media.PlaysAV110,
		},
		{"no number", "Firefox/", media.PlaysHEVC | media.PlaysHEVC10 | media.ShowsHDR},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Believe(c.agent, all); got != all&^c.not {
				t.Errorf("not believed %q, want %q", all&^got, c.not)
			}
		})
	}
}
