package subtitle

import "image/color"

// dvbPen draws one field of an object into a region.
type dvbPen struct {
	d          *dvb
	region     *dvbRegion
	x, y, left int
	keeps      bool // pixels of value 1 leave what is there (non_modifying_colour_flag)
	r          bitReader

	twoToFour  [4]uint8 // how values become those of a deeper region (7.2.5.2)
	twoToFull  [4]uint8
	fourToFull [16]uint8
}

// draw reads pixel-data sub-blocks (7.2.5.1).
func (p *dvbPen) draw() {
	p.twoToFour = [4]uint8{0, 7, 8, 15}
	p.twoToFull = [4]uint8{0, 0x77, 0x88, 0xff}
	for i := range p.fourToFull {
		p.fourToFull[i] = uint8(i * 0x11)
	}
	for !p.r.done() && p.d.budget > 0 {
		switch p.r.bits(8) {
		case 0x10:
			p.two()
		case 0x11:
			p.four()
		case 0x12:
			p.eight()
		case 0x20:
			for i := range p.twoToFour {
				p.twoToFour[i] = uint8(p.r.bits(4)) //nolint:gosec // four bits
			}
		case 0x21:
			for i := range p.twoToFull {
				p.twoToFull[i] = uint8(p.r.bits(8)) //nolint:gosec // eight bits
			}
		case 0x22:
			for i := range p.fourToFull {
				p.fourToFull[i] = uint8(p.r.bits(8)) //nolint:gosec // eight bits
			}
		case 0xf0:
			p.x = p.left
			p.y += 2
		default:
			return
		}
	}
}

// run draws pixels of a value of so many bits.
func (p *dvbPen) run(n, value, bits int) {
	v := uint8(value) //nolint:gosec // at most eight bits
	depth := [...]int{0, 2, 4, 8}[p.region.depth]
	switch {
	case bits == 2 && depth == 4:
		v = p.twoToFour[v]
	case bits == 2 && depth == 8:
		v = p.twoToFull[v]
	case bits == 4 && depth == 8:
		v = p.fourToFull[v]
	case bits > depth: // as a receiver that has fewer colours
		v >>= bits - depth
	}
	p.d.budget--
	x, end := p.x, min(p.x+n, p.region.width)
	p.x = min(p.x+n, maxCanvas)
	if p.y >= p.region.height || p.keeps && value == 1 {
		return
	}
	for ; x < end; x++ {
		p.region.pix[p.y*p.region.width+x] = v
		p.d.budget--
	}
}

// two reads a 2-bit pixel code string (7.2.5.2.1).
func (p *dvbPen) two() {
	r := &p.r
	for !r.done() && p.d.budget > 0 {
		if v := r.bits(2); v != 0 {
			p.run(1, v, 2)
			continue
		}
		if r.bits(1) != 0 {
			n := r.bits(3) + 3
			p.run(n, r.bits(2), 2)
			continue
		}
		if r.bits(1) != 0 {
			p.run(1, 0, 2)
			continue
		}
		switch r.bits(2) {
		case 0:
			r.align()
			return
		case 1:
			p.run(2, 0, 2)
		case 2:
			n := r.bits(4) + 12
			p.run(n, r.bits(2), 2)
		case 3:
			n := r.bits(8) + 29
			p.run(n, r.bits(2), 2)
		}
	}
}

// four reads a 4-bit pixel code string (7.2.5.2.2).
func (p *dvbPen) four() {
	r := &p.r
	for !r.done() && p.d.budget > 0 {
		if v := r.bits(4); v != 0 {
			p.run(1, v, 4)
			continue
		}
		if r.bits(1) == 0 {
			n := r.bits(3)
			if n == 0 {
				r.align()
				return
			}
			p.run(n+2, 0, 4)
			continue
		}
		if r.bits(1) == 0 {
			n := r.bits(2) + 4
			p.run(n, r.bits(4), 4)
			continue
		}
		switch r.bits(2) {
		case 0:
			p.run(1, 0, 4)
		case 1:
			p.run(2, 0, 4)
		case 2:
			n := r.bits(4) + 9
			p.run(n, r.bits(4), 4)
		case 3:
			n := r.bits(8) + 25
			p.run(n, r.bits(4), 4)
		}
	}
}

// eight reads an 8-bit pixel code string (7.2.5.2.3). Some encoders end a full line with one byte of 0, not two.
func (p *dvbPen) eight() {
	r := &p.r
	for !r.done() && p.d.budget > 0 {
		if p.x >= p.region.width {
			for range 2 {
				if !r.done() && r.p[r.at/8] == 0 {
					r.bits(8)
				}
			}
			return
		}
		if v := r.bits(8); v != 0 {
			p.run(1, v, 8)
			continue
		}
		coloured, n := r.bits(1) != 0, r.bits(7)
		switch {
		case coloured:
			p.run(n, r.bits(8), 8)
		case n == 0:
			return
		default:
			p.run(n, 0, 8)
		}
	}
}

// defaultClut are the colours that hold where a stream defines none (10).
var defaultClut = func() (c dvbClut) {
	full := func(i, bit int) uint8 {
		if i&bit != 0 {
			return 0xff
		}
		return 0
	}
	c.two = [4]color.NRGBA{{}, {0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0xff}, {0x7f, 0x7f, 0x7f, 0xff}}
	for i := 1; i < len(c.four); i++ {
		half := uint8(0xff)
		if i >= 8 {
			half = 0x7f
		}
		c.four[i] = color.NRGBA{full(i, 1) & half, full(i, 2) & half, full(i, 4) & half, 0xff}
	}
	for i := 1; i < len(c.full); i++ {
		if i < 8 {
			c.full[i] = color.NRGBA{full(i, 1), full(i, 2), full(i, 4), 0x3f}
			continue
		}
		part := func(low, high uint8) func(bit int) uint8 {
			return func(bit int) (v uint8) {
				v = full(i, bit)&low + full(i, bit<<4)&high
				return v
			}
		}
		var of func(int) uint8
		alpha, base := uint8(0xff), uint8(0)
		switch i & 0x88 {
		case 0x00:
			of = part(0x55, 0xaa)
		case 0x08:
			of, alpha = part(0x55, 0xaa), 0x7f
		case 0x80:
			of, base = part(0x2b, 0x55), 0x7f
		default:
			of = part(0x2b, 0x55)
		}
		c.full[i] = color.NRGBA{base + of(1), base + of(2), base + of(4), alpha}
	}
	return c
}()
