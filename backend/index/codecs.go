package index

import "dropstream/backend/media"

// videoCodecs are visual sample entry types, lower case, by ffmpeg's name of the codec.
var videoCodecs = map[string]media.Codec{
	"avc1": media.H264, "avc2": media.H264, "avc3": media.H264, "avc4": media.H264, "dva1": media.H264,
	"dvav": media.H264, "h264": media.H264, "x264": media.H264, "ai5p": media.H264, "ai5q": media.H264,
	"ai12": media.H264, "ai13": media.H264, "ai15": media.H264, "ai16": media.H264, "ai1p": media.H264,
	"ai1q": media.H264, "ai52": media.H264, "ai53": media.H264, "ai55": media.H264, "ai56": media.H264,
	"hvc1": media.HEVC, "hev1": media.HEVC, "dvh1": media.HEVC, "dvhe": media.HEVC, "hvc2": media.HEVC,
	"hev2": media.HEVC, "av01": media.AV1, "dav1": media.AV1, "vp08": media.VP8, "vp09": media.VP9, "vvc1": "vvc",
	"vvi1": "vvc", "apv1": "apv", "mp4v": "mpeg4", "xvid": "mpeg4", "divx": "mpeg4", "3iv2": "mpeg4", "s263": "h263",
	"h263": "h263", "mp1v": "mpeg1video", "mpeg": "mpeg2video", "mp2v": "mpeg2video", "m2v1": "mpeg2video",
	"hdv1": "mpeg2video", "hdv2": "mpeg2video", "hdv3": "mpeg2video", "hdv5": "mpeg2video", "hdv6": "mpeg2video",
	"hdv7": "mpeg2video", "hdv8": "mpeg2video", "hdv9": "mpeg2video", "hdva": "mpeg2video", "mx5n": "mpeg2video",
	"mx5p": "mpeg2video", "mx4n": "mpeg2video", "mx4p": "mpeg2video", "mx3n": "mpeg2video", "mx3p": "mpeg2video",
	"xdv1": "mpeg2video", "xdv2": "mpeg2video", "xdv3": "mpeg2video", "xdv4": "mpeg2video", "xdv5": "mpeg2video",
	"xdv6": "mpeg2video", "xdv7": "mpeg2video", "xdv8": "mpeg2video", "xdv9": "mpeg2video", "xdva": "mpeg2video",
	"xdvb": "mpeg2video", "xdvc": "mpeg2video", "xdvd": "mpeg2video", "xdve": "mpeg2video", "xdvf": "mpeg2video",
	"xd54": "mpeg2video", "xd55": "mpeg2video", "xd59": "mpeg2video", "xd5a": "mpeg2video", "xd5b": "mpeg2video",
	"xd5c": "mpeg2video", "xd5d": "mpeg2video", "xd5e": "mpeg2video", "xd5f": "mpeg2video", "apcn": "prores",
	"apch": "prores", "apcs": "prores", "apco": "prores", "ap4h": "prores", "ap4x": "prores", "aprn": "prores",
	"avdn": "dnxhd", "avdh": "dnxhd", "jpeg": "mjpeg", "mjpa": "mjpeg", "avdj": "mjpeg", "dmb1": "mjpeg",
	"mjpb": "mjpegb", "mjp2": "jpeg2000", "svq1": "svq1", "svq3": "svq3", "svqi": "svq1", "cvid": "cinepak",
	"iv50": "indeo5", "iv41": "indeo4", "iv32": "indeo3", "rle ": "qtrle", "smc ": "smc", "rpza": "rpza",
	"azpr": "rpza", "dvc ": "dvvideo", "dvcp": "dvvideo", "dvpp": "dvvideo", "dv5p": "dvvideo", "dv5n": "dvvideo",
	"dvhp": "dvvideo", "dvh6": "dvvideo", "dvh5": "dvvideo", "dvh3": "dvvideo", "dvh2": "dvvideo", "dvhq": "dvvideo",
	"png ": "png", "tiff": "tiff", "gif ": "gif", "raw ": "rawvideo", "yuv2": "rawvideo", "2vuy": "rawvideo",
	"v210": "v210", "v308": "v308", "v408": "v408", "v410": "v410", "r210": "r210", "hap1": "hap", "hap5": "hap",
	"hapy": "hap", "hapa": "hap", "hapm": "hap", "cfhd": "cfhd", "vc-1": "vc1", "ovc1": "vc1", "drac": "dirac",
	"flic": "flic", "8bps": "8bps", "icod": "aic", "pxlt": "pixlet", "mp41": "mpeg4", "mp42": "msmpeg4v2",
	"ffv1": "ffv1", "magy": "magicyuv", "shq0": "speedhq", "wrle": "bmp",
}

