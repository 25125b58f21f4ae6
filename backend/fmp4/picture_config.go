package fmp4

import (
	"fmt"

	"dropstream/backend/codec"
	"dropstream/backend/media"
)

// VP9Config makes the payload of vpcC (VP Codec ISO Media File Format Binding 2) from the header of a keyframe, and
// gives the colour that the header names, where it does. Rate is that of the frames. Errors: ErrMalformed.
func VP9Config(key []byte, rate media.Rational) (config []byte, c Colour, err error) {
	h, err := codec.ParseVP9(key)
	if err != nil || !h.Key {
		return nil, Colour{}, fmt.Errorf("read VP9 keyframe: %w", ErrMalformed)
	}
	const colocated = 1
	chroma := colocated
	switch {
	case !h.HalfWidth:
		chroma = 3 // 4:4:4
	case !h.HalfHeight:
		chroma = 2 // 4:2:2
	}
	c = vp9Colours[h.ColorSpace]
	c.FullRange = h.FullRange
	depth := byte(h.BitDepth<<4 | chroma<<1)
	if h.FullRange {
		depth |= 1
	}
	named := c
	if named.Primaries == 0 {
		named = Colour{Primaries: 2, Transfer: 2, Matrix: 2}
	}
	level := codec.VP9Level(h.Width, h.Height, rate.Num, rate.Den)
	return []byte{
		1, 0, 0, 0, // version and flags
		byte(h.Profile), byte(level), depth, byte(named.Primaries), byte(named.Transfer), byte(named.Matrix), 0, 0,
	}, c, nil
}

// vp9Colours are the color spaces of VP9's header (VP9 Bitstream Specification 7.2.2) as code points.
var vp9Colours = [8]Colour{
	1: {Primaries: 5, Transfer: 6, Matrix: 5}, 2: {Primaries: 1, Transfer: 1, Matrix: 1},
	3: {Primaries: 6, Transfer: 6, Matrix: 6}, 4: {Primaries: 7, Transfer: 7, Matrix: 7},
	5: {Primaries: 9, Transfer: 14, Matrix: 9}, 7: {Primaries: 1, Transfer: 13, Matrix: 0},
}
