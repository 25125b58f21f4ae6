package codec

// bitReader reads bit fields, most significant bit first. What is beyond the end reads as 0 and sets fail.
type bitReader struct {
	p    []byte
	pos  int
	fail bool
}

// read takes n bits, at most 32.
func (b *bitReader) read(n int) (v uint32) {
	for range n {
		v <<= 1
		if i := b.pos / 8; i < len(b.p) {
			v |= uint32(b.p[i]>>(7-b.pos%8)) & 1
		} else {
			b.fail = true
		}
		b.pos++
	}
	return v
}

// flag takes one bit.
func (b *bitReader) flag() bool { return b.read(1) != 0 }

func (b *bitReader) skip(n int) {
	if b.pos += n; b.pos > len(b.p)*8 {
		b.fail = true
	}
}

// bitWriter writes bit fields, most significant bit first.
type bitWriter struct {
	p    []byte
	free int // bits of the last byte that are not used yet
}

// put writes the last n bits of v, at most 32.
func (b *bitWriter) put(n int, v uint32) {
	for i := n - 1; i >= 0; i-- {
		if b.free == 0 {
			b.p, b.free = append(b.p, 0), 8
		}
		b.free--
		b.p[len(b.p)-1] |= byte(v>>i&1) << b.free
	}
}
