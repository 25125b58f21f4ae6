package subtitle

import (
	"image"
	"image/color"
	"slices"
	"time"
)

// Of DVB subtitles.
const (
	maxRegions      = 64
	maxRegionPixels = 16 << 20 // of all regions of a page
	maxDVBCluts     = 64
	maxDVBObjects   = 1024
	maxDVBRefs      = 4096 // of all regions
)

// dvb is the state of a decoder of DVB subtitles (ETSI EN 300 743): regions of pixels, on a page that says where they
// are shown.
type dvb struct {
	pages   [2]int // the page, and one that is shared with others; -1: whatever comes
	width   int    // of the display
	height  int
	cluts   map[int]*dvbClut
	regions map[int]*dvbRegion
	pixels  int // of all regions
	refs    int
	page    []dvbPlace
	timeout time.Duration
	changed bool
	budget  int // of pixels that are still drawn into regions
	out     []timed
}

// dvbClut is a family of tables of colours, by the depth of what they are for.
type dvbClut struct {
	two  [4]color.NRGBA
	four [16]color.NRGBA
	full [256]color.NRGBA
}

type dvbPlace struct{ region, x, y int }

// dvbRegion is a rectangle that objects are drawn into.
type dvbRegion struct {
	width, height, depth, clut int
	pix                        []uint8
	objects                    []dvbObject
}

type dvbObject struct{ id, x, y int }

// DrawDVB draws what a run of packets of DVB subtitles shows at some time in [from, to). private is what Matroska and
// ffmpeg keep of the stream's descriptor: the numbers of its page and of the one it shares.
func DrawDVB(private []byte, packets []Packet, from, to time.Duration) []Screen {
	d := &dvb{pages: [2]int{-1, -1}, width: 720, height: 576, budget: 4 * maxDrawnPixels}
	if r := newReader(private); len(private) >= 4 {
		d.pages = [2]int{r.u16(), r.u16()}
	}
	d.clear()
	for _, p := range packets {
		data := p.Data
		if len(data) > 2 && data[0] == 0x20 { // data_identifier and subtitle_stream_id of a PES packet
			data = data[2:]
		}
		r := newReader(data)
		for len(r.p) > 0 && r.u8() == 0x0f {
			kind, page := r.u8(), r.u16()
			body := r.take(r.u16())
			if d.pages[0] >= 0 && page != d.pages[0] && page != d.pages[1] {
				continue
			}
			d.segment(kind, body, p, from, to)
		}
		d.commit(p, from, to)
		if len(d.out) > maxScreens*4 {
			break
		}
	}
	return settle(d.out, from, to)
}

func (d *dvb) clear() {
	d.cluts, d.regions, d.pixels, d.refs = map[int]*dvbClut{}, map[int]*dvbRegion{}, 0, 0
}

func (d *dvb) segment(kind int, body []byte, p Packet, from, to time.Duration) {
	r := newReader(body)
	switch kind {
	case 0x10:
		d.compose(r)
	case 0x11:
		d.region(r)
	case 0x12:
		d.colours(r)
	case 0x13:
		d.object(r)
	case 0x14:
		r.u8()
		w, h := r.u16()+1, r.u16()+1
		if r.ok && w <= maxCanvas && h <= maxCanvas {
			d.width, d.height = w, h
		}
	case 0x80:
		d.commit(p, from, to)
	}
}

// compose reads a page composition segment (7.2.2).
func (d *dvb) compose(r *reader) {
	d.timeout = time.Duration(r.u8()) * time.Second
	const modeChange, entry = 2, 6
	if r.u8()>>2&3 == modeChange {
		d.clear()
	}
	d.page, d.changed = d.page[:0:0], true
	for len(r.p) >= entry && len(d.page) < maxRegions {
		id := r.u8()
		r.u8()
		d.page = append(d.page, dvbPlace{id, r.u16(), r.u16()})
	}
}

