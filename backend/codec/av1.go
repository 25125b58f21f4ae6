package codec

import "fmt"

// OBU types of AV1 (AV1 Bitstream & Decoding Process Specification 6.2.2).
const (
	obuSequenceHeader = 1
	obuFrameHeader    = 3
	obuFrame          = 6
)

// maxOBUs bounds the OBUs before the first frame header of a temporal unit.
const maxOBUs = 64

// AV1Key says whether a temporal unit begins with a sequence header and then a keyframe that is shown, from where
// decoding can start. The start of the unit is enough, as far as the first frame header reaches.
// Errors: ErrMalformed, also when what there is ends before the first frame header.
func AV1Key(unit []byte) (bool, error) {
	reduced, sequence := false, false
	for range maxOBUs {
		kind, body, rest, err := splitOBU(unit)
		if err != nil {
			return false, err
		}
		switch kind {
		case obuSequenceHeader: // 5.5.1
			if len(body) == 0 {
				return false, fmt.Errorf("AV1 sequence header is cut short: %w", ErrMalformed)
			}
			sequence, reduced = true, body[0]&0x08 != 0
		case obuFrameHeader, obuFrame: // 5.9.2
			if !sequence || len(body) == 0 {
				return false, nil
			}
			const keyFrame = 0
			existing, frameType, shown := body[0]>>7 != 0, body[0]>>5&3, body[0]>>4&1 != 0
			return reduced || !existing && frameType == keyFrame && shown, nil
		}
		unit = rest
	}
	return false, fmt.Errorf("AV1 temporal unit without a frame: %w", ErrMalformed)
}

// splitOBU takes the first OBU off p (5.3). The body of a last one may be cut short.
func splitOBU(p []byte) (kind int, body, rest []byte, err error) {
	if len(p) == 0 || p[0]&0x80 != 0 {
		return 0, nil, nil, fmt.Errorf("AV1 OBU header: %w", ErrMalformed)
	}
	kind = int(p[0] >> 3 & 15)
	head := 1
	if p[0]&0x04 != 0 { // extension
		head++
	}
	if p[0]&0x02 == 0 { // without a size it reaches to the end
		if len(p) < head {
			return 0, nil, nil, fmt.Errorf("AV1 OBU is cut short: %w", ErrMalformed)
		}
		return kind, p[head:], nil, nil
	}
	var size uint64
	for i := 0; ; i++ { // leb128, 4.10.5
		if i == 8 || head >= len(p) {
			return 0, nil, nil, fmt.Errorf("AV1 OBU size: %w", ErrMalformed)
		}
		v := p[head]
		size |= uint64(v&0x7f) << (7 * i)
		if head++; v&0x80 == 0 {
			break
		}
	}
	n := int(min(size, uint64(len(p)-head)))
	return kind, p[head : head+n], p[head+n:], nil
}
