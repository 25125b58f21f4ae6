package fmp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/Eyevinn/mp4ff/avc"
)

// ParameterSets are the SPS and PPS that an H.264 encoder wrote into its sample entry (ISO/IEC 14496-15 §5.3.3.1).
//
// A rendition whose segments come of several encoders cannot say them once for all in its init segment: they differ.
// Its sample entry is avc3 then, and every IDR picture carries those of its own encoder (§5.4.2.1.3).
type ParameterSets struct {
	SPS, PPS [][]byte // NAL units
	at       int      // where the AVCDecoderConfigurationRecord begins in the entry
}

// PictureFormat is what an SPS says of the pictures.
type PictureFormat struct {
	Width, Height int  // after cropping
	Profile       int  // profile_idc: 66 Baseline, 77 Main, 100 High
	Level         int  // level_idc: 31 is 3.1
	Plain         bool // progressive, of 8 bits and 4:2:0
}

// NAL unit types (ISO/IEC 14496-10 table 7-1).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalAUD   = 9
)

// lengthSize is how many bytes the length of a NAL unit takes in what ffmpeg writes.
const lengthSize = 4

// profileHigh is the profile_idc of High profile.
const profileHigh = 100

// ReadParameterSets takes them out of a visual sample entry. It fails with ErrMalformed.
func ReadParameterSets(entry []byte) (ParameterSets, error) {
	for at := visualHeader; len(entry) >= at+8; {
		size := int(binary.BigEndian.Uint32(entry[at:]))
		if size < 8 || size > len(entry)-at {
			break
		}
		if string(entry[at+4:at+8]) == "avcC" {
			p, err := parameterSets(entry[at+8 : at+size])
			p.at = at + 8
			return p, err
		}
		at += size
	}
	return ParameterSets{}, fmt.Errorf("sample entry without avcC: %w", ErrMalformed)
}

func parameterSets(record []byte) (p ParameterSets, err error) {
	if err := checkAVC(record); err != nil {
		return p, err
	}
	if record[4]&3 != lengthSize-1 {
		return p, fmt.Errorf("avcC with lengths of %d bytes: %w", record[4]&3+1, ErrMalformed)
	}
	rest := record[5:]
	for i, mask := range []byte{0x1f, 0xff} {
		count := int(rest[0] & mask)
		rest = rest[1:]
		for range count {
			n := int(binary.BigEndian.Uint16(rest))
			set := rest[2 : 2+n]
			rest = rest[2+n:]
			if i == 0 {
				p.SPS = append(p.SPS, set)
			} else {
				p.PPS = append(p.PPS, set)
			}
		}
	}
	return p, nil
}

// Format is what the first SPS says. It fails with ErrMalformed.
func (p ParameterSets) Format() (f PictureFormat, err error) {
	defer recoverMalformed(&err)
	s, err := avc.ParseSPSNALUnit(p.SPS[0], false)
	if err != nil {
		return f, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return PictureFormat{
		Width: int(s.Width), Height: int(s.Height), Profile: int(s.Profile), Level: int(s.Level),
		Plain: s.ChromaFormatIDC == 1 && s.BitDepthLumaMinus8 == 0 && s.BitDepthChromaMinus8 == 0 && s.FrameMbsOnlyFlag,
	}, nil
}

// InBandEntry makes the avc3 sample entry of a rendition whose parameter sets are in its samples, from the avc1 entry
// of one of its encoders. It declares High profile at the given level (31 is 3.1), which must be enough for all of
// them; the sets it holds are those of the one, for players that look there for the picture's size.
func InBandEntry(entry []byte, level int) ([]byte, error) {
	p, err := ReadParameterSets(entry)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(entry)
	copy(out[4:8], "avc3")
	record := out[p.at:]
	record[1], record[2], record[3] = profileHigh, 0, byte(level)
	return out, nil
}

// InsertParameterSets puts the sets in front of an IDR picture that does not carry its own: behind its access unit
// delimiter, where it has one (ISO/IEC 14496-10 §7.4.1.2.3).
func (p ParameterSets) InsertParameterSets(sample []byte) ([]byte, error) {
	at := 0
	for rest := sample; len(rest) > 0; {
		nal, err := firstNAL(rest)
		if err != nil {
			return nil, err
		}
		switch nal[0] & 0x1f {
		case nalSPS:
			return sample, nil
		case nalAUD:
			at = lengthSize + len(nal)
		default:
		}
		rest = rest[lengthSize+len(nal):]
	}
	out := slices.Clone(sample[:at])
	for _, set := range slices.Concat(p.SPS, p.PPS) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(set)))
		out = append(out, set...)
	}
	return append(out, sample[at:]...), nil
}

// ErrNotAsAsked says that a sample is none that an encoder should have written there.
var ErrNotAsAsked = errors.New("the encoder wrote another picture than it was asked for")

// CheckSample says whether a sample is one whole H.264 picture, and an IDR picture exactly when idr says so. It fails
// with ErrMalformed or ErrNotAsAsked. What the picture shows only a decoder can tell.
func CheckSample(sample []byte, idr bool) error {
	slices := 0
	for rest := sample; len(rest) > 0; {
		nal, err := firstNAL(rest)
		if err != nil {
			return err
		}
		switch kind := nal[0] & 0x1f; {
		case nal[0]&0x80 != 0 || kind == 0 || kind > 23:
			return fmt.Errorf("NAL unit header %#x: %w", nal[0], ErrMalformed)
		case kind == nalIDR || kind == nalSlice:
			if (kind == nalIDR) != idr {
				return fmt.Errorf("slice of type %d: %w", kind, ErrNotAsAsked)
			}
			slices++
		}
		rest = rest[lengthSize+len(nal):]
	}
	if slices == 0 {
		return fmt.Errorf("sample without a picture: %w", ErrNotAsAsked)
	}
	return nil
}

// firstNAL is the first NAL unit of a sample, without its length.
func firstNAL(sample []byte) ([]byte, error) {
	if len(sample) < lengthSize {
		return nil, fmt.Errorf("sample is cut short: %w", ErrMalformed)
	}
	n := uint64(binary.BigEndian.Uint32(sample))
	if n == 0 || n > uint64(len(sample)-lengthSize) {
		return nil, fmt.Errorf("NAL unit of %d bytes: %w", n, ErrMalformed)
	}
	return sample[lengthSize : lengthSize+n], nil
}
