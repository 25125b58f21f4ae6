package media

import "time"

// TrackKind is what a track holds.
type TrackKind string

// The kinds of track.
const (
	Video TrackKind = "video"
	Audio TrackKind = "audio"
	Text  TrackKind = "text"
	Other TrackKind = "other" // data, attachments, timecode
)

// Codec is a codec by ffmpeg's name for it ("h264", "hevc", "aac", "subrip").
type Codec string

// The codecs the program treats in a way of their own.
const (
	H264 Codec = "h264"
	HEVC Codec = "hevc"
	AV1  Codec = "av1"
	VP8  Codec = "vp8"
	VP9  Codec = "vp9"
	AAC  Codec = "aac"
	AC3  Codec = "ac3"
	EAC3 Codec = "eac3"
	Opus Codec = "opus"
	FLAC Codec = "flac"
	MP3  Codec = "mp3"
)

// Track is one track of a source, as its container and codec headers describe it. Anything not known is zero.
type Track struct {
	Index       int           // position among the source's streams, as ffmpeg counts them (its 0:N)
	Kind        TrackKind     //
	Codec       Codec         // "" when unknown
	CodecTag    string        // the container's own code for it, such as "avc1" or "V_MPEG4/ISO/AVC"
	CodecString string        // RFC 6381, such as "avc1.64001f"; "" when not known
	Profile     string        // as ffmpeg names it: "High", "Main 10", "LC"
	Level       int           // as the codec numbers it: 31 is H.264 3.1
	Language    string        // BCP 47 or ISO 639-2, lower case; "" when undetermined
	Title       string        // text from the file: data, never markup
	Start       time.Duration // first presentation time on the source's own clock
	Duration    time.Duration //
	TimeBase    Rational      // seconds per tick of the container's timestamps for this track; zero when unknown
	BitRate     int64         // bits per second
	Default     bool          //
	Forced      bool          // of Text: only what those who understand the sound have to read too
	Role        Role          // what the track is for, as far as the file says; several may hold
	Encrypted   bool          //
	Picture     bool          // an attached picture (cover art), not a moving one
	Video       VideoFormat   // for Kind Video
	Audio       AudioFormat   // for Kind Audio
}

// VideoFormat is the shape of a video track's pictures.
type VideoFormat struct {
	Width, Height      int      // coded picture after cropping, before rotation and pixel aspect
	PixelAspect        Rational // sample aspect ratio; zero means square
	FrameRate          Rational // average; zero when unknown
	PixelFormat        string   // ffmpeg's name, such as "yuv420p10le"
	BitDepth           int      // bits per component
	Chroma             string   // "4:0:0", "4:2:0", "4:2:2", "4:4:4"
	Rotation           int      // clockwise quarter turns to show it upright, in degrees: 0, 90, 180, 270
	Mirrored           bool     // mirrored left to right, before the rotation
	Interlaced         bool     //
	Transfer           string   // ffmpeg's name: "bt709", "smpte2084", "arib-std-b67"
	Primaries          string   //
	Matrix             string   //
	FullRange          bool     //
	DolbyVisionProfile int      // Dolby Vision profile, 0 when there is none
}

// AudioFormat is the shape of an audio track's sound.
type AudioFormat struct {
	SampleRate int    // hertz
	Channels   int    //
	Layout     string // ffmpeg's name, such as "stereo" or "5.1(side)"
}

// DisplaySize is the size at which the picture is to be shown: pixels made square, then turned upright.
// It is 0, 0 when the size is unknown.
func (v VideoFormat) DisplaySize() (width, height int) {
	w, h := v.Width, v.Height
	if v.PixelAspect.Valid() && v.PixelAspect.Num != v.PixelAspect.Den {
		w = int((int64(w)*v.PixelAspect.Num + v.PixelAspect.Den/2) / v.PixelAspect.Den)
	}
	if v.Rotation == 90 || v.Rotation == 270 {
		return h, w
	}
	return w, h
}

// HighDynamicRange says whether the pictures are HDR10, HLG or Dolby Vision.
func (v VideoFormat) HighDynamicRange() bool {
	return v.Transfer == "smpte2084" || v.Transfer == "arib-std-b67" || v.DolbyVisionProfile > 0
}
