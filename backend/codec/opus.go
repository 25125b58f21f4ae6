package codec

import (
	"encoding/binary"
	"fmt"
)

// OpusRate is the sample rate that Opus always decodes to, hertz.
const OpusRate = 48_000

// Opus is the configuration of an Opus track: the same in OpusHead (RFC 7845 5.1) and in dOps (Encapsulation of Opus
// in ISO Base Media File Format 4.3.2), in other byte orders.
type Opus struct {
	Channels  int
	PreSkip   int // samples at 48 kHz that a decoder drops at the start
	InputRate uint32
	Gain      uint16
	Family    byte // channel mapping family
	Streams   int  // 1 in family 0
	Coupled   int  // how many of them are of two channels; they come first
	Mapping   []byte
}

// ParseOpusHead reads OpusHead, Matroska's CodecPrivate. Errors: ErrMalformed.
func ParseOpusHead(p []byte) (Opus, error) {
	const magic = "OpusHead"
	if len(p) < len(magic)+11 || string(p[:len(magic)]) != magic || p[len(magic)]>>4 != 0 {
		return Opus{}, fmt.Errorf("OpusHead of %d bytes: %w", len(p), ErrMalformed)
	}
	return parseOpus(p[len(magic):], binary.LittleEndian)
}

// ParseDOps reads the payload of MP4's dOps. Errors: ErrMalformed.
func ParseDOps(p []byte) (Opus, error) {
	if len(p) < 11 || p[0] != 0 {
		return Opus{}, fmt.Errorf("dOps of %d bytes: %w", len(p), ErrMalformed)
	}
	return parseOpus(p, binary.BigEndian)
}

func parseOpus(p []byte, order binary.ByteOrder) (Opus, error) {
	o := Opus{
		Channels: int(p[1]), PreSkip: int(order.Uint16(p[2:])), InputRate: order.Uint32(p[4:]),
		Gain: order.Uint16(p[8:]), Family: p[10], Streams: 1,
	}
	if o.Family == 0 {
		if o.Coupled = o.Channels - 1; o.Channels < 1 || o.Channels > 2 {
			return Opus{}, fmt.Errorf("Opus with %d channels: %w", o.Channels, ErrMalformed)
		}
		return o, nil
	}
	if o.Channels == 0 || len(p) < 13+o.Channels {
		return Opus{}, fmt.Errorf("Opus channel mapping: %w", ErrMalformed)
	}
	o.Streams, o.Coupled, o.Mapping = int(p[11]), int(p[12]), p[13:13+o.Channels]
	if o.Streams == 0 || o.Coupled > o.Streams || o.Streams+o.Coupled > 255 {
		return Opus{}, fmt.Errorf("Opus with %d streams, %d coupled: %w", o.Streams, o.Coupled, ErrMalformed)
	}
	return o, nil
}

// DOps writes the payload of dOps.
func (o Opus) DOps() []byte {
	p := []byte{0, byte(o.Channels)}
	p = binary.BigEndian.AppendUint16(p, uint16(o.PreSkip))
	p = binary.BigEndian.AppendUint32(p, o.InputRate)
	p = binary.BigEndian.AppendUint16(p, o.Gain)
	if p = append(p, o.Family); o.Family != 0 {
		p = append(append(p, byte(o.Streams), byte(o.Coupled)), o.Mapping...)
	}
	return p
}

// OpusSamples is how many samples at 48 kHz a packet holds, from its first two bytes (RFC 6716 3.1); 0 when they make
// no sense. No packet is longer than 120 ms.
func OpusSamples(packet []byte) int {
	if len(packet) == 0 {
		return 0
	}
	config := int(packet[0] >> 3)
	var samples int
	switch {
	case config < 12:
		samples = [...]int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		samples = [...]int{480, 960}[config&1]
	default:
		samples = [...]int{120, 240, 480, 960}[config&3]
	}
	count := 1
	switch packet[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		count = int(packet[1] & 0x3f)
	}
	if samples *= count; samples > 5760 {
		return 0
	}
	return samples
}

// Silence makes a packet of so many samples of silence; nil for a length that no packet has.
func (o Opus) Silence(samples int) []byte {
	config, count := -1, 1
	for i, n := range [...]int{120, 240, 480, 960} { // CELT, full band
		if samples == n {
			config = 28 + i
		}
	}
	if config < 0 {
		const longest = 960
		if config, count = 31, samples/longest; samples%longest != 0 || count < 1 || count > 6 {
			return nil
		}
	}
	var packet []byte
	for i := range o.Streams { // all streams but the last are self-delimited (RFC 6716 appendix B)
		toc := byte(config << 3)
		if i < o.Coupled {
			toc |= 4
		}
		if count == 1 {
			packet = append(packet, toc)
		} else {
			packet = append(packet, toc|3, byte(count))
		}
		if i+1 < o.Streams {
			packet = append(packet, 2)
		}
		for range count {
			packet = append(packet, 0xff, 0xfe) // the range coder's way of saying silence
		}
	}
	return packet
}
