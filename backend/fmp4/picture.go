package fmp4

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/Eyevinn/mp4ff/av1"
	"github.com/Eyevinn/mp4ff/hevc"

	"dropstream/backend/media"
)

// Colour is a colr box of the kind nclx: code points of ISO/IEC 23091-2 (ISO/IEC 14496-12 §12.1.5).
type Colour struct {
	Primaries, Transfer, Matrix uint16 // 0: not stated, and so no box; 2 is how the standard says unspecified
	FullRange                   bool
}

// Picture is what the sample entry of a passed-through video track is made of.
type Picture struct {
	Kind          string         // of the entry: avc1, avc3, hvc1, av01, vp09
	Config        []byte         // payload of avcC, hvcC, av1C or vpcC
	Width, Height int            // of the coded picture after cropping
	Aspect        media.Rational // of a pixel; zero is square
	Colour        Colour
	Mastering     []byte // payload of mdcv (§12.1.7), the mastering display's colour volume; nil for none
	Light         []byte // payload of clli (§12.1.6), the content's light levels; nil for none
}

// Lengths of the payloads of mdcv and clli.
const (
	masteringBytes = 24
	lightBytes     = 4
)

// configBoxes name the box of the configuration by the kind of entry.
var configBoxes = map[string]string{"avc1": "avcC", "avc3": "avcC", "hvc1": "hvcC", "av01": "av1C", "vp09": "vpcC"}

// pictureKinds are the kinds of entry that a source's kinds become. What is in a Dolby Vision entry plays as the HEVC
// or H.264 that it also is, where its profile has such a base, which is for the caller to know.
var pictureKinds = map[string]string{
	"avc1": "avc1", "avc3": "avc3", "dvav": "avc3", "dva1": "avc1", "hvc1": "hvc1", "hev1": "hvc1", "dvh1": "hvc1",
	"dvhe": "hvc1", "av01": "av01", "dav1": "av01", "vp09": "vp09",
}

// ParsePicture reads a source's visual sample entry. Errors: ErrMalformed, also for kinds that are not passed through.
func ParsePicture(entry []byte) (Picture, error) {
	if err := checkVisual(entry); err != nil {
		return Picture{}, err
	}
	p := Picture{
		Kind:  pictureKinds[string(entry[4:8])],
		Width: int(binary.BigEndian.Uint16(entry[32:])), Height: int(binary.BigEndian.Uint16(entry[34:])),
	}
	err := eachChild(entry[visualHeader:], func(name string, whole []byte) {
		body := whole[8:]
		switch {
		case name == configBoxes[p.Kind] && p.Config == nil:
			p.Config = body
		case name == "pasp" && len(body) >= 8:
			p.Aspect.Num = int64(binary.BigEndian.Uint32(body))
			p.Aspect.Den = int64(binary.BigEndian.Uint32(body[4:]))
		case name == "colr":
			p.Colour.read(body)
		case name == "mdcv" && len(body) == masteringBytes:
			p.Mastering = body
		case name == "clli" && len(body) == lightBytes:
			p.Light = body
		}
	})
	return p, err
}

// read takes an nclx, or QuickTime's nclc, which has no range. Others are for printers.
func (c *Colour) read(colr []byte) {
	if len(colr) < 10 || string(colr[:4]) != "nclx" && string(colr[:4]) != "nclc" {
		return
	}
	c.Primaries = binary.BigEndian.Uint16(colr[4:])
	c.Transfer = binary.BigEndian.Uint16(colr[6:])
	c.Matrix = binary.BigEndian.Uint16(colr[8:])
	c.FullRange = string(colr[:4]) == "nclx" && len(colr) > 10 && colr[10]&0x80 != 0
}

// check says whether the configuration is one that players can start with.
func (p Picture) check() error {
	var err error
	switch p.Kind {
	case "avc1":
		err = checkAVC(p.Config)
	case "avc3": // its parameter sets are in its samples
		if len(p.Config) < 7 || p.Config[0] != 1 {
			err = fmt.Errorf("avcC of %d bytes: %w", len(p.Config), ErrMalformed)
		}
	case "hvc1":
		err = checkHEVC(p.Config)
	case "av01":
		if len(p.Config) < 4 || p.Config[0] != 0x81 {
			err = fmt.Errorf("av1C of %d bytes: %w", len(p.Config), ErrMalformed)
		}
	case "vp09":
		if len(p.Config) < 12 || p.Config[0] != 1 {
			err = fmt.Errorf("vpcC of %d bytes: %w", len(p.Config), ErrMalformed)
		}
	default:
		err = fmt.Errorf("sample entry of kind %q: %w", p.Kind, ErrMalformed)
	}
	if err == nil && (p.Width < 1 || p.Width > 1<<16-1 || p.Height < 1 || p.Height > 1<<16-1 || len(p.Config) > 1<<16) {
		err = fmt.Errorf("picture of %d×%d: %w", p.Width, p.Height, ErrMalformed)
	}
	return err
}

