package fmp4

import (
	"encoding/binary"
	"fmt"
)

// checkAVC says whether an AVCDecoderConfigurationRecord holds parameter sets of both kinds, whole and of their kind
// (ISO/IEC 14496-15 §5.3.3.1.2).
func checkAVC(record []byte) error {
	if len(record) < 7 || record[0] != 1 || record[4]&3 == 2 {
		return fmt.Errorf("avcC of %d bytes: %w", len(record), ErrMalformed)
	}
	rest := record[5:]
	for _, want := range []struct{ mask, kind byte }{{0x1f, 7}, {0xff, 8}} { // SPS, PPS
		if len(rest) == 0 || rest[0]&want.mask == 0 {
			return fmt.Errorf("avcC without parameter sets of type %d: %w", want.kind, ErrMalformed)
		}
		count := int(rest[0] & want.mask)
		rest = rest[1:]
		for range count {
			if len(rest) < 3 {
				return fmt.Errorf("avcC is cut short: %w", ErrMalformed)
			}
			n := int(binary.BigEndian.Uint16(rest))
			if rest = rest[2:]; n == 0 || n > len(rest) || rest[0]&0x1f != want.kind {
				return fmt.Errorf("avcC with a parameter set of %d bytes: %w", n, ErrMalformed)
			}
			rest = rest[n:]
		}
	}
	return nil
}

// checkHEVC says whether an HEVCDecoderConfigurationRecord holds parameter sets of all three kinds, whole and of their
// kind (ISO/IEC 14496-15 §8.3.3.1.2).
func checkHEVC(record []byte) error {
	const head = 23
	if len(record) < head || record[0] != 1 || record[21]&3 == 2 {
		return fmt.Errorf("hvcC of %d bytes: %w", len(record), ErrMalformed)
	}
	var found [64]bool
	rest := record[head:]
	for range record[head-1] {
		if len(rest) < 3 {
			return fmt.Errorf("hvcC is cut short: %w", ErrMalformed)
		}
		kind, count := rest[0]&0x3f, int(binary.BigEndian.Uint16(rest[1:]))
		rest = rest[3:]
		for range count {
			if len(rest) < 2 {
				return fmt.Errorf("hvcC is cut short: %w", ErrMalformed)
			}
			n := int(binary.BigEndian.Uint16(rest))
			if rest = rest[2:]; n < 2 || n > len(rest) || rest[0]>>1&0x3f != kind {
				return fmt.Errorf("hvcC with a NAL unit of %d bytes: %w", n, ErrMalformed)
			}
			rest = rest[n:]
			found[kind] = true
		}
	}
	const vps, sps, pps = 32, 33, 34
	if !found[vps] || !found[sps] || !found[pps] {
		return fmt.Errorf("hvcC without parameter sets: %w", ErrMalformed)
	}
	return nil
}
