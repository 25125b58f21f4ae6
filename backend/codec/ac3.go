package codec

import "fmt"

// AC3 is what the header of an AC-3 or E-AC-3 frame says (ETSI TS 102 366 4.3, E.1.2).
type AC3 struct {
	Enhanced  bool
	Bytes     int // of the frame
	Rate      int // hertz
	Samples   int // in the frame: 1536, or less in E-AC-3
	Dependent bool
	Substream int
	Channels  int

	fscod, bsid, bsmod, acmod, lfe, rateCode uint32
	channelMap                               uint32
}

var (
	ac3Rates    = [...]int{48_000, 44_100, 32_000}
	ac3Channels = [...]int{2, 1, 2, 3, 3, 4, 4, 5}
	// ac3Kilobits are the bit rates by frmsizecod/2 (table 4.13).
	ac3Kilobits = [...]int{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640}
)

// AC3HeaderBytes is how much of a frame ParseAC3 needs at most.
const AC3HeaderBytes = 24

// ParseAC3 reads the header of a frame of either kind. Errors: ErrMalformed.
func ParseAC3(frame []byte) (AC3, error) {
	if len(frame) < 8 || frame[0] != 0x0b || frame[1] != 0x77 {
		return AC3{}, fmt.Errorf("AC-3 sync word: %w", ErrMalformed)
	}
	const lastAC3, lastEnhanced = 10, 16
	switch bsid := frame[5] >> 3; {
	case bsid <= lastAC3:
		return parseAC3(frame)
	case bsid <= lastEnhanced:
		return parseEAC3(frame)
	default:
		return AC3{}, fmt.Errorf("AC-3 bit stream %d: %w", bsid, ErrMalformed)
	}
}

func parseAC3(frame []byte) (AC3, error) {
	b := bitReader{p: frame, pos: 32}
	h := AC3{Samples: 1536, fscod: b.read(2)}
	size := b.read(6)
	if int(h.fscod) >= len(ac3Rates) || int(size>>1) >= len(ac3Kilobits) {
		return AC3{}, fmt.Errorf("AC-3 rate: %w", ErrMalformed)
	}
	h.Rate, h.rateCode = ac3Rates[h.fscod], size>>1
	words := ac3Kilobits[size>>1] * 96_000 / h.Rate // 16 bits each, in 1536 samples
	if h.fscod == 1 {
		words += int(size & 1)
	}
	h.Bytes = words * 2
	h.bsid, h.bsmod, h.acmod = b.read(5), b.read(3), b.read(3)
	if h.acmod&1 != 0 && h.acmod != 1 {
		b.skip(2) // cmixlev
	}
	if h.acmod&4 != 0 {
		b.skip(2) // surmixlev
	}
	if h.acmod == 2 {
		b.skip(2) // dsurmod
	}
	h.lfe = b.read(1)
	h.Channels = ac3Channels[h.acmod] + int(h.lfe)
	if h.bsid > 8 { // half and quarter rates
		h.Rate >>= h.bsid - 8
	}
	return h, b.err("AC-3 header")
}

func parseEAC3(frame []byte) (AC3, error) {
	b := bitReader{p: frame, pos: 16}
	h := AC3{Enhanced: true, Samples: 1536}
	kind := b.read(2)
	h.Substream, h.Bytes = int(b.read(3)), int(b.read(11)+1)*2
	if h.Dependent = kind == 1; kind == 3 {
		return AC3{}, fmt.Errorf("E-AC-3 stream type: %w", ErrMalformed)
	}
	if h.fscod = b.read(2); h.fscod == 3 {
		half := b.read(2)
		if half == 3 {
			return AC3{}, fmt.Errorf("E-AC-3 rate: %w", ErrMalformed)
		}
		h.Rate = ac3Rates[half] / 2
	} else {
		h.Rate = ac3Rates[h.fscod]
		h.Samples = 256 * [...]int{1, 2, 3, 6}[b.read(2)]
	}
	h.acmod, h.lfe, h.bsid = b.read(3), b.read(1), b.read(5)
	h.Channels = ac3Channels[h.acmod] + int(h.lfe)
	programs := 1
	if h.acmod == 0 { // two programs in one
		programs = 2
	}
	for range programs {
		b.skip(5)     // dialnorm
		if b.flag() { // compr
			b.skip(8)
		}
	}
	if h.Dependent && b.flag() {
		h.channelMap = b.read(16)
	}
	return h, b.err("E-AC-3 header")
}

// DAC3 writes the payload of MP4's dac3 (ETSI TS 102 366 F.4).
func (h AC3) DAC3() []byte {
	var b bitWriter
	b.put(2, h.fscod)
	b.put(5, h.bsid)
	b.put(3, h.bsmod)
	b.put(3, h.acmod)
	b.put(1, h.lfe)
	b.put(5, h.rateCode)
	b.put(5, 0)
	return b.p
}

// maxSubstreams bounds the frames of one E-AC-3 sample: an independent substream and eight that depend on it.
const maxSubstreams = 9

// EAC3 reads the frames that make up one sample of E-AC-3, an independent substream and those that depend on it, and
// writes the payload of MP4's dec3 for them (ETSI TS 102 366 F.6). Errors: ErrMalformed, also for what is rare: more
// than one program, and frames of less than 1536 samples, of which MP4 wants several in one sample.
func EAC3(sample []byte) (first AC3, dec3 []byte, err error) {
	var location, dependent uint32
	size := len(sample)
	for n := 0; len(sample) > 0 || n == 0; n++ {
		h, err := ParseAC3(sample)
		if err != nil {
			return AC3{}, nil, err
		}
		if n == maxSubstreams || !h.Enhanced || h.Bytes > len(sample) || h.Dependent != (n > 0) || h.Samples != 1536 {
			return AC3{}, nil, fmt.Errorf("E-AC-3 sample: %w", ErrMalformed)
		}
		if n == 0 {
			first = h
		} else {
			dependent++
			location |= h.location()
		}
		sample = sample[h.Bytes:]
	}
	var b bitWriter
	b.put(13, uint32(min(1<<13-1, size*8*first.Rate/first.Samples/1000))) // kilobits a second
	b.put(3, 0)                                                           // one independent substream
	b.put(2, first.fscod)
	b.put(5, first.bsid)
	b.put(2, 0) // reserved, asvc
	b.put(3, 0) // bsmod: main, complete
	b.put(3, first.acmod)
	b.put(1, first.lfe)
	b.put(3, 0)
	if b.put(4, dependent); dependent > 0 {
		b.put(9, location)
	} else {
		b.put(1, 0)
	}
	return first, b.p, nil
}

// location is chan_loc (F.6.2.12) of a dependent substream, from its channel map (E.1.3.1.8).
func (h AC3) location() (bits uint32) {
	for i := range 8 { // Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh
		bits |= h.channelMap >> (10 - i) & 1 << i
	}
	return bits | h.channelMap>>1&1<<8 // LFE2
}
