package sniff

import (
	"bytes"
	"encoding/binary"

	"dropstream/backend/media"
)

// atStart looks for a video's signature at the very start. what is set when the start is that of a container which
// holds something else: an image in ISO BMFF boxes, sound in RIFF.
func atStart(head []byte, size int64) (c media.Container, what string) {
	has := func(at int, sig string) bool {
		return len(head) >= at+len(sig) && string(head[at:at+len(sig)]) == sig
	}
	switch {
	case has(0, "\x1a\x45\xdf\xa3"):
		return ebml(head)
	case has(0, "RIFF") || has(0, "RIFX") || has(0, "RF64"):
		return riff(head, has)
	case has(0, "FLV\x01") && len(head) >= 9 && head[4]&0xfa == 0 && binary.BigEndian.Uint32(head[5:]) >= 9:
		return media.FLV, ""
	case has(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"): // ASF_Header_Object
		return media.ASF, ""
	case has(0, "OggS\x00"):
		return media.Ogg, ""
	case isPackHeader(head):
		return media.MPEGPS, ""
	case isPartitionPack(head):
		return media.MXF, ""
	}
	if c, what = iso(head, size); c != "" || what != "" {
		return c, what
	}
	// Text may have a G at every 188th place; a transport stream is never text.
	if !isText(head) && (packets(head, 0, 188, size) || packets(head, 4, 192, size) || packets(head, 0, 204, size)) {
		return media.MPEGTS, ""
	}
	return "", ""
}

// riff tells AVI from the other kinds of RIFF.
func riff(head []byte, has func(int, string) bool) (c media.Container, what string) {
	switch {
	case has(8, "AVI ") || has(8, "AVIX") || has(8, "AVI\x19") || has(8, "AMV "):
		return media.AVI, ""
	case has(8, "CDXA") && packHeaderIn(head) >= 0: // a Video CD's track, with an MPEG program stream inside
		return media.MPEGPS, ""
	case has(8, "WAVE"):
		return "", sound("WAV")
	case has(8, "WEBP"):
		return "", image("WebP")
	case has(8, "ACON"):
		return "", image("an animated cursor")
	case has(8, "RMID"):
		return "", sound("MIDI")
	default:
		return "", ""
	}
}

// ebml reads the EBML header (RFC 8794 11.2) for its DocType.
func ebml(head []byte) (c media.Container, what string) {
	p := head[4:]
	size, n := vint(p)
	if n == 0 {
		return media.Matroska, ""
	}
	p = p[n:]
	if uint64(len(p)) > size {
		p = p[:size]
	}
	for len(p) > 0 {
		idLen := 1
		for mask := byte(0x80); idLen <= 4 && p[0]&mask == 0; mask >>= 1 {
			idLen++
		}
		if idLen > 4 || len(p) <= idLen {
			break
		}
		id := p[:idLen]
		size, n := vint(p[idLen:])
		p = p[idLen+n:]
		if n == 0 || size > uint64(len(p)) {
			break
		}
		if !bytes.Equal(id, []byte{0x42, 0x82}) { // DocType
			p = p[size:]
			continue
		}
		switch string(bytes.TrimRight(p[:size], "\x00")) {
		case "webm":
			return media.WebM, ""
		case "matroska":
			return media.Matroska, ""
		default:
			return "", "an EBML document of another kind"
		}
	}
	return media.Matroska, "" // no DocType in sight: Matroska was the only one for years
}

// vint reads an EBML data size. n is 0 when there is none.
func vint(p []byte) (v uint64, n int) {
	if len(p) == 0 || p[0] == 0 {
		return 0, 0
	}
	n = 1
	for mask := byte(0x80); p[0]&mask == 0; mask >>= 1 {
		n++
	}
	if len(p) < n {
		return 0, 0
	}
	v = uint64(p[0] & (0xff >> n))
	for _, b := range p[1:n] {
		v = v<<8 | uint64(b)
	}
	return v, n
}

// isPartitionPack says whether p starts with an MXF partition pack's key (SMPTE ST 377-1 6.2.3).
func isPartitionPack(p []byte) bool {
	const prefix = "\x06\x0e\x2b\x34\x02\x05\x01"
	const middle = "\x0d\x01\x02\x01\x01"
	return len(p) >= 16 && string(p[:7]) == prefix && string(p[8:13]) == middle && p[13] >= 2 && p[13] <= 4
}

// isPackHeader says whether p starts with a program stream's pack header, of MPEG-2 or MPEG-1 (ISO/IEC 13818-1
// 2.5.3.3).
func isPackHeader(p []byte) bool {
	return len(p) >= 12 && string(p[:4]) == "\x00\x00\x01\xba" && (p[4]&0xc4 == 0x44 || p[4]&0xf1 == 0x21)
}

// packHeaderIn is where the first pack header in p is, or -1.
func packHeaderIn(p []byte) int {
	for at := 0; ; {
		i := bytes.Index(p[at:], []byte("\x00\x00\x01\xba"))
		if i < 0 {
			return -1
		}
		if at += i; isPackHeader(p[at:]) {
			return at
		}
		at += 4
	}
}

// packets says whether transport stream packets follow each other from start on: four of them, or all of a file that
// has fewer.
func packets(head []byte, start, length int, size int64) bool {
	n := 0
	for at := start; at+4 <= len(head); at += length {
		if !isPacket(head[at:]) {
			return false
		}
		n++
	}
	return n >= 4 || n > 0 && size == int64(len(head)) && size >= int64(length) && size%int64(length) == 0
}

// isPacket says whether p starts with a believable packet header (ISO/IEC 13818-1 2.4.3.2): sync byte, and an
// adaptation field or payload.
func isPacket(p []byte) bool {
	return p[0] == 0x47 && (p[3]&0x30 != 0 || p[1]&0x1f == 0x1f && p[2] == 0xff)
}

// resync looks for streams that were cut: a transport stream that starts inside a packet, a program stream or an MXF
// file with something before its first pack.
func resync(head []byte) media.Container {
	for _, length := range []int{188, 192, 204} {
		for start := 1; start < length; start++ {
			if head[min(start, len(head)-1)] == 0x47 && len(head) >= start+8*length &&
				packets(head, start, length, -1) {
				return media.MPEGTS
			}
		}
	}
	if at := packHeaderIn(head); at >= 0 && len(bytes.Trim(head[:at], "\x00")) == 0 {
		return media.MPEGPS
	}
	// A run-in of up to 64 KB may come before the header partition (ST 377-1 6.5); what fits here is looked at.
	for at := 0; at+16 <= len(head); at++ {
		if head[at] == 0x06 && isPartitionPack(head[at:]) {
			return media.MXF
		}
	}
	return ""
}