// Entry makes the sample entry: a VisualSampleEntry (ISO/IEC 14496-12 §12.1.3) with the boxes that players need.
// Errors: ErrMalformed for a configuration that nobody could start with.
func (p Picture) Entry() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	entry := appendBox(visualEntry(p.Kind, p.Width, p.Height), configBoxes[p.Kind], p.Config...)
	if c := p.Colour; c.Primaries != 0 {
		colr := binary.BigEndian.AppendUint16([]byte("nclx"), c.Primaries)
		colr = binary.BigEndian.AppendUint16(colr, c.Transfer)
		colr = append(binary.BigEndian.AppendUint16(colr, c.Matrix), 0)
		if c.FullRange {
			colr[10] = 0x80
		}
		entry = appendBox(entry, "colr", colr...)
	}
	if len(p.Mastering) == masteringBytes {
		entry = appendBox(entry, "mdcv", p.Mastering...)
	}
	if len(p.Light) == lightBytes {
		entry = appendBox(entry, "clli", p.Light...)
	}
	if p.Aspect.Valid() && p.Aspect.Num < 1<<32 && p.Aspect.Den < 1<<32 {
		pasp := binary.BigEndian.AppendUint32(nil, uint32(p.Aspect.Num))
		entry = appendBox(entry, "pasp", binary.BigEndian.AppendUint32(pasp, uint32(p.Aspect.Den))...)
	}
	return endBox(entry), nil
}

// visualEntry begins a VisualSampleEntry, before its child boxes.
func visualEntry(kind string, width, height int) []byte {
	entry := make([]byte, visualHeader, visualHeader+512)
	copy(entry[4:], kind)
	binary.BigEndian.PutUint16(entry[14:], 1) // data_reference_index
	binary.BigEndian.PutUint16(entry[32:], uint16(width))
	binary.BigEndian.PutUint16(entry[34:], uint16(height))
	binary.BigEndian.PutUint32(entry[36:], 72<<16) // pixels per inch
	binary.BigEndian.PutUint32(entry[40:], 72<<16)
	binary.BigEndian.PutUint16(entry[48:], 1)      // frame_count
	binary.BigEndian.PutUint16(entry[82:], 24)     // depth
	binary.BigEndian.PutUint16(entry[84:], 0xffff) // pre_defined
	return entry
}

// CodecString is the codec for CODECS (RFC 6381 and the codecs' own bindings), from the configuration; "" when it
// cannot be told.
func (p Picture) CodecString() string {
	if p.check() != nil {
		return ""
	}
	c := p.Config
	switch p.Kind {
	case "hvc1":
		rec, err := hevc.DecodeHEVCDecConfRec(c)
		if err != nil {
			return ""
		}
		s := hevc.CodecString(p.Kind, &hevc.SPS{ProfileTierLevel: hevc.ProfileTierLevel{
			GeneralProfileSpace: rec.GeneralProfileSpace, GeneralTierFlag: rec.GeneralTierFlag,
			GeneralProfileIDC: rec.GeneralProfileIDC, GeneralLevelIDC: rec.GeneralLevelIDC,
			GeneralProfileCompatibilityFlags: rec.GeneralProfileCompatibilityFlags,
			GeneralConstraintIndicatorFlags:  rec.GeneralConstraintIndicatorFlags,
		}})
		return strings.TrimRight(s, ".")
	case "av01":
		rec, err := av1.DecodeAV1CodecConfRec(c)
		if err != nil {
			return ""
		}
		return rec.CodecString(p.Kind)
	case "vp09":
		return fmt.Sprintf("vp09.%02d.%02d.%02d", c[4], c[5], c[6]>>4)
	default:
		return fmt.Sprintf("%s.%02x%02x%02x", p.Kind, c[1], c[2], c[3])
	}
}
