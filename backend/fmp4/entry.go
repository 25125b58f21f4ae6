package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"

	"dropstream/backend/media"
)

// visualHeader is the length of a VisualSampleEntry before its child boxes (ISO/IEC 14496-12 §12.1.3).
const visualHeader = 86

// keptInVisual are the child boxes of a visual sample entry that a player needs; the rest (QuickTime's own, bit
// rates, encryption remains) is left out.
var keptInVisual = []string{"avcC", "hvcC", "av1C", "vpcC", "pasp"}

// CleanVisualEntry copies a visual sample entry with only the child boxes that a player needs. The compressor's
// name, which is free text, is cleared.
func CleanVisualEntry(entry []byte) ([]byte, error) {
	if len(entry) < visualHeader || int64(binary.BigEndian.Uint32(entry)) != int64(len(entry)) {
		return nil, fmt.Errorf("visual sample entry of %d bytes: %w", len(entry), ErrMalformed)
	}
	out := slices.Clone(entry[:visualHeader])
	clear(out[50:82]) // compressorname
	found := false
	for rest := entry[visualHeader:]; len(rest) >= 8; {
		size := int(binary.BigEndian.Uint32(rest))
		if size == 0 { // QuickTime ends its lists with a zero word
			break
		}
		if size < 8 || size > len(rest) {
			return nil, fmt.Errorf("child of visual sample entry of %d bytes: %w", size, ErrMalformed)
		}
		if slices.Contains(keptInVisual, string(rest[4:8])) {
			found = true
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	if !found {
		return nil, fmt.Errorf("visual sample entry without codec configuration: %w", ErrMalformed)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}

// AVCEntry makes the avc1 sample entry of an H.264 track (ISO/IEC 14496-15 §5.4.2.1) from its
// AVCDecoderConfigurationRecord, which must hold parameter sets. Width and height are those of the coded picture after
// cropping; aspect is that of a pixel, as it is to be shown.
func AVCEntry(record []byte, width, height int, aspect media.Rational) ([]byte, error) {
	if err := checkAVC(record); err != nil {
		return nil, err
	}
	if width < 1 || width > 1<<16-1 || height < 1 || height > 1<<16-1 || len(record) > 1<<16 {
		return nil, fmt.Errorf("picture of %d×%d: %w", width, height, ErrMalformed)
	}
	entry := make([]byte, visualHeader, visualHeader+8+len(record)+16)
	copy(entry[4:], "avc1")
	binary.BigEndian.PutUint16(entry[14:], 1) // data_reference_index
	binary.BigEndian.PutUint16(entry[32:], uint16(width))
	binary.BigEndian.PutUint16(entry[34:], uint16(height))
	binary.BigEndian.PutUint32(entry[36:], 72<<16) // pixels per inch
	binary.BigEndian.PutUint32(entry[40:], 72<<16)
	binary.BigEndian.PutUint16(entry[48:], 1)      // frame_count
	binary.BigEndian.PutUint16(entry[82:], 24)     // depth
	binary.BigEndian.PutUint16(entry[84:], 0xffff) // pre_defined
	entry = binary.BigEndian.AppendUint32(entry, uint32(8+len(record)))
	entry = append(append(entry, "avcC"...), record...)
	if aspect.Valid() && aspect.Num < 1<<32 && aspect.Den < 1<<32 {
		entry = append(binary.BigEndian.AppendUint32(entry, 16), "pasp"...)
		entry = binary.BigEndian.AppendUint32(entry, uint32(aspect.Num))
		entry = binary.BigEndian.AppendUint32(entry, uint32(aspect.Den))
	}
	binary.BigEndian.PutUint32(entry, uint32(len(entry)))
	return entry, nil
}

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

// AACEntry makes the mp4a sample entry of an AAC track from its AudioSpecificConfig (ISO/IEC 14496-14 §5.6.1).
func AACEntry(config []byte, sampleRate, channels int) ([]byte, error) {
	rate := uint16(0) // 16.16 fixed point holds no more than 65,535; the configuration says it in full
	if sampleRate < 1<<16 {
		rate = uint16(sampleRate)
	}
	entry := mp4.CreateAudioSampleEntryBox("mp4a", uint16(channels), 16, rate, mp4.CreateEsdsBox(config))
	var out bytes.Buffer
	if err := entry.Encode(&out); err != nil {
		return nil, fmt.Errorf("write AAC sample entry: %w", err)
	}
	return out.Bytes(), nil
}

// AACConfig makes the AudioSpecificConfig of plain AAC-LC (ISO/IEC 14496-3 §1.6.2.1).
func AACConfig(sampleRate, channels int) ([]byte, error) {
	var out bytes.Buffer
	asc := aac.AudioSpecificConfig{
		ObjectType: aac.AAClc, ChannelConfiguration: byte(channels), SamplingFrequency: sampleRate,
	}
	if err := asc.Encode(&out); err != nil {
		return nil, fmt.Errorf("write AudioSpecificConfig: %w", err)
	}
	return out.Bytes(), nil
}
