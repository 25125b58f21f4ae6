package ffmpeg

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strings"

	"dropstream/backend/media"
)

// hexDump reads the bytes of a dump as ffprobe prints it, lines of "00000010: 05be 5f01  ..text..".
func hexDump(s scalar) []byte {
	var out []byte
	for row := range strings.Lines(string(s)) {
		_, row, ok := strings.Cut(row, ": ")
		if !ok {
			continue
		}
		row, _, _ = strings.Cut(row, "  ") // the same as text follows two spaces
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(row), " ", ""))
		if err != nil {
			return nil
		}
		out = append(out, b...)
	}
	return out
}

// codecString is a track's RFC 6381 codec, from its codec's own header (extradata); "" where that does not say.
func codecString(t media.Track, extra []byte) string {
	switch t.Codec {
	case media.H264:
		return avcString(extra)
	case media.HEVC:
		return hevcString(t.CodecTag, extra)
	case media.AV1:
		return av1String(extra)
	case media.AAC:
		return aacString(extra)
	case media.AC3:
		return "ac-3"
	case media.EAC3:
		return "ec-3"
	case media.Opus:
		return "opus"
	case media.FLAC:
		return "flac"
	case media.MP3:
		return "mp4a.40.34"
	default:
		return ""
	}
}

// avcString is RFC 6381 3.3: profile_idc, the constraint flags and level_idc in hexadecimal, from avcC (ISO/IEC
// 14496-15 5.3.3.1) or from an SPS between start codes.
func avcString(extra []byte) string {
	if len(extra) >= 4 && extra[0] == 1 {
		return fmt.Sprintf("avc1.%02x%02x%02x", extra[1], extra[2], extra[3])
	}
	if sps := annexB(extra, func(head byte) bool { return head&0x1f == 7 }); len(sps) >= 4 {
		return fmt.Sprintf("avc1.%02x%02x%02x", sps[1], sps[2], sps[3])
	}
	return ""
}

// hevcString is ISO/IEC 14496-15 annex E.3, from hvcC (8.3.3.1.2) or from the profile_tier_level of an SPS between
// start codes: both hold the same twelve bytes.
func hevcString(tag string, extra []byte) string {
	var ptl []byte
	switch sps := annexB(extra, func(head byte) bool { return head>>1&0x3f == 33 }); {
	case len(extra) >= 13 && extra[0] == 1:
		ptl = extra[1:13]
	case len(sps) >= 15:
		ptl = sps[3:15] // after the NAL unit's header and one byte of identifiers
	default:
		return ""
	}
	if tag != "hev1" {
		tag = "hvc1"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s.", tag)
	if space := ptl[0] >> 6; space > 0 {
		b.WriteByte('A' + space - 1)
	}
	flags := uint32(ptl[1])<<24 | uint32(ptl[2])<<16 | uint32(ptl[3])<<8 | uint32(ptl[4])
	tier := 'L'
	if ptl[0]&0x20 != 0 {
		tier = 'H'
	}
	fmt.Fprintf(&b, "%d.%x.%c%d", ptl[0]&0x1f, bits.Reverse32(flags), tier, ptl[11])
	for _, c := range bytes.TrimRight(ptl[5:11], "\x00") {
		fmt.Fprintf(&b, ".%x", c)
	}
	return b.String()
}

// av1String is the AV1 codec ISO media file format binding, section 5, from av1C: profile, level and tier, depth.
func av1String(extra []byte) string {
	if len(extra) < 4 || extra[0] != 0x81 {
		return ""
	}
	profile, level := extra[1]>>5, extra[1]&0x1f
	tier := 'M'
	if extra[2]&0x80 != 0 {
		tier = 'H'
	}
	depth := 8
	switch high, twelve := extra[2]&0x40 != 0, extra[2]&0x20 != 0; {
	case high && twelve:
		depth = 12
	case high:
		depth = 10
	}
	return fmt.Sprintf("av01.%d.%02d%c.%02d", profile, level, tier, depth)
}

// aacString is RFC 6381 3.3: the audio object type from the AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). AAC in
// a transport stream has none; it is as good as always LC.
func aacString(extra []byte) string {
	if len(extra) < 2 {
		return "mp4a.40.2"
	}
	object := int(extra[0] >> 3)
	if object == 31 { // escaped: six more bits
		object = 32 + int(extra[0]&7)<<3 + int(extra[1]>>5)
	}
	if object == 0 {
		return "mp4a.40.2"
	}
	return fmt.Sprintf("mp4a.40.%d", object)
}

// annexB is the first NAL unit, without emulation prevention, whose first byte is wanted, in a byte stream with
// start codes (ISO/IEC 14496-10 annex B); nil when there is none.
func annexB(stream []byte, want func(head byte) bool) []byte {
	if !bytes.HasPrefix(stream, []byte{0, 0, 1}) && !bytes.HasPrefix(stream, []byte{0, 0, 0, 1}) {
		return nil
	}
	for nal := range bytes.SplitSeq(stream, []byte{0, 0, 1}) {
		if len(nal) > 0 && want(nal[0]) {
			return bytes.ReplaceAll(nal, []byte{0, 0, 3}, []byte{0, 0})
		}
	}
	return nil
}
