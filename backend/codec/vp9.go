package codec

import "fmt"

// VP9 is what the uncompressed header of a VP9 frame says (VP9 Bitstream Specification 6.2). All but Profile, Key and
// Shown is 0 for frames that are no keyframes.
type VP9 struct {
	Profile    int
	Key, Shown bool
	BitDepth   int
	ColorSpace int // CS_UNKNOWN 0, CS_BT_601 1, CS_BT_709 2, ... CS_RGB 7
	FullRange  bool
	HalfWidth  bool // chroma planes have half the width
	HalfHeight bool
	Width      int
	Height     int
}

// VP9HeaderBytes is how much of a frame ParseVP9 needs at most.
const VP9HeaderBytes = 16

// ParseVP9 reads the header of a frame, or of the first frame of a superframe. Only VP9HeaderBytes are needed.
// Errors: ErrMalformed.
func ParseVP9(frame []byte) (VP9, error) {
	const marker, syncCode, rgb = 2, 0x498342, 7
	b := bitReader{p: frame}
	var h VP9
	if b.read(2) != marker {
		return h, fmt.Errorf("VP9 frame marker: %w", ErrMalformed)
	}
	h.Profile = int(b.read(1) | b.read(1)<<1)
	if h.Profile == 3 {
		b.skip(1)
	}
	if b.flag() { // show_existing_frame
		h.Shown = true
		return h, b.err("VP9 header")
	}
	h.Key, h.Shown = !b.flag(), b.flag()
	b.skip(1) // error_resilient_mode
	if !h.Key {
		return h, b.err("VP9 header")
	}
	if b.read(24) != syncCode {
		return h, fmt.Errorf("VP9 sync code: %w", ErrMalformed)
	}
	h.BitDepth = 8
	if h.Profile >= 2 {
		if h.BitDepth = 10; b.flag() {
			h.BitDepth = 12
		}
	}
	h.ColorSpace = int(b.read(3))
	odd := h.Profile&1 != 0 // other subsampling than 4:2:0
	if h.ColorSpace == rgb {
		if h.FullRange = true; !odd {
			return h, fmt.Errorf("VP9 profile %d with RGB: %w", h.Profile, ErrMalformed)
		}
		b.skip(1)
	} else {
		h.FullRange, h.HalfWidth, h.HalfHeight = b.flag(), true, true
		if odd {
			h.HalfWidth, h.HalfHeight = b.flag(), b.flag()
			b.skip(1)
		}
	}
	h.Width, h.Height = int(b.read(16))+1, int(b.read(16))+1
	return h, b.err("VP9 header")
}

func (b *bitReader) err(what string) error {
	if b.fail {
		return fmt.Errorf("%s is cut short: %w", what, ErrMalformed)
	}
	return nil
}

// vp9Levels are what each level allows (VP9 Bitstream Specification annex A): luma samples a second and in a picture.
var vp9Levels = [...]struct {
	level         int
	rate, picture int64
}{
	{10, 829_440, 36_864},
	{11, 2_764_800, 73_728},
	{20, 4_608_000, 122_880},
	{21, 9_216_000, 245_760},
	{30, 20_736_000, 552_960},
	{31, 36_864_000, 983_040},
	{40, 83_558_400, 2_228_224},
	{41, 160_432_128, 2_228_224},
	{50, 311_951_360, 8_912_896},
	{51, 588_251_136, 8_912_896},
	{52, 1_176_502_272, 8_912_896},
	{60, 1_176_502_272, 35_651_584},
	{61, 2_353_004_544, 35_651_584},
}

// VP9Level is the level, times ten, that pictures of a size need at so many frames in den seconds. An unknown rate
// counts as 30 a second.
func VP9Level(width, height int, frames, den int64) int {
	if frames <= 0 || den <= 0 || frames/den > 1000 {
		frames, den = 30, 1
	}
	picture := int64(width) * int64(height)
	for _, l := range vp9Levels {
		if picture <= l.picture && picture*frames/den <= l.rate {
			return l.level
		}
	}
	return 62
}
