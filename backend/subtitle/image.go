package subtitle

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strconv"
	"time"
)

// Packet is one packet of a track of image subtitles, as its container keeps it.
type Packet struct {
	Start  time.Duration
	Length time.Duration // 0 when the container does not say
	Data   []byte
}

// Screen is what is laid over the video's picture at one time.
type Screen struct {
	Start, End    time.Duration
	Width, Height int  // of the canvas, which the video's picture is taken to fill
	Forced        bool // to be shown even to those who have subtitles off
	Pictures      []Picture
}

// Picture is one rectangle of a screen.
type Picture struct {
	X, Y  int // of its upper left corner, on the canvas
	Image *image.Paletted
}

// Bounds of image subtitles: of what a stream may claim, and of what is drawn for one segment.
const (
	maxCanvas      = 4096 // pixels of one side
	maxScreens     = 1000
	maxPictures    = 32       // of one screen
	maxDrawnPixels = 64 << 20 // of all screens
	maxImageBytes  = 8 << 20  // of a segment as it is sent
	unknownScreen  = 60 * time.Second
	shortestScreen = time.Millisecond
)

// timed is a screen that is not drawn yet.
type timed struct {
	Screen
	draw func() []Picture // nil: an empty screen, which only ends the one before it
}

// settle ends each screen where the next one begins, unless it says itself when it ends, and draws those that are
// shown at some time in [from, to).
func settle(all []timed, from, to time.Duration) []Screen {
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.Start, b.Start) })
	var out []Screen
	pixels := 0
	for i, s := range all {
		if s.End <= s.Start {
			s.End = s.Start + unknownScreen
		}
		if i+1 < len(all) {
			s.End = min(s.End, all[i+1].Start)
		}
		if s.draw == nil || s.End-s.Start < shortestScreen || s.End <= from || s.Start >= to || len(out) >= maxScreens {
			continue
		}
		for _, p := range s.draw() {
			p, ok := trim(p, s.Width, s.Height)
			if ok && pixels+len(p.Image.Pix) <= maxDrawnPixels && len(s.Pictures) < maxPictures {
				pixels += len(p.Image.Pix)
				s.Pictures = append(s.Pictures, p)
			}
		}
		if len(s.Pictures) == 0 {
			continue
		}
		// What is said again so that receivers can join in is no new screen.
		if n := len(out); n > 0 && out[n-1].End == s.Start && same(&out[n-1], &s.Screen) {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s.Screen)
	}
	return out
}

// same says whether two screens look alike.
func same(a, b *Screen) bool {
	return a.Width == b.Width && a.Height == b.Height && a.Forced == b.Forced &&
		slices.EqualFunc(a.Pictures, b.Pictures, func(a, b Picture) bool {
			return a.X == b.X && a.Y == b.Y && a.Image.Rect == b.Image.Rect && bytes.Equal(a.Image.Pix, b.Image.Pix) &&
				slices.Equal(a.Image.Palette, b.Image.Palette)
		})
}

// trim cuts a picture down to what is to be seen of it on the canvas; false when that is nothing.
func trim(p Picture, width, height int) (Picture, bool) {
	m := p.Image
	seen := make([]bool, len(m.Palette))
	for i, c := range m.Palette {
		_, _, _, a := c.RGBA()
		seen[i] = a != 0
	}
	canvas := image.Rect(-p.X, -p.Y, width-p.X, height-p.Y).Intersect(m.Rect)
	box := image.Rectangle{}
	for y := canvas.Min.Y; y < canvas.Max.Y; y++ {
		row := m.Pix[m.PixOffset(canvas.Min.X, y):][:canvas.Dx()]
		visible := func(i uint8) bool { return int(i) < len(seen) && seen[i] }
		first := slices.IndexFunc(row, visible)
		if first < 0 {
			continue
		}
		last := len(row) - 1
		for !visible(row[last]) {
			last--
		}
		box = box.Union(image.Rect(canvas.Min.X+first, y, canvas.Min.X+last+1, y+1))
	}
	if box.Empty() {
		return p, false
	}
	cut := image.NewPaletted(image.Rect(0, 0, box.Dx(), box.Dy()), nil)
	highest := uint8(0)
	for y := range box.Dy() {
		row := cut.Pix[y*cut.Stride:][:box.Dx()]
		copy(row, m.Pix[m.PixOffset(box.Min.X, box.Min.Y+y):])
		for i, v := range row {
			if int(v) >= len(seen) {
				v, row[i] = 0, 0
			}
			highest = max(highest, v)
		}
	}
	cut.Palette = m.Palette[:int(highest)+1]
	return Picture{X: p.X + box.Min.X, Y: p.Y + box.Min.Y, Image: cut}, true
}

