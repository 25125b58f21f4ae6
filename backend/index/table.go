package index

import (
	"encoding/binary"
)

// table is an array of equal entries in the file.
type table struct {
	off   int64  // of the first entry
	count uint32 // how many there are, never more than the box has room for
	bits  uint8  // bits per entry: 4, 8, 16, 32, 64 or 96
}

// set takes a table from the box that holds it: count entries, after skip bytes of header. A count that the box has
// no room for is a fault before anything is allocated for it.
func (t *table) set(b box, skip int64, count uint32, bits uint8) error {
	room := (b.bodySize() - skip) * 8 / int64(bits)
	if int64(count) > room {
		return damaged("%s says %d entries and has room for %d", b.typ, count, room)
	}
	*t = table{off: b.body + skip, count: count, bits: bits}
	return nil
}

// cursor streams a table's entries through a buffer of its own.
type cursor struct {
	src  *source
	tab  table
	next uint32 // first entry that is not in buf
	buf  []byte // read and not yet taken, whole entries
	mem  []byte // buf's memory
}

// cursorBytes are read at once when a few samples are wanted; scanBytes when a whole table is.
const (
	cursorBytes = 4 << 10
	scanBytes   = 64 << 10
)

// start points the cursor at entry number n.
func (c *cursor) start(src *source, tab table, n uint32, mem []byte) {
	*c = cursor{src: src, tab: tab, next: min(n, tab.count), mem: mem}
}

// entry gives the next entry of 4, 8 or 12 bytes; nil at the end of the table.
func (c *cursor) entry() ([]byte, error) {
	size := int(c.tab.bits / 8)
	if len(c.buf) < size {
		if c.next >= c.tab.count {
			return nil, nil
		}
		if err := c.more(); err != nil {
			return nil, err
		}
	}
	e := c.buf[:size:size]
	c.buf = c.buf[size:]
	return e, nil
}

// more fills the empty buffer with whole entries.
func (c *cursor) more() error {
	n := min(c.tab.count-c.next, clamp32(len(c.mem)*8/int(c.tab.bits)))
	c.buf = c.mem[:(int64(n)*int64(c.tab.bits)+7)/8]
	err := c.src.readAt(c.buf, c.tab.off+int64(c.next)*int64(c.tab.bits)/8)
	c.next += n
	return err
}

// runs reads stts or ctts: (count, value) pairs.
type runs struct {
	cur   cursor
	entry uint32 // the pair that left and value belong to, from 0
	left  uint32 // samples left in it
	value uint32
	taken uint32 // samples taken from it
	begun bool
}

// start points at pair number entry with used of its samples already taken.
func (r *runs) start(src *source, tab table, entry, used uint32, mem []byte) error {
	*r = runs{entry: entry}
	r.cur.start(src, tab, entry, mem)
	if err := r.load(); err != nil {
		return err
	}
	used = min(used, r.left)
	r.left -= used
	r.taken = used
	return nil
}

// load makes sure that there is something left to take, passing over pairs that count nothing. A table that ended has
// left at 0.
func (r *runs) load() error {
	for r.left == 0 {
		e, err := r.cur.entry()
		if err != nil || e == nil {
			return err
		}
		if r.begun {
			r.entry++
		}
		r.begun, r.taken = true, 0
		r.left, r.value = binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:])
	}
	return nil
}

// take takes n samples, at most left.
func (r *runs) take(n uint32) {
	r.left -= n
	r.taken += n
}

// chunks reads stsc: which samples are in which chunk.
type chunks struct {
	cur       cursor
	count     uint32 // of chunks, from stco
	entry     uint32 // of the current run
	chunk     uint32 // first chunk of the current run, from 0
	chunkEnd  uint32 // first chunk of the next run
	perChunk  uint32
	first     uint32 // first sample of the current run
	nextChunk uint32 // first chunk of the run whose entry was read ahead, from 0
	nextPer   uint32
	ahead     bool
}

// start points at run number entry, whose first sample is first.
func (c *chunks) start(src *source, tab table, chunkCount, entry, first uint32, mem []byte) error {
	*c = chunks{count: chunkCount, entry: entry, first: first}
	c.cur.start(src, tab, entry, mem)
	if err := c.peek(); err != nil {
		return err
	}
	return c.shift()
}

// peek reads the entry after the current run.
func (c *chunks) peek() error {
	e, err := c.cur.entry()
	if err != nil {
		return err
	}
	if c.ahead = e != nil; !c.ahead {
		return nil
	}
	chunk := binary.BigEndian.Uint32(e)
	if chunk == 0 {
		return damaged("stsc counts chunks from 1")
	}
	c.nextChunk, c.nextPer = chunk-1, binary.BigEndian.Uint32(e[4:])
	return nil
}

// shift makes the run that was read ahead the current one. Without one the current run is empty.
func (c *chunks) shift() error {
	if !c.ahead {
		c.chunk, c.chunkEnd, c.perChunk = c.count, c.count, 0
		return nil
	}
	c.chunk, c.perChunk = c.nextChunk, c.nextPer
	if err := c.peek(); err != nil {
		return err
	}
	c.chunkEnd = c.count
	if c.ahead {
		if c.nextChunk <= c.chunk {
			return damaged("stsc goes back from chunk %d to %d", c.chunk+1, c.nextChunk+1)
		}
		c.chunkEnd = min(c.nextChunk, c.count)
	}
	c.chunk = min(c.chunk, c.count)
	return nil
}

// samples is how many samples the current run holds.
func (c *chunks) samples() uint64 { return uint64(c.chunkEnd-c.chunk) * uint64(c.perChunk) }

// advance goes on to the next run that holds samples. ok is false when there is none.
func (c *chunks) advance() (ok bool, err error) {
	for {
		c.first += clamp32(c.samples()) // the caller stops at the sample count, which fits
		more := c.ahead
		if err = c.shift(); err != nil || !more {
			return false, err
		}
		c.entry++
		if c.samples() > 0 {
			return true, nil
		}
	}
}

// sizes reads stsz or stz2.
type sizes struct {
	cur    cursor
	fixed  uint32 // != 0: every sample has this size
	nibble bool   // the second half of the last byte is next
	last   byte
}

// start points at sample number n.
func (z *sizes) start(src *source, t *tables, n uint32, mem []byte) error {
	*z = sizes{fixed: t.fixedSize}
	if z.fixed != 0 {
		return nil
	}
	if t.stsz.bits == 4 {
		z.cur.start(src, t.stsz, n&^1, mem)
		if n&1 == 1 {
			_, err := z.take()
			return err
		}
		return nil
	}
	z.cur.start(src, t.stsz, n, mem)
	return nil
}

// take gives the next sample's size.
func (z *sizes) take() (uint32, error) {
	if z.fixed != 0 {
		return z.fixed, nil
	}
	if z.nibble {
		z.nibble = false
		return uint32(z.last & 15), nil
	}
	if len(z.cur.buf) == 0 {
		if z.cur.next >= z.cur.tab.count {
			return 0, damaged("stsz ends early")
		}
		if err := z.cur.more(); err != nil {
			return 0, err
		}
	}
	p := z.cur.buf
	switch z.cur.tab.bits {
	case 4:
		z.nibble, z.last = true, p[0]
		z.cur.buf = p[1:]
		return uint32(p[0] >> 4), nil
	case 8:
		z.cur.buf = p[1:]
		return uint32(p[0]), nil
	case 16:
		z.cur.buf = p[2:]
		return uint32(binary.BigEndian.Uint16(p)), nil
	default:
		z.cur.buf = p[4:]
		return binary.BigEndian.Uint32(p), nil
	}
}
