package plan

import (
	"fmt"
	"slices"
	"time"

	"dropstream/backend/media"
)

// Facts is what the index says of a track beside its format, as far as passing it through is concerned.
type Facts struct {
	Indexed       bool          // every sample's place is known
	Edits         bool          // an edit list that plain samples cannot express
	Cut           bool          // its last samples are not in the file
	OneEntry      bool          // one sample description for the whole track
	Keyframes     bool          // there are keyframes, and they are true ones that nothing crosses
	Monotonic     bool          // decode times never go back
	LongestGOP    time.Duration // between two keyframes
	LargestSample int64         // bytes
}

// Limits past which a track is transcoded although the client could play it: a segment must stay small enough to
// be sent and buffered.
const (
	longestGOP    = 30 * time.Second
	largestSample = 48 << 20
)

// Verdict is how one track reaches the viewer, and why, as the end of a sentence for people.
type Verdict struct {
	Passthrough bool
	Reason      string // such as "HEVC is converted to H.264 for this screen"; "" with Passthrough
}

func transcode(format string, args ...any) Verdict {
	return Verdict{Reason: fmt.Sprintf(format, args...)}
}

// SendVideo says whether a video track's own samples can be sent to a player that can play them (see [Needs]): a
// codec that fragmented MP4 holds, progressive, with an index that can be cut at keyframes.
func SendVideo(t *media.Track, f Facts) Verdict {
	if v := sendPicture(t); !v.Passthrough {
		return v
	}
	switch {
	case !f.Indexed:
		return transcode("the container has no index of its frames, so the picture is converted")
	case f.Cut:
		return transcode("the file is cut short, so what there is of it is converted")
	case !f.OneEntry:
		return transcode("the picture changes its format midway and is made uniform")
	case f.Edits:
		return transcode("the video was trimmed between keyframes, so it is converted")
	case !f.Keyframes:
		return transcode("the video has no clean points to start from, so it is converted")
	case !f.Monotonic:
		return transcode("the video's frame times run backwards, so it is converted")
	case f.LongestGOP > longestGOP:
		return transcode("its keyframes are too far apart to seek in, so it is converted")
	case f.LargestSample > largestSample:
		return transcode("its frames are too large to send, so it is converted")
	}
	return Verdict{Passthrough: true}
}

// sendPicture judges the format alone.
func sendPicture(t *media.Track) Verdict {
	v := t.Video
	switch {
	case t.Encrypted:
		return transcode("the picture is locked")
	case !slices.Contains(sentVideo, t.Codec):
		return transcode("%s video is converted to H.264", CodecName(t.Codec))
	case v.BitDepth == 0 || v.Chroma == "":
		return transcode("the picture's format is not stated, so it is converted")
	case t.Codec == media.H264 && v.BitDepth > 8, v.BitDepth > 10:
		return transcode("%d-bit %s is converted to 8 bits", v.BitDepth, CodecName(t.Codec))
	case v.Chroma != "4:2:0":
		return transcode("%s with %s colour is converted to 4:2:0", CodecName(t.Codec), v.Chroma)
	case v.Interlaced:
		return transcode("the picture is interlaced and is made progressive")
	case t.Codec == media.H264 && v.HighDynamicRange(), v.DolbyVisionProfile == 5:
		return transcode("the picture is HDR and is converted to standard range")
	}
	return Verdict{Passthrough: true}
}

// Codecs whose samples are sent to players that can play them.
var (
	sentVideo = []media.Codec{media.H264, media.HEVC, media.AV1, media.VP9}
	sentAudio = []media.Codec{media.AAC, media.Opus, media.FLAC, media.AC3, media.EAC3}
)

// mostChannels is how many channels sound may have that is sent as it is: what PlaysSurround promises.
const mostChannels = 6

// SendAudio says whether an audio track's own samples can be sent to a player that can play them (see [Needs]).
func SendAudio(t *media.Track, f Facts) Verdict {
	aac := t.Codec == media.AAC
	switch {
	case t.Encrypted:
		return transcode("the sound is locked")
	case !slices.Contains(sentAudio, t.Codec):
		return transcode("%s sound is converted to AAC", CodecName(t.Codec))
	case aac && t.CodecString != "mp4a.40.2" && t.CodecString != "mp4a.40.5":
		return transcode("this kind of AAC sound is converted to plain AAC")
	case t.Audio.Channels < 1 || t.Audio.Channels > mostChannels:
		return transcode("%d-channel sound is mixed down", t.Audio.Channels)
	case !f.Indexed:
		return transcode("the container has no index of its sound, so it is converted")
	case f.Cut:
		return transcode("the file is cut short, so its sound is converted")
	case !f.OneEntry || !f.Monotonic:
		return transcode("the sound changes its format midway and is made uniform")
	}
	return Verdict{Passthrough: true}
}

// codecNames are the names people know codecs by.
var codecNames = map[media.Codec]string{
	media.H264: "H.264", media.HEVC: "HEVC", media.AV1: "AV1", media.VP8: "VP8", media.VP9: "VP9",
	"mpeg1video": "MPEG-1", "mpeg2video": "MPEG-2", "mpeg4": "MPEG-4", "vvc": "VVC", "theora": "Theora",
	"msmpeg4v3": "MS-MPEG-4", "wmv1": "WMV", "wmv2": "WMV", "wmv3": "WMV", "vc1": "VC-1", "prores": "ProRes",
	"dnxhd": "DNxHD", "mjpeg": "Motion JPEG", "h263": "H.263", "flv1": "Sorenson", "rawvideo": "uncompressed",
	media.AAC: "AAC", media.AC3: "Dolby Digital", media.EAC3: "Dolby Digital Plus", "dts": "DTS",
	"truehd": "Dolby TrueHD", media.Opus: "Opus", media.FLAC: "FLAC", media.MP3: "MP3", "mp2": "MP2",
	"vorbis": "Vorbis", "wmav2": "WMA", "alac": "Apple Lossless", "amr_nb": "AMR",
}

// CodecName is the name people know a codec by.
func CodecName(c media.Codec) string {
	if n, ok := codecNames[c]; ok {
		return n
	}
	if len(c) > 4 && c[:4] == "pcm_" {
		return "uncompressed"
	}
	if c == "" {
		return "unknown"
	}
	return string(c)
}
