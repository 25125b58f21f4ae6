package ffmpeg

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dropstream/backend/media"
)

// Thumbs is a run of ffmpeg that makes small pictures of keyframes. Each comes out as ThumbBytes bytes, raw, in no
// certain order: a decoder that is given keyframes alone may mix up their order, and encoders and muxers refuse what is
// not in order. So each picture bears its time, and [Thumbs.Time] reads it.
type Thumbs struct {
	// Source is read from From on; nil: the standard input, a fragmented MP4 of keyframes.
	Source *media.Source
	Stream int
	Format media.VideoFormat
	Width  int // of a picture, upright; even, as is Height
	Height int
	Origin time.Duration  // what is time 0, on the source's clock
	From   *time.Duration // where to begin, on the source's clock; nil: at the start of the file
	Apart  time.Duration  // pictures closer together than this are left out; 0: none
	Most   int            // end after so many pictures; 0: at the end of the source
	// AllFrames decodes what is not a keyframe too. H.264 from a file needs that: of keyframes alone its decoder gives
	// some out late, or not at all.
	AllFrames bool
}

// Of the time that a picture bears: a row of squares above it, white for 1 and black for 0, the lowest bit first.
const (
	thumbTick   = 10 * time.Millisecond // what it is rounded to
	thumbBits   = 28                    // 31 days
	thumbSquare = 8                     // pixels
)

// size is that of the raw picture: there is room for the squares above it.
func (h Thumbs) size() (width, height int) {
	return max(h.Width, thumbBits*thumbSquare), h.Height + thumbSquare
}

// Bytes is the size of one raw picture.
func (h Thumbs) Bytes() int {
	w, hgt := h.size()
	return w * hgt * 3 / 2
}

// Time is the time that a raw picture bears.
func (h Thumbs) Time(raw []byte) time.Duration {
	w, _ := h.size()
	n := int64(0)
	for i := range thumbBits {
		if raw[thumbSquare/2*w+i*thumbSquare+thumbSquare/2] > 0x80 {
			n |= 1 << i
		}
	}
	return time.Duration(n * int64(thumbTick))
}

// Planes gives the picture itself: its luma, its two planes of chroma of half the size, and the bytes from one line to
// the next in each.
func (h Thumbs) Planes(raw []byte) (y, cb, cr []byte, yStride, cStride int) {
	w, hgt := h.size()
	half := w / 2
	quarter := half * hgt / 2
	y, raw = raw[:w*hgt], raw[w*hgt:]
	top := half * thumbSquare / 2
	return y[w*thumbSquare:], raw[top:quarter], raw[quarter+top : 2*quarter], w, half
}

// ThumbsArgs is the command line of a run, without the program.
func (t *Tools) ThumbsArgs(h Thumbs) Args {
	a := Base().Int("-threads", 1).Add("-noautorotate").Opt("-err_detect", "ignore_err")
	if h.Source != nil {
		a = a.Opt("-fflags", "+genpts+discardcorrupt")
		if !h.AllFrames {
			a = a.Opt("-skip_frame", "nokey")
		}
		if h.From != nil {
			a = a.Add("-noaccurate_seek").Opt("-seek_timestamp", "1").Time("-ss", *h.From)
		}
		a = a.Add("-copyts").Source(*h.Source).Map(h.Stream)
	} else {
		a = a.Add("-copyts").piped().Map(0)
	}
	a = a.Add("-an", "-sn", "-dn").Bare().Opt("-vf", t.thumbFilters(h)).Opt("-fps_mode", "passthrough")
	if h.Most > 0 {
		a = a.Int("-frames:v", int64(h.Most))
	}
	return a.Opt("-c:v", "rawvideo").Opt("-flush_packets", "1").To("rawvideo", "pipe:1")
}

// piped is an input of fragmented MP4 on the standard input, with the bounds of all inputs.
func (a Args) piped() Args {
	return a.Opt("-protocol_whitelist", "pipe").Opt("-f", "mov").Opt("-format_whitelist", "mov").
		Opt("-codec_whitelist", strings.Join(decoders, ",")).
		Int("-max_streams", maxStreams).Opt("-max_pixels", maxPixels).Opt("-i", "pipe:0")
}

func (t *Tools) thumbFilters(h Thumbs) string {
	chain := []string{"setpts=PTS-(" + strconv.FormatInt(h.Origin.Microseconds(), 10) + "/1000000)/TB"}
	if h.Apart > 0 {
		chain = append(chain, `select=isnan(prev_selected_t)+gte(t-prev_selected_t\,`+Seconds(h.Apart)+`)`)
	}
	chain = append(chain, oneField(h.Format)...)
	w, hgt := h.Width, h.Height
	if h.Format.Rotation == 90 || h.Format.Rotation == 270 {
		w, hgt = hgt, w
	}
	chain = append(chain, fmt.Sprintf("scale=%d:%d:flags=area", w, hgt))
	chain = append(chain, upright(h.Format)...)
	chain = append(chain, t.still(h.Format)...)
	pw, ph := h.size()
	chain = append(chain, "format=yuv420p", fmt.Sprintf("pad=%d:%d:0:%d:black", pw, ph, thumbSquare))
	for i := range thumbBits {
		chain = append(chain, fmt.Sprintf(
			`drawbox=x=%d:y=0:w=%[2]d:h=%[2]d:t=fill:c=white:enable=gt(mod(floor(floor(max(t\,0)*%d+0.5)/%d)\,2)\,0)`,
			i*thumbSquare, thumbSquare, time.Second/thumbTick, 1<<i))
	}
	return strings.Join(append(chain, "setpts=N"), ",")
}
