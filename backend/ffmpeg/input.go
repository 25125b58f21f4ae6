package ffmpeg

import (
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// The bounds on every input.
const (
	maxAlloc   = "536870912" // the largest piece of memory taken at once: 512 MiB
	maxStreams = 64
	maxPixels  = "67108864" // 8192 x 8192
)

// demuxers are ffmpeg's names of the containers.
var demuxers = map[media.Container]string{
	media.MP4: "mov", media.QuickTime: "mov", media.Matroska: "matroska", media.WebM: "matroska",
	media.MPEGTS: "mpegts", media.MPEGPS: "mpeg", media.AVI: "avi", media.FLV: "flv", media.ASF: "asf",
	media.Ogg: "ogg", media.MXF: "mxf",
}

// decoders are the only decoders that may touch a source, by ffmpeg's names. Codecs nobody's videos use stay out:
// they are where the holes are (CVE-2026-8461 is in magicyuv).
var decoders = strings.Fields(`
	h264 hevc vvc av1 libdav1d libaom-av1 vp8 libvpx vp9 libvpx-vp9 vp6 vp6a vp6f vp3 theora
	mpeg1video mpeg2video mpegvideo mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4 h261 h263 h263p flv wmv1 wmv2 wmv3 vc1
	mjpeg mjpegb prores dnxhd dvvideo cfhd ffv1 ffvhuff huffyuv utvideo rawvideo v210 v410 qtrle rpza cinepak
	svq1 svq3 indeo3 indeo4 indeo5 rv30 rv40 png bmp webp jpeg2000 libopenjpeg
	aac aac_latm libfdk_aac ac3 eac3 dca truehd mlp mp1 mp1float mp2 mp2float mp3 mp3float mp3on4 mp3on4float
	opus libopus vorbis libvorbis flac alac als amrnb amrwb wavpack tta speex libspeex nellymoser cook
	wmav1 wmav2 wmapro wmalossless wmavoice adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf adpcm_yamaha g722 g726
	gsm gsm_ms libgsm libgsm_ms ilbc qcelp evrc qdm2 qdmc mace3 mace6 s302m
	pcm_alaw pcm_mulaw pcm_bluray pcm_dvd pcm_f32be pcm_f32le pcm_f64be pcm_f64le pcm_s16be pcm_s16le
	pcm_s16be_planar pcm_s16le_planar pcm_s24be pcm_s24le pcm_s32be pcm_s32le pcm_s8 pcm_u8
	pcm_u16be pcm_u16le pcm_u24be pcm_u24le
	subrip srt ass ssa webvtt mov_text text pgssub dvdsub dvbsub cc_dec xsub
`)

// InputArgs are the words that must stand before an input, and the input itself, for ffmpeg and ffprobe both: only
// the file protocol, only the demuxer of the sniffed container, only known decoders, bounded streams and picture
// size. A script or a playlist under a video's name is so never read as what it is. The name is given as a file:
// URL, in which nothing is special: not a leading dash, not "concat:", not %d, not a newline.
//
// How much is read to know the streams is left at ffmpeg's default, except where streams may begin late: the
// program streams, which have no index of them. A container that is not known gives a demuxer that reads nothing.
func InputArgs(src media.Source) []string {
	demuxer, ok := demuxers[src.Container]
	if !ok {
		demuxer = "null" // no such demuxer: the run fails with the reason
	}
	args := []string{
		"-protocol_whitelist", "file",
		"-f", demuxer, "-format_whitelist", demuxer,
		"-codec_whitelist", strings.Join(decoders, ","),
		"-max_streams", strconv.Itoa(maxStreams), "-max_pixels", maxPixels,
	}
	switch src.Container {
	case media.MPEGTS, media.MPEGPS, media.MXF:
		args = append(args, "-probesize", "10000000")
	default:
	}
	return append(args, "-i", "file:"+src.Path)
}
