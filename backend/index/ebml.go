package index

import (
	"math"
)

// element is one EBML element in a file (RFC 8794 4).
type element struct {
	id      uint32
	off     int64 // of the header
	body    int64 // of the payload
	end     int64 // one past the last byte; the parent's end where the size is unknown
	unknown bool  // its size is unknown: it ends where its parent's next child starts
	cut     bool  // its size goes beyond its parent
}

func (e element) size() int64 { return e.end - e.body }

// elementAt reads the element header at off of a parent that ends at end. ok is false where there is none.
func elementAt(w *window, off, end int64) (e element, ok bool, err error) {
	if off >= end {
		return element{}, false, nil
	}
	h, err := w.at(off, int(min(12, end-off)))
	if err != nil {
		return element{}, false, err
	}
	e, ok = parseElement(h, off, end)
	return e, ok, nil
}

// parseElement is elementAt for a header that is already there.
func parseElement(h []byte, off, end int64) (e element, ok bool) {
	n := vintLength(h, 4)
	if n == 0 {
		return element{}, false
	}
	for _, b := range h[:n] { // an ID keeps its length marker
		e.id = e.id<<8 | uint32(b)
	}
	size, m := vint(h[n:])
	if m == 0 {
		return element{}, false
	}
	e.off, e.body = off, off+int64(n+m)
	switch {
	case size < 0:
		e.end, e.unknown = end, true
	case size > end-e.body:
		e.end, e.cut = max(end, e.body), true
	default:
		e.end = e.body + size
	}
	return e, e.body <= end
}

// vintLength is how many bytes a variable-size integer takes; 0 when it is longer than limit or p.
func vintLength(p []byte, limit int) int {
	if len(p) == 0 {
		return 0
	}
	n := 1
	for mask := byte(0x80); p[0]&mask == 0; mask >>= 1 {
		if n++; n > limit {
			return 0
		}
	}
	if n > len(p) {
		return 0
	}
	return n
}

// vint reads a data size of n bytes: -1 for an unknown size. n is 0 when there is none.
func vint(p []byte) (v int64, n int) {
	if n = vintLength(p, 8); n == 0 {
		return 0, 0
	}
	v = int64(p[0]) & (0xff >> n)
	for _, b := range p[1:n] {
		v = v<<8 | int64(b)
	}
	if v == 1<<(7*n)-1 {
		return -1, n
	}
	return v, n
}

// maxElements bounds how many children of one parent are looked at in memory.
const maxElements = 1 << 16

// eachElement walks the elements in p.
func eachElement(p []byte, do func(id uint32, body []byte)) {
	for n := 0; len(p) > 0 && n < maxElements; n++ {
		e, ok := parseElement(p, 0, int64(len(p)))
		if !ok {
			return
		}
		do(e.id, p[e.body:e.end])
		p = p[e.end:]
	}
}

// uintOf is an unsigned integer element; longer ones and those of 2^63 and more are 0.
func uintOf(p []byte) int64 {
	if len(p) > 8 {
		return 0
	}
	v := int64(0)
	for _, b := range p {
		v = v<<8 | int64(b)
	}
	return max(v, 0)
}

// floatOf is a float element; 0 for what is no number.
func floatOf(p []byte) float64 {
	r, v := newBE(p), 0.0
	switch len(p) {
	case 4:
		v = float64(math.Float32frombits(r.u32()))
	case 8:
		v = math.Float64frombits(r.u64())
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
