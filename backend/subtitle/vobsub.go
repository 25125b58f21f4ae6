package subtitle

import (
	"encoding/binary"
	"image"
	"image/color"
	"strconv"
	"strings"
	"time"
)

// vobsubHead is what a track of VobSub says of all its packets: the sixteen colours that packets choose from, and the
// size of the canvas.
type vobsubHead struct {
	colours       [16]color.NRGBA
	width, height int
	forced        bool
}

// DrawVobSub draws what a run of packets of DVD subtitles shows at some time in [from, to). private is what the track
// says of all of them: the text of an .idx file, as Matroska keeps it, or sixteen colours of four bytes (0, Y, Cr, Cb),
// as MP4 does. width and height are the canvas where private does not say; 0 when that is not known.
func DrawVobSub(private []byte, width, height int, packets []Packet, from, to time.Duration) []Screen {
	head := readVobSubHead(private)
	if head.width == 0 || head.height == 0 {
		head.width, head.height = width, height
	}
	if head.width <= 0 || head.height <= 0 || head.width > maxCanvas || head.height > maxCanvas {
		head.width, head.height = 720, 576
	}
	var all []timed
	for _, p := range packets {
		if s, ok := head.read(p); ok && len(all) < maxScreens*4 {
			all = append(all, s)
		}
	}
	return settle(all, from, to)
}

func readVobSubHead(private []byte) (h vobsubHead) {
	const packed = 16 * 4
	if len(private) == packed && private[0] == 0 {
		for i := range h.colours {
			c := private[4*i:]
			h.colours[i] = ycbcr(c[1], c[3], c[2], 0xff, false)
		}
		return h
	}
	for i := range h.colours { // where none are said: of what is usual, the letters are bright and their edges dark
		h.colours[i] = color.NRGBA{A: 0xff}
		if i%4 == 1 {
			h.colours[i] = color.NRGBA{0xff, 0xff, 0xff, 0xff}
		}
	}
	for line := range strings.Lines(string(private[:min(len(private), 64<<10)])) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "size":
			w, rest, _ := strings.Cut(value, "x")
			h.width, h.height = positive(strings.TrimSpace(w)), positive(strings.TrimSpace(rest))
		case "palette":
			for i, word := range strings.SplitN(value, ",", len(h.colours)+1) {
				v, err := strconv.ParseUint(strings.TrimSpace(word), 16, 24)
				if err == nil && i < len(h.colours) {
					h.colours[i] = color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff} //nolint:gosec // 24 bits
				}
			}
		case "forced subs":
			h.forced = strings.EqualFold(value, "on")
		}
	}
	return h
}

// vobsubShape is what the commands of a packet say.
type vobsubShape struct {
	colours, alphas [4]uint8 // of the four values of a pixel: one of the sixteen colours, and 0 to 15
	box             image.Rectangle
	fields          [2]int // where the lines of each field begin, in the packet
	drawn           bool
}

// read reads a subpicture unit: two fields of packed lines, then sequences of commands, each at a time of its own.
func (h *vobsubHead) read(p Packet) (t timed, ok bool) {
	const head, mostSequences, mostCommands = 4, 64, 64
	data := p.Data
	if len(data) < head {
		return t, false
	}
	at := int(binary.BigEndian.Uint16(data[2:]))
	t.Screen = Screen{Start: p.Start, Width: h.width, Height: h.height, Forced: h.forced}
	if p.Length > 0 {
		t.End = p.Start + p.Length
	}
	var shape vobsubShape
	var best uint
	started := false
	for range mostSequences {
		if at < head || at+head > len(data) {
			break
		}
		r := newReader(data[at:])
		delay := time.Duration(r.u16()) * 1024 * time.Second / 90_000
		next := r.u16()
	commands:
		for range mostCommands {
			switch r.u8() {
			case 0x00:
				t.Forced = true
				fallthrough
			case 0x01:
				if !started {
					t.Start, started = p.Start+delay, true
				}
			case 0x02:
				if end := p.Start + delay; end > t.Start {
					t.End = end
				}
			case 0x03:
				shape.colours = nibbles(r.u16())
			case 0x04:
				// What fades in and out is shown at its brightest.
				alphas := nibbles(r.u16())
				sum := uint(alphas[0]) + uint(alphas[1]) + uint(alphas[2]) + uint(alphas[3])
				if sum >= best {
					shape.alphas, best = alphas, sum
				}
			case 0x05:
				x, y := r.u24(), r.u24()
				shape.box = image.Rect(x>>12, y>>12, x&0xfff+1, y&0xfff+1)
			case 0x06:
				shape.fields = [2]int{r.u16(), r.u16()}
				shape.drawn = true
			case 0x07: // colours that change from line to line, which no player shows
				r.take(max(r.u16()-2, 0))
			default:
				break commands
			}
		}
		if next <= at {
			break
		}
		at = next
	}
	if !shape.drawn || shape.box.Empty() {
		return t, false
	}
	t.draw = func() []Picture { return []Picture{h.draw(data, &shape)} }
	return t, true
}

// nibbles are four numbers of four bits, the last of which belongs to the value 0.
func nibbles(v int) [4]uint8 {
	return [4]uint8{uint8(v & 15), uint8(v >> 4 & 15), uint8(v >> 8 & 15), uint8(v >> 12 & 15)}
}

func (h *vobsubHead) draw(data []byte, s *vobsubShape) Picture {
	palette := make(color.Palette, len(s.colours))
	for i, c := range s.colours {
		colour := h.colours[c]
		colour.A = s.alphas[i] * 0x11
		palette[i] = colour
	}
	m := image.NewPaletted(image.Rect(0, 0, s.box.Dx(), s.box.Dy()), palette)
	for field, at := range s.fields {
		if at >= len(data) {
			continue
		}
		r := &bitReader{p: data[at:]}
		for y := field; y < m.Rect.Dy() && !r.done(); y += len(s.fields) {
			vobsubLine(r, m.Pix[y*m.Stride:][:m.Rect.Dx()])
		}
	}
	return Picture{X: s.box.Min.X, Y: s.box.Min.Y, Image: m}
}

// vobsubLine reads one line: runs of 4, 8, 12 or 16 bits, of which the last two are the value. A run of none goes on to
// the end of the line. Lines begin at bytes.
func vobsubLine(r *bitReader, row []uint8) {
	for len(row) > 0 && !r.done() {
		v := r.bits(4)
		for _, least := range []int{0x4, 0x10, 0x40} {
			if v < least {
				v = v<<4 | r.bits(4)
			} else {
				break
			}
		}
		run := v >> 2
		if run == 0 {
			run = len(row)
		}
		row = fill(row, run, uint8(v&3))
	}
	r.align()
}

// bitReader takes bits off bytes, the highest first. After its end it gives zeros.
type bitReader struct {
	p  []byte
	at int // in bits
}

func (r *bitReader) done() bool { return r.at >= len(r.p)*8 }
func (r *bitReader) align()     { r.at = (r.at + 7) &^ 7 }

func (r *bitReader) bits(n int) (v int) {
	for range n {
		v <<= 1
		if i := r.at / 8; i < len(r.p) {
			v |= int(r.p[i]>>(7-r.at%8)) & 1
		}
		r.at++
	}
	return v
}
