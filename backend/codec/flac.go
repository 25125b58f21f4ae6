package codec

import (
	"encoding/binary"
	"fmt"
)

// FLAC is what STREAMINFO says of a stream (RFC 9639 8.2).
type FLAC struct {
	Info               []byte // STREAMINFO itself, 34 bytes
	MinBlock, MaxBlock int    // samples in a frame
	Rate               int    // hertz
	Channels           int
	Bits               int // per sample
}

// flacInfoBytes is the length of STREAMINFO.
const flacInfoBytes = 34

// ParseFLAC reads the metadata blocks after four bytes: "fLaC" in Matroska's CodecPrivate, version and flags in the
// payload of MP4's dfLa. Errors: ErrMalformed.
func ParseFLAC(config []byte) (FLAC, error) {
	const before = 4 + 4
	if len(config) < before+flacInfoBytes || config[4]&0x7f != 0 || string(config[5:8]) != "\x00\x00\x22" {
		return FLAC{}, fmt.Errorf("FLAC configuration of %d bytes: %w", len(config), ErrMalformed)
	}
	p := config[before : before+flacInfoBytes]
	packed := binary.BigEndian.Uint64(p[10:])
	f := FLAC{
		Info: p, MinBlock: int(binary.BigEndian.Uint16(p)), MaxBlock: int(binary.BigEndian.Uint16(p[2:])),
		Rate: int(packed >> 44), Channels: int(packed>>41&7) + 1, Bits: int(packed>>36&31) + 1,
	}
	if f.MinBlock < 16 || f.MaxBlock < f.MinBlock || f.Rate == 0 || f.Bits < 4 {
		return FLAC{}, fmt.Errorf("FLAC blocks of %d to %d: %w", f.MinBlock, f.MaxBlock, ErrMalformed)
	}
	return f, nil
}

// FLACHeaderBytes is how much of a frame ParseFLACFrame needs at most.
const FLACHeaderBytes = 16

// ParseFLACFrame gives how many samples a frame holds, from its header (RFC 9639 9.1). Errors: ErrMalformed.
func ParseFLACFrame(frame []byte) (samples int, err error) {
	if len(frame) < 5 || frame[0] != 0xff || frame[1]&0xfe != 0xf8 {
		return 0, fmt.Errorf("FLAC frame sync: %w", ErrMalformed)
	}
	code := frame[2] >> 4
	number := 1 // bytes of the coded number, 9.1.5
	for first := frame[4]; first >= 0xc0 && number < 7; first <<= 1 {
		number++
	}
	rest := frame[min(len(frame), 4+number):]
	switch {
	case code == 1:
		return 192, nil
	case code >= 2 && code <= 5:
		return 144 << code, nil
	case code == 6 && len(rest) >= 1:
		return int(rest[0]) + 1, nil
	case code == 7 && len(rest) >= 2:
		return int(binary.BigEndian.Uint16(rest)) + 1, nil
	case code >= 8:
		return 1 << code, nil
	}
	return 0, fmt.Errorf("FLAC block size: %w", ErrMalformed)
}

// Silence makes a frame of so many samples of silence: constant subframes (RFC 9639 9.2.3).
func (f FLAC) Silence(samples int) []byte {
	if samples < 1 || samples > 1<<16 {
		return nil
	}
	const blockSize16 = 7
	p := []byte{0xff, 0xf8, blockSize16 << 4, byte(f.Channels-1) << 4, 0} // rate and bits: as STREAMINFO says
	p = binary.BigEndian.AppendUint16(p, uint16(samples-1))
	p = append(p, crc8(p))
	b := bitWriter{p: p}
	for range f.Channels {
		b.put(8, 0) // constant, no wasted bits
		b.put(f.Bits, 0)
	}
	return binary.BigEndian.AppendUint16(b.p, crc16(b.p))
}

// crc8 is the checksum of a frame's header, polynomial x^8 + x^2 + x + 1.
func crc8(p []byte) (crc byte) {
	for _, v := range p {
		crc ^= v
		for range 8 {
			high := crc&0x80 != 0
			if crc <<= 1; high {
				crc ^= 0x07
			}
		}
	}
	return crc
}

// crc16 is the checksum of a frame, polynomial x^16 + x^15 + x^2 + 1.
func crc16(p []byte) (crc uint16) {
	for _, v := range p {
		crc ^= uint16(v) << 8
		for range 8 {
			high := crc&0x8000 != 0
			if crc <<= 1; high {
				crc ^= 0x8005
			}
		}
	}
	return crc
}
