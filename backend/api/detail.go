package api

import (
	"math"
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// codecNames are the names people know.
var codecNames = map[media.Codec]string{
	media.H264: "H.264", media.HEVC: "HEVC", media.AV1: "AV1", media.VP8: "VP8", media.VP9: "VP9", media.AAC: "AAC",
	media.AC3: "Dolby Digital", media.EAC3: "Dolby Digital Plus", media.Opus: "Opus", media.FLAC: "FLAC",
	media.MP3: "MP3", "mp2": "MP2", "vorbis": "Vorbis", "dts": "DTS", "truehd": "Dolby TrueHD", "alac": "ALAC",
	"mpeg1video": "MPEG-1", "mpeg2video": "MPEG-2", "mpeg4": "MPEG-4", "msmpeg4v3": "DivX 3", "theora": "Theora",
	"prores": "ProRes", "dnxhd": "DNxHD", "mjpeg": "Motion JPEG", "vvc": "VVC", "vc1": "VC-1", "wmv3": "WMV 9",
	"wmav2": "WMA", "flv1": "Sorenson", "vp6f": "VP6", "rawvideo": "uncompressed", "subrip": "SubRip", "ass": "ASS",
	"ssa": "SSA", "webvtt": "WebVTT", "mov_text": "text", "hdmv_pgs_subtitle": "PGS", "dvd_subtitle": "VobSub",
	"dvb_subtitle": "DVB", "dvb_teletext": "teletext", "eia_608": "CEA-608", "cinepak": "Cinepak", "dvvideo": "DV",
}

// codecName is a codec's name for people.
func codecName(c media.Codec) string {
	if n, ok := codecNames[c]; ok {
		return n
	}
	if strings.HasPrefix(string(c), "pcm_") {
		return "PCM"
	}
	return strings.ToUpper(showText(string(c)))
}

// detail is the one line worth knowing of a track: "1920×1080 · 25 fps · HDR", "5.1 · 48 kHz".
func detail(t *media.Track) string {
	var parts []string
	switch t.Kind {
	case media.Video:
		v := t.Video
		if w, h := v.DisplaySize(); w > 0 && h > 0 {
			parts = append(parts, strconv.Itoa(w)+"×"+strconv.Itoa(h))
		}
		if f := number(v.FrameRate.Float(), 2); f != "" {
			parts = append(parts, f+" fps")
		}
		switch {
		case v.DolbyVisionProfile > 0:
			parts = append(parts, "Dolby Vision")
		case v.HighDynamicRange():
			parts = append(parts, "HDR")
		case v.BitDepth > 8:
			parts = append(parts, strconv.Itoa(v.BitDepth)+" bit")
		}
	case media.Audio:
		if l := channels(t.Audio); l != "" {
			parts = append(parts, l)
		}
		if f := number(float64(t.Audio.SampleRate)/1000, 1); f != "" {
			parts = append(parts, f+" kHz")
		}
	case media.Text:
		if t.Forced {
			parts = append(parts, "forced")
		}
	case media.Other:
	}
	if t.Encrypted {
		parts = append(parts, "encrypted")
	}
	return strings.Join(parts, " · ")
}

// channels is a channel layout in short: "5.1" for "5.1(side)", else the number of channels.
func channels(a media.AudioFormat) string {
	layout, _, _ := strings.Cut(a.Layout, "(")
	switch {
	case layout != "" && !strings.Contains(layout, " "):
		return showText(layout)
	case a.Channels == 1:
		return "mono"
	case a.Channels == 2:
		return "stereo"
	case a.Channels > 2:
		return strconv.Itoa(a.Channels) + " channels"
	}
	return ""
}

// number is a positive number with at most so many decimals, "" for anything else a file may claim.
func number(f float64, decimals int) string {
	if math.IsNaN(f) || f <= 0 || f > 1e6 {
		return ""
	}
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "" || s == "0" {
		return ""
	}
	return s
}
