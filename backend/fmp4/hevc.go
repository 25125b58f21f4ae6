package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// HEVC reads the samples of an HEVC track with the parameter sets of its sample entry.
type HEVC struct{ sets [][]byte }

// More HEVC NAL unit types (ITU-T H.265 table 7-1).
const (
	hevcVPS    = 32
	hevcPPS    = 34
	hevcAUD    = 35
	hevcFiller = 38
)

// NewHEVC takes the parameter sets out of an hvc1 sample entry (ISO/IEC 14496-15 §8.3.3.1.2).
func NewHEVC(entry []byte) (*HEVC, error) {
	p, err := ParsePicture(entry)
	if err != nil {
		return nil, err
	}
	const head = 23
	if p.Kind != "hvc1" || len(p.Config) < head || p.Config[21]&3 != lengthSize-1 {
		return nil, fmt.Errorf("hvcC of %d bytes: %w", len(p.Config), ErrMalformed)
	}
	h := &HEVC{}
	rest := p.Config[head:]
	for range p.Config[head-1] {
		if len(rest) < 3 {
			return nil, fmt.Errorf("hvcC is cut short: %w", ErrMalformed)
		}
		count := int(binary.BigEndian.Uint16(rest[1:]))
		rest = rest[3:]
		for range count {
			if len(rest) < 2 {
				return nil, fmt.Errorf("hvcC is cut short: %w", ErrMalformed)
			}
			n := int(binary.BigEndian.Uint16(rest))
			if rest = rest[2:]; n > len(rest) {
				return nil, fmt.Errorf("hvcC with a parameter set of %d bytes: %w", n, ErrMalformed)
			}
			h.sets = append(h.sets, rest[:n])
			rest = rest[n:]
		}
	}
	return h, nil
}

// Strip gives a sample without the parameter sets, delimiters and padding that the sample entry makes superfluous.
// Errors: ErrReconfigured, ErrMalformed.
func (h *HEVC) Strip(sample []byte) ([]byte, error) {
	return stripNALs(sample, func(nal []byte) (drop bool, err error) {
		switch kind := nal[0] >> 1 & 0x3f; {
		case kind >= hevcVPS && kind <= hevcPPS:
			if !contains(h.sets, nal) {
				return false, ErrReconfigured
			}
			return true, nil
		default:
			return kind == hevcAUD || kind == hevcFiller, nil
		}
	})
}

func contains(sets [][]byte, nal []byte) bool {
	return slices.ContainsFunc(sets, func(b []byte) bool { return bytes.Equal(b, nal) })
}

// stripNALs drops NAL units out of a sample, each of which has its length before it.
func stripNALs(sample []byte, drop func(nal []byte) (bool, error)) ([]byte, error) {
	var kept []byte
	from := 0 // of the run of NAL units that are kept
	for at := 0; at < len(sample); {
		if len(sample)-at <= lengthSize {
			return nil, fmt.Errorf("NAL unit's length: %w", ErrMalformed)
		}
		size := int64(binary.BigEndian.Uint32(sample[at:]))
		if size == 0 || size > int64(len(sample)-at-lengthSize) {
			return nil, fmt.Errorf("NAL unit of %d bytes: %w", size, ErrMalformed)
		}
		end := at + lengthSize + int(size)
		dropped, err := drop(sample[at+lengthSize : end])
		if err != nil {
			return nil, err
		}
		if dropped {
			kept = append(kept, sample[from:at]...)
			from = end
		}
		at = end
	}
	if len(kept) == 0 { // what is dropped stands in front, mostly
		return sample[from:], nil
	}
	return append(kept, sample[from:]...), nil
}
