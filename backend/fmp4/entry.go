package fmp4

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// visualHeader is the length of a VisualSampleEntry before its child boxes (ISO/IEC 14496-12 §12.1.3).
const visualHeader = 86

// keptInVisual are the child boxes of a visual sample entry that a player needs; the rest (QuickTime's own, bit
// rates, encryption remains) is left out.
var keptInVisual = []string{"avcC", "hvcC", "av1C", "vpcC", "pasp"}

// CleanVisualEntry copies an encoder's visual sample entry with only the child boxes that a player needs. The
// compressor's name, which is free text, is cleared.
func CleanVisualEntry(entry []byte) ([]byte, error) {
	if err := checkVisual(entry); err != nil {
		return nil, err
	}
	out := slices.Clone(entry[:visualHeader])
	clear(out[50:82]) // compressorname
	found := false
	err := eachChild(entry[visualHeader:], func(name string, whole []byte) {
		if slices.Contains(keptInVisual, name) {
			found = true
			out = append(out, whole...)
		}
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("visual sample entry without codec configuration: %w", ErrMalformed)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}

// checkVisual says whether a visual sample entry is a whole box.
func checkVisual(entry []byte) error {
	if len(entry) < visualHeader || int64(binary.BigEndian.Uint32(entry)) != int64(len(entry)) {
		return fmt.Errorf("visual sample entry of %d bytes: %w", len(entry), ErrMalformed)
	}
	return nil
}

// eachChild calls do for each child box of a sample entry.
func eachChild(p []byte, do func(name string, whole []byte)) error {
	for len(p) >= 8 {
		size := int64(binary.BigEndian.Uint32(p))
		if size == 0 { // QuickTime ends its lists with a zero word
			break
		}
		if size < 8 || size > int64(len(p)) {
			return fmt.Errorf("child of sample entry of %d bytes: %w", size, ErrMalformed)
		}
		do(string(p[4:8]), p[:size])
		p = p[size:]
	}
	return nil
}

// appendBox appends a box.
func appendBox(dst []byte, name string, payload ...byte) []byte {
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(8+len(payload))), name...)
	return append(dst, payload...)
}

// endBox writes the length of a whole box into its head.
func endBox(box []byte) []byte {
	binary.BigEndian.PutUint32(box, uint32(len(box)))
	return box
}