// region reads a region composition segment (7.2.3).
func (d *dvb) region(r *reader) {
	id, flags := r.u8(), r.u8()
	w, h := r.u16(), r.u16()
	depth := r.u8() >> 2 & 7
	clut, back := r.u8(), r.u8()
	small := r.u8()
	if !r.ok || w == 0 || h == 0 || w > maxCanvas || h > maxCanvas || depth < 1 || depth > 3 {
		return
	}
	x := d.regions[id]
	if x == nil || x.width != w || x.height != h {
		if x != nil {
			d.pixels -= len(x.pix)
			d.refs -= len(x.objects)
			delete(d.regions, id)
		}
		if len(d.regions) >= maxRegions || d.pixels+w*h > maxRegionPixels || d.budget < w*h {
			return
		}
		d.pixels += w * h
		d.budget -= w * h
		x = &dvbRegion{width: w, height: h, pix: make([]uint8, w*h)}
		d.regions[id] = x
		flags |= 8
	}
	x.depth, x.clut = depth, clut
	switch depth {
	case 1:
		back = small >> 2 & 3
	case 2:
		back = small >> 4 & 15
	}
	if flags&8 != 0 && d.budget >= len(x.pix) { // region_fill_flag
		d.budget -= len(x.pix)
		for i := range x.pix {
			x.pix[i] = uint8(back)
		}
	}
	d.refs -= len(x.objects)
	x.objects = x.objects[:0]
	const entry = 6
	for len(r.p) >= entry && d.refs < maxDVBRefs {
		o := dvbObject{id: r.u16()}
		v := r.u16()
		kind := v >> 14
		o.x, o.y = v&0xfff, r.u16()&0xfff
		if kind == 1 || kind == 2 { // characters, whose colours follow
			r.take(2)
		}
		x.objects = append(x.objects, o)
		d.refs++
	}
}

// colours reads a CLUT definition segment (7.2.4).
func (d *dvb) colours(r *reader) {
	id := r.u8()
	r.u8()
	c := d.cluts[id]
	if c == nil {
		if len(d.cluts) >= maxDVBCluts {
			return
		}
		fresh := defaultClut
		c = &fresh
		d.cluts[id] = c
	}
	const least = 4
	for len(r.p) >= least {
		entry, flags := r.u8(), r.u8()
		var y, cr, cb, t int
		if flags&1 != 0 {
			y, cr, cb, t = r.u8(), r.u8(), r.u8(), r.u8()
		} else {
			v := r.u16()
			y, cr, cb, t = v>>10<<2, v>>6&15<<4, v>>2&15<<4, v&3<<6
		}
		colour := color.NRGBA{}
		if y != 0 { // none is full transparency
			colour = ycbcr(uint8(y), uint8(cb), uint8(cr), uint8(255-t), false) //nolint:gosec // one byte each
		}
		if flags&0x80 != 0 && entry < len(c.two) {
			c.two[entry] = colour
		}
		if flags&0x40 != 0 && entry < len(c.four) {
			c.four[entry] = colour
		}
		if flags&0x20 != 0 {
			c.full[entry] = colour
		}
	}
}

// object reads an object data segment (7.2.5) and draws it wherever regions show it. Only coded pixels are read: no
// receiver brings the fonts that coded characters need.
func (d *dvb) object(r *reader) {
	id, flags := r.u16(), r.u8()
	if !r.ok || flags>>2&3 != 0 {
		return
	}
	keeps := flags&2 != 0
	top, bottom := r.u16(), r.u16()
	fields := [2][]byte{r.take(top), r.take(bottom)}
	if bottom == 0 {
		fields[1] = fields[0]
	}
	drawn := 0
	for _, x := range d.regions {
		for _, o := range x.objects {
			if o.id != id || drawn >= maxDVBObjects {
				continue
			}
			drawn++
			for field, data := range fields {
				(&dvbPen{
					d: d, region: x, x: o.x, left: o.x, y: o.y + field, keeps: keeps, r: bitReader{p: data},
				}).draw()
			}
		}
	}
}

// commit puts the page on the screen.
func (d *dvb) commit(p Packet, from, to time.Duration) {
	if !d.changed {
		return
	}
	d.changed = false
	t := timed{Screen: Screen{Start: p.Start, Width: d.width, Height: d.height}}
	if d.timeout > 0 {
		t.End = t.Start + d.timeout
	}
	if p.Length > 0 && (t.End == 0 || p.Start+p.Length < t.End) {
		t.End = p.Start + p.Length
	}
	if t.Start < to && (t.End == 0 || t.End > from) {
		var all []Picture
		for _, place := range d.page {
			x := d.regions[place.region]
			if x == nil || d.budget < len(x.pix) {
				continue
			}
			d.budget -= len(x.pix)
			all = append(all, Picture{X: place.x, Y: place.y, Image: &image.Paletted{
				Pix: slices.Clone(x.pix), Stride: x.width, Rect: image.Rect(0, 0, x.width, x.height),
				Palette: d.palette(x),
			}})
		}
		if len(all) > 0 {
			t.draw = func() []Picture { return all }
		}
	}
	d.out = append(d.out, t)
}

func (d *dvb) palette(x *dvbRegion) (p color.Palette) {
	c := d.cluts[x.clut]
	if c == nil {
		c = &defaultClut
	}
	colours := c.full[:]
	switch x.depth {
	case 1:
		colours = c.two[:]
	case 2:
		colours = c.four[:]
	}
	for _, colour := range colours {
		p = append(p, colour)
	}
	return p
}
