package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"
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
