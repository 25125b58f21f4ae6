package index

import (
	"encoding/binary"
	"strings"

	"dropstream/backend/media"
)

// matroskaCodecs are Codec IDs (RFC 9559 codec registry) by ffmpeg's name of the codec.
var matroskaCodecs = map[string]media.Codec{
	"V_MPEG4/ISO/AVC": media.H264, "V_MPEGH/ISO/HEVC": media.HEVC, "V_MPEGI/ISO/VVC": "vvc", "V_AV1": media.AV1,
	"V_VP8": media.VP8, "V_VP9": media.VP9, "V_MPEG1": "mpeg1video", "V_MPEG2": "mpeg2video",
	"V_MPEG4/ISO/SP": "mpeg4", "V_MPEG4/ISO/ASP": "mpeg4", "V_MPEG4/ISO/AP": "mpeg4", "V_MPEG4/MS/V3": "msmpeg4v3",
	"V_THEORA": "theora", "V_PRORES": "prores", "V_FFV1": "ffv1", "V_UNCOMPRESSED": "rawvideo", "V_MJPEG": "mjpeg",
	"V_DIRAC": "dirac", "V_SNOW": "snow", "V_AVS2": "avs2", "V_AVS3": "avs3", "V_REAL/RV10": "rv10",
	"V_REAL/RV20": "rv20", "V_REAL/RV30": "rv30", "V_REAL/RV40": "rv40",
	"A_AC3": media.AC3, "A_AC3/BSID9": media.AC3, "A_AC3/BSID10": media.AC3, "A_EAC3": media.EAC3,
	"A_OPUS": media.Opus, "A_OPUS/EXPERIMENTAL": media.Opus, "A_FLAC": media.FLAC, "A_MPEG/L3": media.MP3,
	"A_MPEG/L2": "mp2", "A_MPEG/L1": "mp1", "A_DTS": "dts", "A_DTS/EXPRESS": "dts", "A_DTS/LOSSLESS": "dts",
	"A_VORBIS": "vorbis", "A_TRUEHD": "truehd", "A_MLP": "mlp", "A_ALAC": "alac", "A_TTA1": "tta",
	"A_WAVPACK4": "wavpack", "A_REAL/COOK": "cook", "A_REAL/28_8": "ra_288", "A_REAL/14_4": "ra_144",
	"A_REAL/ATRC": "atrac3", "A_REAL/SIPR": "sipr", "A_ATRAC/AT1": "atrac1", "A_QUICKTIME/QDM2": "qdm2",
	"S_TEXT/UTF8": "subrip", "S_TEXT/ASCII": "subrip", "S_TEXT/ASS": "ass", "S_TEXT/SSA": "ass", "S_ASS": "ass",
	"S_SSA": "ass", "S_TEXT/WEBVTT": "webvtt", "D_WEBVTT/SUBTITLES": "webvtt", "D_WEBVTT/CAPTIONS": "webvtt",
	"D_WEBVTT/DESCRIPTIONS": "webvtt", "D_WEBVTT/METADATA": "webvtt", "S_VOBSUB": "dvd_subtitle",
	"S_HDMV/PGS": "hdmv_pgs_subtitle", "S_HDMV/TEXTST": "hdmv_text_subtitle", "S_DVBSUB": "dvb_subtitle",
	"S_ARIBSUB": "arib_caption",
}

// waveFormats are the format tags of WAVEFORMATEX, for A_MS/ACM.
var waveFormats = map[uint16]media.Codec{
	0x01: "pcm_s16le", 0x02: "adpcm_ms", 0x03: "pcm_f32le", 0x06: "pcm_alaw", 0x07: "pcm_mulaw",
	0x11: "adpcm_ima_wav", 0x50: "mp2", 0x55: media.MP3, 0xff: media.AAC, 0x160: "wmav1", 0x161: "wmav2",
	0x162: "wmapro", 0x163: "wmalossless", 0x2000: media.AC3, 0x2001: "dts", 0xf1ac: media.FLAC, 0x1610: media.AAC,
}

// matroskaCodec is ffmpeg's name of the codec with a Codec ID.
func matroskaCodec(id string, private []byte) media.Codec {
	if c := matroskaCodecs[id]; c != "" {
		return c
	}
	switch {
	case strings.HasPrefix(id, "A_AAC"):
		return media.AAC
	case strings.HasPrefix(id, "A_DTS"):
		return "dts"
	case strings.HasPrefix(id, "A_PCM/INT/LIT"):
		return "pcm_s16le"
	case strings.HasPrefix(id, "A_PCM/INT/BIG"):
		return "pcm_s16be"
	case strings.HasPrefix(id, "A_PCM/FLOAT"):
		return "pcm_f32le"
	case id == "V_MS/VFW/FOURCC" && len(private) >= 20: // BITMAPINFOHEADER
		return videoCodecs[strings.ToLower(string(private[16:20]))]
	case id == "V_QUICKTIME" && len(private) >= 8: // a sample description
		return videoCodecs[strings.ToLower(string(private[4:8]))]
	case id == "A_MS/ACM" && len(private) >= 2:
		return waveFormats[binary.LittleEndian.Uint16(private)]
	default:
		return ""
	}
}
