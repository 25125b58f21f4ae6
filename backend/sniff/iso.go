package sniff

import (
	"encoding/binary"
	"strings"

	"dropstream/backend/media"
)

// isoStarts are the boxes that a QuickTime file without ftyp, or one with something before it, may start with; and
// those that a lone segment of a fragmented file starts with.
var isoStarts = map[string]bool{
	"moov": true, "mdat": true, "wide": true, "free": true, "skip": true, "pnot": true, "styp": true, "sidx": true,
	"moof": true, "prft": true, "uuid": true, "emsg": true,
}

// imageBrands are the brands of files whose boxes hold images.
var imageBrands = map[string]string{
	"heic": "HEIC", "heix": "HEIC", "heim": "HEIC", "heis": "HEIC", "hevc": "HEIC", "hevx": "HEIC", "hevm": "HEIC",
	"hevs": "HEIC", "mif1": "HEIF", "mif2": "HEIF", "msf1": "HEIF", "miaf": "HEIF", "avif": "AVIF", "avis": "AVIF",
	"avci": "AVIF", "jpx ": "JPEG 2000", "jp2 ": "JPEG 2000", "jpm ": "JPEG 2000", "jxl ": "JPEG XL", "jxs ": "JPEG XS",
	"crx ": "Canon raw",
}

// iso recognises ISO BMFF and QuickTime by their first boxes.
func iso(head []byte, size int64) (c media.Container, what string) {
	if isText(head) {
		return "", "" // a text may say "free" or "wide" where a box has its name
	}
	for at, n := int64(0), 0; n < 16; n++ {
		typ, body, end, ok := isoBox(head, at, size)
		switch {
		case !ok && n > 0:
			return media.QuickTime, "" // believable boxes so far, and the rest is out of sight
		case !ok:
			return "", ""
		case typ == "ftyp":
			return brand(head, body, min(end, int64(len(head))))
		case !isoStarts[typ]:
			if n == 0 {
				return "", ""
			}
			return media.QuickTime, ""
		case typ == "moov":
			if inner, _, _, ok := isoBox(head, body, size); ok && !isoMovie[inner] {
				return "", ""
			}
			return media.QuickTime, ""
		case typ == "mdat":
			return media.QuickTime, ""
		case typ == "styp" || typ == "moof" || typ == "sidx" || typ == "prft" || typ == "emsg":
			return media.MP4, ""
		}
		at = end
	}
	return media.QuickTime, ""
}

// isoMovie are the boxes that come first in a moov.
var isoMovie = map[string]bool{
	"mvhd": true, "trak": true, "udta": true, "cmov": true, "rmra": true, "mvex": true, "iods": true, "meta": true,
	"prfl": true, "ctab": true, "clip": true, "free": true, "skip": true, "pssh": true, "uuid": true,
}

// isoBox reads the box header at offset at, as far as it is in head. ok is false for what is no box header.
func isoBox(head []byte, at, size int64) (typ string, body, end int64, ok bool) {
	if at < 0 || at+8 > int64(len(head)) {
		return "", 0, 0, false
	}
	length := int64(binary.BigEndian.Uint32(head[at:]))
	typ, body = string(head[at+4:at+8]), at+8
	switch length {
	case 0:
		return typ, body, max(size, body), true
	case 1:
		if at+16 > int64(len(head)) {
			return "", 0, 0, false
		}
		body = at + 16
		length = int64(binary.BigEndian.Uint64(head[at+8:])) //nolint:gosec // a negative one is refused below
	}
	if length < body-at || length > 1<<62 {
		return "", 0, 0, false
	}
	return typ, body, at + length, true
}

// brand reads ftyp (ISO/IEC 14496-12 4.3). Images are refused by their major brand, and by their compatible brands
// where the major one is unknown.
func brand(head []byte, from, to int64) (c media.Container, what string) {
	if to-from < 4 {
		return "", "a damaged file"
	}
	major := string(head[from : from+4])
	if name := imageBrands[major]; name != "" {
		return "", image(name)
	}
	if major == "qt  " {
		return media.QuickTime, ""
	}
	if knownBrand(major) {
		return media.MP4, ""
	}
	imageName := ""
	for at := from + 8; at+4 <= to; at += 4 {
		b := string(head[at : at+4])
		switch {
		case b == "qt  ":
			return media.QuickTime, ""
		case knownBrand(b):
			return media.MP4, ""
		case imageName == "":
			imageName = imageBrands[b]
		}
	}
	if imageName != "" {
		return "", image(imageName)
	}
	return media.MP4, "" // brands are many, and new ones are made
}

// knownBrand says whether a brand is one of films or sound.
func knownBrand(b string) bool {
	for _, p := range []string{
		"iso", "mp4", "avc", "M4", "3g", "f4", "F4", "dash", "cmf", "msnv", "MSNV", "mj", "hvc", "hev", "av01", "XAVC",
		"dby", "ccff", "piff", "mmp", "kddi", "NDS", "vvc",
	} {
		if strings.HasPrefix(b, p) {
			return true
		}
	}
	return false
}
