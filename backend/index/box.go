package index

import (
	"encoding/binary"
)

// box is one ISO BMFF box in a file (ISO/IEC 14496-12 4.2) or in a slice.
type box struct {
	typ  string
	off  int64 // of the header
	body int64 // of the payload
	end  int64 // one past the last byte
}

func (b box) bodySize() int64 { return b.end - b.body }

// boxAt reads the box header at off of a container that ends at end. A size of 0 reaches to the container's end.
// ok is false where no header fits or the size makes no sense; cut tells a box that says to go on beyond end, which
// is then end's.
func boxAt(w *window, off, end int64) (b box, ok, cut bool, err error) {
	if end-off < 8 {
		return box{}, false, false, nil
	}
	h, err := w.at(off, int(min(16, end-off)))
	if err != nil {
		return box{}, false, false, err
	}
	b, ok, cut = parseBox(h, off, end)
	return b, ok, cut, nil
}

// parseBox is boxAt for a header that is already there.
func parseBox(h []byte, off, end int64) (b box, ok, cut bool) {
	size := int64(binary.BigEndian.Uint32(h))
	b = box{typ: string(h[4:8]), off: off, body: off + 8}
	switch size {
	case 0:
		b.end = end
		return b, true, false
	case 1:
		if len(h) < 16 {
			return box{}, false, false
		}
		size = signed64(binary.BigEndian.Uint64(h[8:])) // a negative one is refused below
		b.body = off + 16
	}
	if size < b.body-b.off {
		return box{}, false, false
	}
	if size > end-off {
		b.end = end
		return b, true, true
	}
	b.end = off + size
	return b, true, false
}

// maxBoxes bounds how many boxes of one container are looked at; the widest real one is a moov with its traks.
const maxBoxes = 1 << 14

// eachBox walks the boxes of a file between off and end. Garbage ends the walk, as it does in other readers: many
// files have some padding there.
func eachBox(w *window, off, end int64, do func(b box) error) error {
	for n := 0; off < end; n++ {
		if n >= maxBoxes {
			return tooLarge("more than %d boxes at %d", maxBoxes, off)
		}
		b, ok, _, err := boxAt(w, off, end)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		if err := do(b); err != nil {
			return err
		}
		off = b.end
	}
	return nil
}

// eachBoxIn walks the boxes in p, giving each one's payload and the whole of it.
func eachBoxIn(p []byte, do func(typ string, body, whole []byte)) {
	for n := 0; len(p) >= 8 && n < maxBoxes; n++ {
		b, ok, _ := parseBox(p, 0, int64(len(p)))
		if !ok {
			return
		}
		do(b.typ, p[b.body:b.end], p[:b.end])
		p = p[b.end:]
	}
}

// fullBox splits the payload of a full box into its version, flags and the rest. ok is false when it is too short.
func fullBox(p []byte) (version byte, flags uint32, rest []byte, ok bool) {
	if len(p) < 4 {
		return 0, 0, nil, false
	}
	return p[0], binary.BigEndian.Uint32(p) & 0xffffff, p[4:], true
}

// be reads big-endian numbers from a slice; what is beyond its end reads as 0 and clears ok.
type be struct {
	p  []byte
	ok bool
}

func newBE(p []byte) *be { return &be{p: p, ok: true} }

func (r *be) take(n int) []byte {
	if n < 0 || len(r.p) < n {
		r.p, r.ok = nil, false
		return make([]byte, min(max(n, 0), 8))
	}
	p := r.p[:n]
	r.p = r.p[n:]
	return p
}

func (r *be) skip(n int) {
	if len(r.p) < n {
		r.p, r.ok = nil, false
		return
	}
	r.p = r.p[n:]
}
func (r *be) u8() byte    { return r.take(1)[0] }
func (r *be) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *be) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *be) u64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *be) i32() int32  { return signed32(r.u32()) }
func (r *be) i64() int64  { return signed64(r.u64()) }