// audioCodecs are sound sample entry types by ffmpeg's name of the codec. mp4a is settled by its esds.
var audioCodecs = map[string]media.Codec{
	"mp4a": media.AAC, "ac-3": media.AC3, "sac3": media.AC3, "ec-3": media.EAC3, "Opus": media.Opus,
	"fLaC": media.FLAC, ".mp3": media.MP3, "mp3 ": media.MP3, "ms\x00\x55": media.MP3, "alac": "alac", "dtsc": "dts",
	"dtsh": "dts", "dtsl": "dts", "dtse": "dts", "dtsx": "dts", "ac-4": "ac4", "mlpa": "truehd", "samr": "amr_nb",
	"sawb": "amr_wb", "sowt": "pcm_s16le", "twos": "pcm_s16be", "lpcm": "pcm_s16be", "ipcm": "pcm_s16le",
	"in24": "pcm_s24be", "in32": "pcm_s32be", "fl32": "pcm_f32be", "fl64": "pcm_f64be", "raw ": "pcm_u8",
	"NONE": "pcm_s16be", "ulaw": "pcm_mulaw", "alaw": "pcm_alaw", "ima4": "adpcm_ima_qt", "ms\x00\x02": "adpcm_ms",
	"ms\x00\x11": "adpcm_ima_wav", "QDM2": "qdm2", "QDMC": "qdmc", "MAC3": "mace3", "MAC6": "mace6", "agsm": "gsm",
	"Qclp": "qcelp", "spex": "speex", "vdva": "dvaudio", "dvca": "dvaudio", "WMA2": "wmav2", "mp2 ": "mp2",
	"mha1": "mpegh_3d_audio", "mhm1": "mpegh_3d_audio",
}

// textCodecs are the sample entry types of tracks that hold text.
var textCodecs = map[string]media.Codec{
	"tx3g": "mov_text", "text": "mov_text", "wvtt": "webvtt", "stpp": "ttml", "c608": "eia_608", "mp4s": "dvd_subtitle",
}

// objectTypes are the objectTypeIndication values of an ES descriptor (ISO/IEC 14496-1 7.2.6.6, and the registration
// authority's list) by ffmpeg's name of the codec.
var objectTypes = map[byte]media.Codec{
	0x20: "mpeg4", 0x21: media.H264, 0x23: media.HEVC, 0x40: media.AAC, 0x66: media.AAC, 0x67: media.AAC,
	0x68: media.AAC, 0x69: media.MP3, 0x6b: media.MP3, 0x60: "mpeg2video", 0x61: "mpeg2video", 0x62: "mpeg2video",
	0x63: "mpeg2video", 0x64: "mpeg2video", 0x65: "mpeg2video", 0x6a: "mpeg1video", 0x6c: "mjpeg", 0x6d: "png",
	0x6e: "jpeg2000", 0xa3: "vc1", 0xa4: "dirac", 0xa5: media.AC3, 0xa6: media.EAC3, 0xa9: "dts", 0xad: media.Opus,
	0xb1: media.VP9, 0xc1: media.FLAC, 0xd0: "tscc2", 0xd1: "evrc", 0xdd: "vorbis", 0xe0: "dvd_subtitle", 0xe1: "qcelp",
}
