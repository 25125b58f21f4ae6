package fmp4

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// hvcC is a record with one parameter set of each kind.
func hvcC(kinds ...byte) []byte {
	p := make([]byte, 0, 23+8*len(kinds))
	p = append(p, 1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f)
	p = append(p, byte(len(kinds)))
	for _, k := range kinds {
		p = append(p, k, 0, 1, 0, 3, k<<1, 1, 0)
	}
	return p
}

func TestPictureEntry(t *testing.T) {
	vp9 := []byte{1, 0, 0, 0, 2, 51, 0xa2, 9, 16, 9, 0, 0}
	hdr := Colour{Primaries: 9, Transfer: 16, Matrix: 9}
	for want, p := range map[string]Picture{
		"hvc1.1.6.L93.90": {Kind: "hvc1", Config: hvcC(32, 33, 34), Colour: hdr, Light: []byte{3, 232, 0, 200}},
		"av01.0.05M.10":   {Kind: "av01", Config: []byte{0x81, 0x05, 0x4c, 0}, Colour: Colour{1, 1, 1, true}},
		"vp09.02.51.10":   {Kind: "vp09", Config: vp9, Mastering: make([]byte, masteringBytes)},
		"avc1.64001f":     {Kind: "avc1", Config: []byte{1, 100, 0, 31, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68}},
		"avc3.64001f":     {Kind: "avc3", Config: []byte{1, 100, 0, 31, 0xff, 0xe0, 0}},
	} {
		p.Width, p.Height, p.Aspect = 3840, 2160, media.Rational{Num: 4, Den: 3}
		entry, err := p.Entry()
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if got := p.CodecString(); got != want {
			t.Errorf("codec is %q, want %q", got, want)
		}
		again, err := ParsePicture(entry)
		if err != nil {
			t.Errorf("%s: %v", want, err)
		}
		if d := cmp.Diff(p, again); d != "" {
			t.Errorf("%s is read back as another:\n%s", want, d)
		}
	}
}

// TestSourceEntryBecomesOurs: another name for the same, QuickTime's colour, and boxes that nobody needs.
func TestSourceEntryBecomesOurs(t *testing.T) {
	p := Picture{Kind: "hvc1", Config: hvcC(32, 33, 34), Width: 64, Height: 36}
	entry, err := p.Entry()
	if err != nil {
		t.Fatal(err)
	}
	copy(entry[4:], "hev1")
	copy(entry[50:], "\x07encoder")
	entry = appendBox(entry, "colr", append([]byte("nclc"), 0, 9, 0, 18, 0, 9)...)
	entry = appendBox(entry, "dvcC", make([]byte, 24)...)
	entry = append(endBox(entry), 0, 0, 0, 0)
	got, err := ParsePicture(endBox(entry))
	p.Colour = Colour{Primaries: 9, Transfer: 18, Matrix: 9}
	if d := cmp.Diff(p, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestPictureNobodyCouldStartWithIsRefused(t *testing.T) {
	for name, p := range map[string]Picture{
		"no VPS":         {Kind: "hvc1", Config: hvcC(33, 34)},
		"none at all":    {Kind: "hvc1", Config: hvcC()},
		"cut short":      {Kind: "hvc1", Config: hvcC(32, 33, 34)[:40]},
		"no av1C":        {Kind: "av01"},
		"vpcC version 0": {Kind: "vp09", Config: make([]byte, 12)},
		"MPEG-4":         {Kind: "mp4v", Config: []byte{1, 2, 3}},
		"avc1 of avc3":   {Kind: "avc1", Config: []byte{1, 100, 0, 31, 0xff, 0xe0, 0}},
	} {
		p.Width, p.Height = 64, 36
		if entry, err := p.Entry(); err == nil {
			t.Errorf("%s became %q", name, entry)
		}
		if got := p.CodecString(); got != "" {
			t.Errorf("%s has a codec: %q", name, got)
		}
	}
	if _, err := (Picture{Kind: "av01", Config: []byte{0x81, 0, 0, 0}, Width: 1 << 16, Height: 1}).Entry(); err == nil {
		t.Error("a picture wider than an entry can say was taken")
	}
}

// FuzzPicture: no entry of a source panics, and what is made of one is a whole box of our own kinds.
func FuzzPicture(f *testing.F) {
	for _, p := range []Picture{
		{Kind: "hvc1", Config: hvcC(32, 33, 34), Width: 1, Height: 1, Light: make([]byte, 4)},
		{Kind: "av01", Config: []byte{0x81, 5, 0x4c, 0, 0x0a, 0}, Width: 1, Height: 1},
		{Kind: "vp09", Config: []byte{1, 0, 0, 0, 2, 51, 0xa2, 9, 16, 9, 0, 0}, Width: 1, Height: 1},
	} {
		entry, err := p.Entry()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = VP9Config(b, media.Rational{Num: 30, Den: 1})
		p, err := ParsePicture(b)
		if err != nil {
			return
		}
		_ = p.CodecString()
		entry, err := p.Entry()
		if err != nil {
			return
		}
		if int(binary.BigEndian.Uint32(entry)) != len(entry) || !bytes.Contains(entry[4:8], []byte(p.Kind)) {
			t.Errorf("entry %x", entry)
		}
	})
}