// ImageSegment writes a segment of image subtitles: JSON with the screens that are shown at some time of it, their
// times in milliseconds on the presentation's clock and their pictures as data: URLs of PNG. Screens beyond a bound
// are left out, and cut says so.
func ImageSegment(screens []Screen) (data []byte, cut bool, err error) {
	data = append(data, `{"screens":[`...)
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	var packed bytes.Buffer
	for i := range screens {
		s := &screens[i]
		begin := len(data)
		if i > 0 {
			data = append(data, ',')
		}
		data = fmt.Appendf(data, `{"startMs":%d,"endMs":%d,"width":%d,"height":%d,"forced":%t,"pictures":[`,
			max(s.Start, 0).Milliseconds(), s.End.Milliseconds(), s.Width, s.Height, s.Forced)
		for j, p := range s.Pictures {
			packed.Reset()
			if err := encoder.Encode(&packed, p.Image); err != nil {
				return nil, false, fmt.Errorf("encode subtitle: %w", err)
			}
			if j > 0 {
				data = append(data, ',')
			}
			data = fmt.Appendf(data, `{"x":%d,"y":%d,"width":%d,"height":%d,"url":"data:image/png;base64,`,
				p.X, p.Y, p.Image.Rect.Dx(), p.Image.Rect.Dy())
			data = base64.StdEncoding.AppendEncode(data, packed.Bytes())
			data = append(data, `"}`...)
		}
		data = append(data, `]}`...)
		if len(data) > maxImageBytes {
			return append(data[:begin], `]}`...), true, nil
		}
	}
	return append(data, `]}`...), false, nil
}

// ycbcr turns a colour of limited range into one that screens show, opaque as alpha says.
func ycbcr(y, cb, cr, alpha uint8, hd bool) color.NRGBA {
	// The matrices of BT.709 and BT.601, in units of 1/65536.
	red, blue, greenBlue, greenRed := 104597, 132201, 25675, 53279
	if hd {
		red, blue, greenBlue, greenRed = 117489, 138438, 13975, 34925
	}
	const luma, half = 76309, 1 << 15
	l := (int(y)-16)*luma + half
	b, r := int(cb)-128, int(cr)-128
	clip := func(v int) uint8 { return uint8(min(max(v>>16, 0), 255)) }
	return color.NRGBA{clip(l + red*r), clip(l - greenBlue*b - greenRed*r), clip(l + blue*b), alpha}
}

// reader takes big-endian numbers off a packet. After its end it gives zeros, and is not ok.
type reader struct {
	p  []byte
	ok bool
}

func newReader(p []byte) *reader { return &reader{p: p, ok: true} }

func (r *reader) number(bytes int) (v int) {
	if len(r.p) < bytes {
		r.p, r.ok = nil, false
		return 0
	}
	for _, b := range r.p[:bytes] {
		v = v<<8 | int(b)
	}
	r.p = r.p[bytes:]
	return v
}

func (r *reader) u8() int  { return r.number(1) }
func (r *reader) u16() int { return r.number(2) }
func (r *reader) u24() int { return r.number(3) }

// take gives the next n bytes, or as many as there are.
func (r *reader) take(n int) []byte {
	if n > len(r.p) {
		n, r.ok = len(r.p), false
	}
	p := r.p[:n]
	r.p = r.p[n:]
	return p
}

// positive reads a decimal number of at most four digits.
func positive(s string) int {
	n, err := strconv.ParseUint(s, 10, 14)
	if err != nil {
		return 0
	}
	return int(n)
}
