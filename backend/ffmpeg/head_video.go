package ffmpeg

import (
	"fmt"
	"strings"
	"time"

	"dropstream/backend/media"
)

// VideoHead is one run of ffmpeg over a window of video segments: it decodes the source from a keyframe and writes
// H.264 as fragmented MP4, one frame a fragment, with the source's own times, on its standard output.
//
// All times are on the source's clock, in ticks of Timescale.
type VideoHead struct {
	Source    media.Source
	Clip      *Clip // pictures of the program's own instead of a source
	Encoder   Encoder
	Stream    int // the source's stream, as ffmpeg counts
	Format    media.VideoFormat
	Timescale uint32         // of the plan and of what is written: 1/Timescale is the stream's time base, or finer
	Seek      *media.Ticks   // where to seek to before decoding; nil: from the start of the file
	From, To  *media.Ticks   // frames shown in [From, To) are kept; nil: unbounded
	Keys      []media.Ticks  // the first frame at or after each of these becomes a keyframe
	Width     int            // even
	Height    int            //
	Bits      int64          // cap, bits per second
	FrameRate media.Rational // for the level only; may be unknown
	Preset    string         // of x264: ultrafast … veryfast; all of them write the same codec configuration
	Threads   int
	Tolerant  bool  // decode what is damaged as well as it goes
	HoldFor   int64 // > 0: after the last frame before To, repeat it for so many seconds, and keep from To on
	Black     bool  // the first picture there is, made black: a stand-in where there is nothing to show
	ToneMap   bool  // HDR to standard range; needs zscale
	Low       bool  // at low priority: nobody waits
}

// harmonised makes all presets of x264 write byte-identical parameter sets, so that one init segment serves segments
// encoded at different speeds.
const harmonised = "ref=2:bframes=2:b-pyramid=none:weightp=1:weightb=1:8x8dct=1:cabac=1:keyint=9999:min-keyint=1:" +
	"scenecut=0:open-gop=0:b-adapt=1:mbtree=0"

// Recipe names the way heads encode. Change it with any change to what they write, so that segments made before are
// not mixed with new ones.
const Recipe = "x264 crf23 high harmonised-2, aac 1024-grid-2"

// Args is the command line, without the program.
func (h VideoHead) Args() Args {
	a := Base()
	if h.Tolerant {
		a = a.Opt("-err_detect", "ignore_err").Opt("-fflags", "+discardcorrupt+genpts")
	}
	if h.Threads > 0 {
		a = a.Int("-threads", int64(h.Threads))
	}
	if h.Seek != nil {
		// -seek_timestamp makes -ss mean the source's clock, as -copyts does for what follows.
		a = a.Add("-noaccurate_seek").Opt("-seek_timestamp", "1").Opt("-ss", tickSeconds(*h.Seek, h.Timescale))
	}
	a = append(a.Add("-copyts"), h.Encoder.setup()...)
	if h.Clip != nil {
		a = h.Clip.input(a)
	} else {
		a = a.Source(h.Source)
	}
	a = a.Map(h.Stream).Add("-an", "-sn", "-dn").Bare().
		Opt("-vf", h.filters()).Opt("-fps_mode", "passthrough").
		Opt("-enc_time_base", fmt.Sprintf("1:%d", h.Timescale))
	a = append(a, h.Encoder.options(h)...)
	if len(h.Keys) > 0 {
		times := make([]string, len(h.Keys))
		for i, k := range h.Keys {
			times[i] = tickSeconds(k, h.Timescale)
		}
		a = a.Opt("-force_key_frames", strings.Join(times, ","))
	}
	if h.HoldFor > 0 || h.Black {
		a = a.Int("-frames:v", 1)
	}
	return a.Int("-video_track_timescale", int64(h.Timescale)).
		Opt("-avoid_negative_ts", "disabled").Opt("-use_editlist", "0").
		Opt("-movflags", h.Encoder.movFlags()).
		Opt("-flush_packets", "1").To("mp4", "pipe:1")
}

// filters is the filter chain. Turning upright is ffmpeg's own doing and comes before it.
func (h VideoHead) filters() string {
	var f []string
	if h.Format.Interlaced {
		f = append(f, "bwdif=mode=send_frame:deint=interlaced") // it halves the time base, so it comes first
	}
	f = append(f, fmt.Sprintf("settb=1/%d", h.Timescale))
	switch {
	case h.HoldFor > 0 && h.To != nil:
		f = append(f, fmt.Sprintf("trim=end_pts=%d", *h.To),
			fmt.Sprintf("tpad=stop_mode=clone:stop_duration=%d", h.HoldFor),
			fmt.Sprintf("trim=start_pts=%d", *h.To))
	case h.From != nil && h.To != nil:
		f = append(f, fmt.Sprintf("trim=start_pts=%d:end_pts=%d", *h.From, *h.To))
	case h.From != nil:
		f = append(f, fmt.Sprintf("trim=start_pts=%d", *h.From))
	case h.To != nil:
		f = append(f, fmt.Sprintf("trim=end_pts=%d", *h.To))
	}
	f = append(f, fmt.Sprintf("scale=%d:%d:flags=bicubic", h.Width, h.Height))
	if h.ToneMap {
		f = append(f, toneMap...)
	}
	if h.Black {
		f = append(f, "format=yuv420p", "lutyuv=y=16:u=128:v=128")
	}
	return strings.Join(append(f, "setsar=1", h.Encoder.pictures()), ",")
}

// toneMap brings HDR10 and HLG to BT.709: linear light, Hable's curve, then the standard transfer.
var toneMap = []string{
	"zscale=t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0",
	"zscale=t=bt709:m=bt709:r=tv",
}

// tickSeconds writes a time as ffmpeg's options take it.
func tickSeconds(t media.Ticks, timescale uint32) string {
	return Seconds(time.Duration(media.Rescale(t, timescale, 1_000_000)) * time.Microsecond)
}

// Level is the H.264 level that a picture of this size and rate needs, times ten (ISO/IEC 14496-10 table A-1).
func Level(width, height int, rate media.Rational) int {
	blocks := ((width + 15) / 16) * ((height + 15) / 16)
	fps := rate.Float()
	if fps <= 0 || fps > 300 {
		fps = 60
	}
	perSecond := int(float64(blocks)*fps + 0.5)
	for _, l := range []struct{ level, blocks, perSecond int }{
		{30, 1620, 40500},
		{31, 3600, 108000},
		{32, 5120, 216000},
		{40, 8192, 245760},
		{42, 8704, 522240},
		{50, 22080, 589824},
		{51, 36864, 983040},
		{52, 36864, 2073600},
	} {
		if blocks <= l.blocks && perSecond <= l.perSecond {
			return l.level
		}
	}
	return 62
}

// Level is the level the head encodes for.
func (h VideoHead) Level() int {
	level := Level(h.Width, h.Height, h.FrameRate)
	if h.Encoder.Hardware() {
		level = max(level, HardwareLevel)
	}
	return level
}
