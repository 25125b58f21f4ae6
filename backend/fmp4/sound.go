package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"

	"dropstream/backend/codec"
	"dropstream/backend/media"
)

// Sound is what the sample entry of a passed-through audio track is made of.
type Sound struct {
	Codec      media.Codec
	Config     []byte // AudioSpecificConfig; payload of dOps, dfLa, dac3 or dec3
	SampleRate int    // hertz
	Channels   int
}

// soundBoxes name the entry and the box of its configuration.
var soundBoxes = map[media.Codec][2]string{
	media.Opus: {"Opus", "dOps"}, media.FLAC: {"fLaC", "dfLa"},
	media.AC3: {"ac-3", "dac3"}, media.EAC3: {"ec-3", "dec3"},
}

// Entry makes the sample entry: an AudioSampleEntry (ISO/IEC 14496-12 §12.2.3) with its codec's configuration.
// Errors: ErrMalformed for a configuration that nobody could start with.
func (s Sound) Entry() ([]byte, error) {
	config := s.Config
	switch s.Codec {
	case media.AAC:
		return AACEntry(config, s.SampleRate, s.Channels)
	case media.Opus:
		o, err := codec.ParseDOps(config)
		if err != nil {
			return nil, err
		}
		config = o.DOps()
	case media.FLAC:
		f, err := codec.ParseFLAC(config)
		if err != nil {
			return nil, err
		}
		config = FLACConfig(f)
	case media.AC3, media.EAC3:
		if len(config) < 3 || s.Codec == media.EAC3 && len(config) < 5 || len(config) > 256 {
			return nil, fmt.Errorf("configuration of %s of %d bytes: %w", s.Codec, len(config), ErrMalformed)
		}
	default:
		return nil, fmt.Errorf("sample entry of %s: %w", s.Codec, ErrMalformed)
	}
	box := soundBoxes[s.Codec]
	const header = 36
	entry := make([]byte, header, header+8+len(config))
	copy(entry[4:], box[0])
	binary.BigEndian.PutUint16(entry[14:], 1) // data_reference_index
	binary.BigEndian.PutUint16(entry[24:], uint16(min(s.Channels, 1<<16-1)))
	binary.BigEndian.PutUint16(entry[26:], 16) // samplesize
	binary.BigEndian.PutUint16(entry[32:], entryRate(s.SampleRate))
	return endBox(appendBox(entry, box[1], config...)), nil
}

// entryRate is a sample rate as 16.16 fixed point holds it, which is no more than 65,535; the configuration says it in
// full.
func entryRate(rate int) uint16 {
	if rate < 1<<16 {
		return uint16(rate)
	}
	return 0
}

// FLACConfig makes the payload of dfLa (Encapsulation of FLAC in ISO Base Media File Format 3.3.2): STREAMINFO alone.
func FLACConfig(f codec.FLAC) []byte {
	const last = 0x80
	return append([]byte{0, 0, 0, 0, last, 0, 0, byte(len(f.Info))}, f.Info...)
}

// AACEntry makes the mp4a sample entry of an AAC track from its AudioSpecificConfig (ISO/IEC 14496-14 §5.6.1).
func AACEntry(config []byte, sampleRate, channels int) ([]byte, error) {
	esds := mp4.CreateEsdsBox(config)
	entry := mp4.CreateAudioSampleEntryBox("mp4a", uint16(channels), 16, entryRate(sampleRate), esds)
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
