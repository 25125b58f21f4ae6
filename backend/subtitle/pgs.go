package subtitle

import (
	"image"
	"image/color"
	"time"
)

// Of Presentation Graphics. Blu-ray allows 64 objects in an epoch, 8 palettes, and 2 objects on the screen.
const (
	maxPGSObjects  = 128
	maxPGSPalettes = 32
	maxPGSBytes    = 16 << 20 // of the objects of an epoch
	maxPGSShown    = 16
	heightOfSD     = 576 // above it, colours are those of BT.709
)

// pgs is the state of a decoder of Presentation Graphics, the subtitles of Blu-ray (US 2009/0185789, and HDMV's own
// specification). A packet is a display set: segments of a type, a length and a body.
type pgs struct {
	objects  map[int]*pgsObject
	palettes map[int]*[256]color.NRGBA
	bytes    int // of all objects

	composed bool // a composition was said and is not on the screen yet
	screen   Screen
	palette  int
	shown    []pgsShown
	out      []timed
}

// pgsObject is one picture, as it is packed.
type pgsObject struct {
	width, height int
	data          []byte
}

// pgsShown places an object on the screen.
type pgsShown struct {
	object, x, y int
	crop         image.Rectangle // of the object; empty: the whole
}

// DrawPGS draws what a run of packets of Presentation Graphics shows at some time in [from, to). What refers to objects
// from before the run is left out.
func DrawPGS(packets []Packet, from, to time.Duration) []Screen {
	d := &pgs{}
	d.clear()
	for _, p := range packets {
		r := newReader(p.Data)
		for len(r.p) > 0 && r.ok {
			kind := r.u8()
			d.segment(kind, r.take(r.u16()), p)
		}
		d.commit()
		if len(d.out) > maxScreens*4 {
			break
		}
	}
	return settle(d.out, from, to)
}

func (d *pgs) clear() {
	d.objects, d.palettes, d.bytes = map[int]*pgsObject{}, map[int]*[256]color.NRGBA{}, 0
}

func (d *pgs) segment(kind int, body []byte, p Packet) {
	r := newReader(body)
	switch kind {
	case 0x14:
		d.definePalette(r)
	case 0x15:
		d.defineObject(r)
	case 0x16:
		d.commit()
		d.compose(r, p)
	case 0x80:
		d.commit()
	}
	// Windows (0x17) say where the screen may change. Files draw outside of them, and players show it.
}

// definePalette reads a Palette Definition Segment: five bytes an entry.
func (d *pgs) definePalette(r *reader) {
	id := r.u8()
	r.u8() // version
	if d.palettes[id] == nil && len(d.palettes) >= maxPGSPalettes {
		return
	}
	colours := &[256]color.NRGBA{}
	if old := d.palettes[id]; old != nil { // what the update does not name stays
		*colours = *old
	}
	const entry = 5
	for len(r.p) >= entry {
		e := r.take(entry)
		colours[e[0]] = ycbcr(e[1], e[3], e[2], e[4], d.screen.Height > heightOfSD)
	}
	d.palettes[id] = colours
}

// defineObject reads an Object Definition Segment: a part of an object, the first of which says its size.
func (d *pgs) defineObject(r *reader) {
	const first = 0x80
	id := r.u16()
	r.u8() // version
	if r.u8()&first == 0 {
		if o := d.objects[id]; o != nil && d.bytes+len(r.p) <= maxPGSBytes {
			d.bytes += len(r.p)
			o.data = append(o.data, r.p...)
		}
		return
	}
	r.u24() // length of all parts
	o := &pgsObject{width: r.u16(), height: r.u16()}
	old := d.objects[id]
	if old != nil {
		d.bytes -= len(old.data)
	}
	delete(d.objects, id)
	if !r.ok || o.width > maxCanvas || o.height > maxCanvas || len(d.objects) >= maxPGSObjects ||
		d.bytes+len(r.p) > maxPGSBytes {
		return
	}
	d.bytes += len(r.p)
	o.data = append(o.data, r.p...)
	d.objects[id] = o
}

// compose reads a Presentation Composition Segment: what is shown from the packet's time on.
func (d *pgs) compose(r *reader, p Packet) {
	const epochStart, cropped, forced = 0x80, 0x80, 0x40
	s := Screen{Start: p.Start, Width: r.u16(), Height: r.u16()}
	if p.Length > 0 {
		s.End = s.Start + p.Length
	}
	r.take(3) // frame rate, number of the composition
	state := r.u8()
	r.u8() // palette update
	palette := r.u8()
	count := r.u8()
	if !r.ok || s.Width > maxCanvas || s.Height > maxCanvas {
		return
	}
	if state&epochStart != 0 {
		d.clear()
	}
	var shown []pgsShown
	for range min(count, maxPGSShown) {
		o := pgsShown{object: r.u16()}
		r.u8() // window
		flags := r.u8()
		o.x, o.y = r.u16(), r.u16()
		if flags&cropped != 0 {
			x, y, w, h := r.u16(), r.u16(), r.u16(), r.u16()
			o.crop = image.Rect(x, y, x+w, y+h)
		}
		if !r.ok {
			break
		}
		s.Forced = s.Forced || flags&forced != 0
		shown = append(shown, o)
	}
	d.composed, d.screen, d.palette, d.shown = true, s, palette, shown
}

// commit puts the composition on the screen: all that it needs was said before its end.
func (d *pgs) commit() {
	if !d.composed {
		return
	}
	d.composed = false
	t := timed{Screen: d.screen}
	colours := d.palettes[d.palette]
	type placed struct {
		pgsShown
		o pgsObject
	}
	var parts []placed
	for _, s := range d.shown {
		if o := d.objects[s.object]; o != nil && colours != nil {
			parts = append(parts, placed{s, *o})
		}
	}
	if len(parts) > 0 {
		palette := make(color.Palette, len(colours))
		for i, c := range colours {
			palette[i] = c
		}
		t.draw = func() (all []Picture) {
			for _, p := range parts {
				m := image.NewPaletted(image.Rect(0, 0, p.o.width, p.o.height), palette)
				unpackPGS(m, p.o.data)
				if !p.crop.Empty() {
					crop := p.crop.Intersect(m.Rect)
					sub, _ := m.SubImage(crop).(*image.Paletted)
					// The place is that of what is left.
					all = append(all, Picture{X: p.x - crop.Min.X, Y: p.y - crop.Min.Y, Image: sub})
					continue
				}
				all = append(all, Picture{X: p.x, Y: p.y, Image: m})
			}
			return all
		}
	}
	d.out = append(d.out, t)
}

// unpackPGS reads the run-length coding of objects: a colour; or 0 and a run, of which two bits say how long it is
// written and whether it has a colour other than 0. A run of none ends a line.
func unpackPGS(m *image.Paletted, data []byte) {
	r := newReader(data)
	for y := 0; y < m.Rect.Dy() && len(r.p) > 0; y++ {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()]
		for len(r.p) > 0 {
			run, colour := 1, r.u8()
			if colour == 0 {
				flags := r.u8()
				run = flags & 0x3f
				if flags&0x40 != 0 {
					run = run<<8 | r.u8()
				}
				if flags&0x80 != 0 {
					colour = r.u8()
				}
				if run == 0 {
					break
				}
			}
			row = fill(row, run, uint8(colour)) //nolint:gosec // one byte
		}
	}
}

// fill writes a run of one colour, as far as there is room, and gives the rest.
func fill(row []uint8, run int, colour uint8) []uint8 {
	run = min(run, len(row))
	for i := range run {
		row[i] = colour
	}
	return row[run:]
}
