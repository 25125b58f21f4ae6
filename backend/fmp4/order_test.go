package fmp4

import (
	"bytes"
	"testing"
)

func TestEscape(t *testing.T) {
	raw := []byte{0, 0, 0, 0, 0, 1, 7, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0}
	escaped := []byte{0, 0, 3, 0, 0, 3, 0, 1, 7, 0, 0, 3, 2, 0, 0, 3, 3, 0, 0, 4, 0, 0}
	if got := escape(raw); !bytes.Equal(got, escaped) {
		t.Errorf("escaped %x", got)
	}
	if got := unescape(escaped); !bytes.Equal(got, raw) {
		t.Errorf("unescaped %x", got)
	}
}

// TestKeyframeOrder numbers a slice whose count stands in the bits 19 to 22: 8 of the header, 3 of its Exp-Golomb
// codes, 8 of frame_num.
func TestKeyframeOrder(t *testing.T) {
	slice := append([]byte{0, 0, 0, 30, 0x61, 0xff, 0xff}, bytes.Repeat([]byte{0xee}, 27)...)
	o := &KeyframeOrder{lengthSize: 4, frameBits: 8, orderBits: 4}
	for i, want := range []byte{4, 8, 12, 0, 4} {
		got := o.Next(slice)
		if len(got) != len(slice) || (uint(got[6])<<8|uint(got[7]))>>9&0xf != uint(want) {
			t.Errorf("picture %d: %x, want count %d", i, got[4:10], want)
		}
		if !bytes.Equal(got[8:], slice[8:]) || got[5] != slice[5] || got[6]|0x1f != 0xff || got[7]&1 != slice[7]&1 {
			t.Errorf("picture %d: %x: more than the count has changed", i, got)
		}
	}
	idr := []byte{0, 0, 0, 2, 0x65, 0x88}
	if got := o.Next(idr); !bytes.Equal(got, idr) || o.count != 0 {
		t.Errorf("IDR picture %x, count %d", got, o.count)
	}
	for _, odd := range [][]byte{nil, {0}, {0, 0, 0, 9, 0x61}, {0, 0, 0, 1, 0x61}, {0, 0, 0, 0}} {
		if got := o.Next(odd); !bytes.Equal(got, odd) {
			t.Errorf("%x became %x", odd, got)
		}
	}
	if got := NewKeyframeOrder([]byte{1, 2}).Next(slice); !bytes.Equal(got, slice) {
		t.Error("changed without a configuration")
	}
}

func FuzzKeyframeOrder(f *testing.F) {
	f.Add([]byte{1, 0x64, 0, 0x1f, 0xff, 0xe0, 0}, []byte{0, 0, 0, 2, 0x61, 0x88})
	f.Fuzz(func(_ *testing.T, record, sample []byte) {
		NewKeyframeOrder(record).Next(sample)
		(&KeyframeOrder{lengthSize: 2, frameBits: 4, orderBits: 4, fields: true}).Next(sample)
	})
}
