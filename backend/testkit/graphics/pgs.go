// Package graphics writes subtitles that are images, which ffmpeg reads but does not write.
package graphics

import (
	"encoding/binary"
	"image"
	"time"
)

// Colour is an entry of a palette: Y, Cr, Cb and opacity.
type Colour [4]byte

// Shown places an object on the screen.
type Shown struct {
	Object, X, Y int
	Crop         image.Rectangle // of the object; empty: the whole
	Forced       bool
}

// Segment is a segment of Presentation Graphics: its type, its length, its body.
func Segment(kind byte, body ...byte) []byte {
	return append([]byte{kind, byte(len(body) >> 8), byte(len(body))}, body...)
}

// Composition is a Presentation Composition Segment. state is 0x80 for the start of an epoch, 0 for a change.
func Composition(width, height int, state byte, palette byte, shown ...Shown) []byte {
	p := append(u16(width, height), 0x10, 0, 0, state, 0, palette, byte(len(shown)))
	for _, s := range shown {
		flags := byte(0)
		if s.Forced {
			flags |= 0x40
		}
		if !s.Crop.Empty() {
			flags |= 0x80
		}
		p = append(append(append(p, u16(s.Object)...), 0, flags), u16(s.X, s.Y)...)
		if !s.Crop.Empty() {
			p = append(p, u16(s.Crop.Min.X, s.Crop.Min.Y, s.Crop.Dx(), s.Crop.Dy())...)
		}
	}
	return Segment(0x16, p...)
}

// Palette is a Palette Definition Segment of entries from 1 on.
func Palette(id byte, colours ...Colour) []byte {
	p := append(make([]byte, 0, 2+5*len(colours)), id, 0)
	for i, c := range colours {
		p = append(p, byte(i+1), c[0], c[1], c[2], c[3])
	}
	return Segment(0x14, p...)
}

// Object is an Object Definition Segment, in one part, of rows of values.
func Object(id int, rows ...[]byte) []byte {
	data := append(u16(len(rows[0])), u16(len(rows))...)
	for _, row := range rows {
		for len(row) > 0 {
			n := 1
			for n < len(row) && n < 1<<14-1 && row[n] == row[0] {
				n++
			}
			data = append(data, run(n, row[0])...)
			row = row[n:]
		}
		data = append(data, 0, 0)
	}
	head := append(u16(id), 0, 0xc0, 0, byte(len(data)>>8), byte(len(data)))
	return Segment(0x15, append(head, data...)...)
}

func run(n int, v byte) []byte {
	switch {
	case v != 0 && n < 3:
		return append([]byte{}, []byte{v, v}[:n]...)
	case v == 0 && n < 64:
		return []byte{0, byte(n)}
	case v == 0:
		return []byte{0, 0x40 | byte(n>>8), byte(n)}
	case n < 64:
		return []byte{0, 0x80 | byte(n), v}
	default:
		return []byte{0, 0xc0 | byte(n>>8), byte(n), v}
	}
}

// End ends a display set.
func End() []byte { return Segment(0x80) }

// Sup is a display set as a .sup file has it: its segments, each behind a head with its time.
func Sup(at time.Duration, segments ...[]byte) (file []byte) {
	for _, s := range segments {
		file = append(file, "PG"...)
		file = binary.BigEndian.AppendUint32(file, uint32(at*90_000/time.Second))
		file = append(append(file, 0, 0, 0, 0), s...)
	}
	return file
}

func u16(v ...int) (p []byte) {
	for _, n := range v {
		p = append(p, byte(n>>8), byte(n))
	}
	return p
}
