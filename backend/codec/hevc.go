package codec

// HEVCType is the type of an HEVC NAL unit, from the first byte of its header (ITU-T H.265 7.3.1.2).
func HEVCType(header byte) int { return int(header >> 1 & 0x3f) }

// HEVCSlice says whether NAL units of a type hold a slice of a picture (ITU-T H.265 table 7-1).
func HEVCSlice(nalType int) bool { return nalType < 32 }

// HEVCRandomAccess says whether decoding can start at a picture whose slices are of a type: BLA, IDR and CRA pictures,
// together IRAP (ITU-T H.265 table 7-1). Pictures that are decoded after a CRA and shown before it may need earlier
// ones; they are left out by a decoder that starts there.
func HEVCRandomAccess(nalType int) bool { return nalType >= 16 && nalType <= 21 }
