package ffmpeg

import (
	"fmt"
	"io"
	"sync"

	"dropstream/backend/media"
)

// Clip is a short moving picture of the program's own, to try encoders with and to measure them by: a texture that is
// panned across, a part of it the other way, under a grain that is new in every picture. Every picture differs so much
// from its neighbours that none can be taken for another.
type Clip struct {
	Width, Height int // even
	Frames        int
	HDR           bool // declare it as HDR10; the pictures are the same

	drawn sync.Once
	base  []byte // the texture: luma, larger than the picture by clipMargin each way
	grain []byte
}

const (
	clipMargin  = 256  // how far the clip can be panned
	grainLength = 8191 // a prime: the grain of one line is not that of the next
)

// ClipFrameRate is how many pictures of a Clip go to a second.
const ClipFrameRate = 30

// FrameBytes is the size of one picture: 8 bits, 4:2:0, a plane of luma and two of chroma.
func (c *Clip) FrameBytes() int { return c.Width * c.Height * 3 / 2 }

// Rate is the clip's frame rate.
func (*Clip) Rate() media.Rational { return media.Rational{Num: ClipFrameRate, Den: 1} }

// input adds the clip as the input: raw pictures on standard input.
func (c *Clip) input(a Args) Args {
	a = a.Add("-protocol_whitelist", "pipe", "-f", "rawvideo", "-pixel_format", "yuv420p").
		Opt("-video_size", fmt.Sprintf("%dx%d", c.Width, c.Height)).Int("-framerate", ClipFrameRate)
	if c.HDR {
		a = a.Add("-color_range", "tv", "-color_primaries", "bt2020", "-color_trc", "smpte2084").
			Opt("-colorspace", "bt2020nc")
	}
	return a.Add("-i", "pipe:0")
}

// Reader gives the pictures one after the other.
func (c *Clip) Reader() io.Reader { return &clipReader{clip: c, buf: make([]byte, c.FrameBytes())} }

type clipReader struct {
	clip *Clip
	next int
	buf  []byte
	left []byte
}

func (r *clipReader) Read(b []byte) (int, error) {
	if len(r.left) == 0 {
		if r.next >= r.clip.Frames {
			return 0, io.EOF
		}
		r.clip.Draw(r.buf, r.next)
		r.next++
		r.left = r.buf
	}
	n := copy(b, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Draw draws picture n into dst, which is FrameBytes long.
func (c *Clip) Draw(dst []byte, n int) {
	c.drawn.Do(c.prepare)
	stride := c.Width + clipMargin
	pan := func(n int) (x, y int) { return n * 5 % clipMargin, n * 3 % clipMargin }
	x, y := pan(n)
	backX, backY := pan(clipMargin - n%clipMargin)
	grain := n * 1009 % grainLength
	for row := range c.Height {
		from := (row+y)*stride + x
		line := dst[row*c.Width : (row+1)*c.Width]
		copy(line, c.base[from:from+c.Width])
		if row > c.Height/4 && row < c.Height*3/4 {
			from = (row+backY)*stride + backX
			copy(line[c.Width/4:c.Width*3/4], c.base[from:from+c.Width/2])
		}
		for left := line; len(left) > 0; {
			k := min(len(left), grainLength-grain)
			for i, g := range c.grain[grain : grain+k] {
				left[i] += g
			}
			left, grain = left[k:], (grain+k)%grainLength
		}
	}
	// Chroma takes its shape from the luma of the same place, softened by leaving pixels out.
	chroma := dst[c.Width*c.Height:]
	half := c.Width / 2 * (c.Height / 2)
	for row := range c.Height / 2 {
		from := (2*row+y)*stride + x
		for col := range c.Width / 2 {
			v := c.base[from+2*col]
			chroma[row*c.Width/2+col] = 90 + v/3
			chroma[half+row*c.Width/2+col] = 170 - v/3
		}
	}
}

// prepare draws the texture: a tile, over and over, of noise of three sizes, each smooth between its points.
func (c *Clip) prepare() {
	tile := make([]byte, clipMargin*clipMargin)
	for row := range clipMargin {
		for col := range clipMargin {
			v := 40 + 90*smooth(col, row, 64)/255 + 50*smooth(col, row, 16)/255 + 24*smooth(col, row, 4)/255
			tile[row*clipMargin+col] = byte(v) //nolint:gosec // at most 204
		}
	}
	stride, rows := c.Width+clipMargin, c.Height+clipMargin
	c.base = make([]byte, stride*rows)
	for row := range rows {
		from := tile[row%clipMargin*clipMargin:][:clipMargin]
		for line := c.base[row*stride:][:stride]; len(line) > 0; {
			line = line[copy(line, from):]
		}
	}
	c.grain = make([]byte, grainLength)
	for i := range c.grain {
		c.grain[i] = byte(scatter(i, 7) % 7)
	}
}

// smooth is the noise of a size at a place, from 0 to 255: random at the corners of a grid, linear between them.
func smooth(x, y, size int) int {
	left, top := x/size, y/size
	dx, dy := x%size, y%size
	at := func(i, j int) int { return int(scatter(left+i, (top+j)*131+size) & 255) }
	upper := at(0, 0)*(size-dx) + at(1, 0)*dx
	lower := at(0, 1)*(size-dx) + at(1, 1)*dx
	return (upper*(size-dy) + lower*dy) / (size * size)
}

// scatter is a number that looks random but is always the same for a place.
func scatter(a, b int) uint32 {
	h := uint32(a)*0x9e3779b1 ^ uint32(b)*0x85ebca77 //nolint:gosec // only the bits matter
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}
