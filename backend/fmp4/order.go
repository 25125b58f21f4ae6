package fmp4

import (
	"encoding/binary"

	"github.com/Eyevinn/mp4ff/avc"
)

// KeyframeOrder makes keyframes of an H.264 track decodable one right after the other. What lies between them is
// missing, so a decoder that reads their picture order counts (ISO/IEC 14496-10 §8.2.1) may take a later one for an
// earlier one, and drop it: unless each is an IDR picture, which begins to count anew. So they are numbered as if they
// followed one another. The zero value changes nothing.
type KeyframeOrder struct {
	lengthSize int
	frameBits  int  // of frame_num
	orderBits  int  // of pic_order_cnt_lsb; 0: order is not counted that way
	colours    bool // separate_colour_plane_flag
	fields     bool // pictures may be single fields
	count      uint64
}

// NewKeyframeOrder reads an AVCDecoderConfigurationRecord. One that cannot be read, or whose parameter sets differ,
// gives an order that changes nothing.
func NewKeyframeOrder(record []byte) (o *KeyframeOrder) {
	o = &KeyframeOrder{}
	defer func() {
		if recover() != nil {
			o = &KeyframeOrder{}
		}
	}()
	if len(record) < 5 {
		return o
	}
	lengthSize := int(record[4]&3) + 1
	conf, err := avc.DecodeAVCDecConfRec(record)
	if err != nil {
		return o
	}
	for i, nal := range conf.SPSnalus {
		sps, err := avc.ParseSPSNALUnit(nal, false)
		if err != nil {
			return &KeyframeOrder{}
		}
		one := KeyframeOrder{
			lengthSize: lengthSize, frameBits: int(sps.Log2MaxFrameNumMinus4) + 4,
			colours: sps.SeparateColourPlaneFlag, fields: !sps.FrameMbsOnlyFlag,
		}
		if sps.PicOrderCntType == 0 {
			one.orderBits = int(sps.Log2MaxPicOrderCntLsbMinus4) + 4
		}
		if i > 0 && one != *o {
			return &KeyframeOrder{}
		}
		*o = one
	}
	return o
}

// orderStep is what a picture's count is above that of the one before: room for a second field, and less than half of
// the smallest range that there is, 16.
const orderStep = 4

// Next gives a keyframe's sample with the number that is its due. The sample itself is not changed.
func (o *KeyframeOrder) Next(sample []byte) []byte {
	if o.orderBits == 0 {
		return sample
	}
	o.count += orderStep
	out := make([]byte, 0, len(sample)+64)
	for rest := sample; len(rest) > 0; {
		if len(rest) < o.lengthSize {
			return sample
		}
		size := 0
		for _, b := range rest[:o.lengthSize] {
			size = size<<8 | int(b)
		}
		rest = rest[o.lengthSize:]
		if size > len(rest) {
			return sample
		}
		nal := rest[:size]
		rest = rest[size:]
		if size > 0 {
			switch nal[0] & 0x1f {
			case nalIDR:
				o.count = 0
			case nalSlice:
				nal = o.renumber(nal)
			}
		}
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(nal)))
		out = append(append(out, length[4-o.lengthSize:]...), nal...)
	}
	return out
}

// renumber gives a slice with the count that is due; the same slice where its header cannot be read.
func (o *KeyframeOrder) renumber(nal []byte) []byte {
	const least, most = 24, 96 // bytes, of which the header's beginning takes fewer
	head := min(len(nal), least)
	for head < len(nal) && nal[head-1] <= 3 { // where no escape reaches over the end
		if head++; head > most {
			return nal
		}
	}
	raw := unescape(nal[:head])
	at := 8
	for range 3 { // first_mb_in_slice, slice_type, pic_parameter_set_id
		at = skipExpGolomb(raw, at)
	}
	if o.colours {
		at += 2
	}
	at += o.frameBits
	lower := uint64(0)
	if o.fields {
		at++
		if bit(raw, at-1) == 1 { // field_pic_flag
			lower = uint64(bit(raw, at)) // bottom_field_flag
			at++
		}
	}
	if at < 0 || at+o.orderBits > 8*len(raw) {
		return nal
	}
	for i := range o.orderBits {
		mask := byte(0x80) >> ((at + i) % 8)
		raw[(at+i)/8] &^= mask
		if (o.count+lower)>>(o.orderBits-1-i)&1 == 1 {
			raw[(at+i)/8] |= mask
		}
	}
	return append(escape(raw), nal[head:]...)
}

// bit is one bit of p; 0 past its end.
func bit(p []byte, at int) byte {
	if at < 0 || at >= 8*len(p) {
		return 0
	}
	return p[at/8] >> (7 - at%8) & 1
}

// skipExpGolomb gives the place after an ue(v) (§9.1); one past the end where there is none.
func skipExpGolomb(p []byte, at int) int {
	zeros := 0
	for at < 8*len(p) && bit(p, at) == 0 {
		zeros++
		at++
	}
	return at + 1 + zeros
}

// unescape takes the emulation prevention bytes out (§7.4.1.1).
func unescape(p []byte) []byte {
	out := make([]byte, 0, len(p))
	zeros := 0
	for _, b := range p {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}

// escape puts them in.
func escape(p []byte) []byte {
	out := make([]byte, 0, len(p)+8)
	zeros := 0
	for _, b := range p {
		if zeros >= 2 && b <= 3 {
			out = append(out, 3)
			zeros = 0
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}
