package fmp4

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// slice makes the start of a slice: its header up to pic_order_cnt_lsb.
func slice(a *AVC, head byte, lsb int64) []byte {
	s := a.sps[0]
	bits := "1" + "1" + "1" // first_mb_in_slice 0, slice_type 0, pic_parameter_set_id 0
	bits += padded(0, s.frameNumBits)
	if head&0x1f == nalIDR {
		bits += "1" // idr_pic_id 0
	}
	bits += padded(lsb, s.orderBits) + "1111111111111111"
	nal := []byte{head}
	for ; len(bits) >= 8; bits = bits[8:] {
		n, _ := strconv.ParseUint(bits[:8], 2, 8) // only digits
		nal = append(nal, byte(n))
	}
	return nal
}

func padded(n int64, width int) string {
	s := strconv.FormatInt(n, 2)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// TestOrderOfPictures: the order count goes on where its low bits wrap, and begins anew at an IDR picture.
func TestOrderOfPictures(t *testing.T) {
	a, err := NewAVC(avcEntry(t))
	if err != nil {
		t.Fatal(err)
	}
	const idr, reference, other = 0x65, 0x41, 0x01
	wrap := int64(1) << a.sps[0].orderBits
	pictures := []struct {
		head byte
		lsb  int64
	}{
		{idr, 0},
		{reference, 8},
		{other, 4},
		{other, 6},
		{reference, wrap/2 - 2},
		{reference, wrap - 4},
		{reference, 4},
		{other, wrap - 2},
		{other, 2},
		{idr, 0},
		{reference, 6},
	}
	got := make([]int64, 0, len(pictures))
	for _, p := range pictures {
		s, err := a.Read(nals(slice(a, p.head, p.lsb)))
		if err != nil || !s.Ordered || s.IDR != (p.head == idr) {
			t.Fatalf("%+v %v", s, err)
		}
		got = append(got, s.Order)
	}
	want := []int64{0, 8, 4, 6, wrap/2 - 2, wrap - 4, wrap + 4, wrap - 2, wrap + 2, 0, 6}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestSamplesAreStripped: what the sample entry says already goes; what contradicts it is an error.
func TestSamplesAreStripped(t *testing.T) {
	a, err := NewAVC(avcEntry(t))
	if err != nil {
		t.Fatal(err)
	}
	delimiter, filler, sei := []byte{9, 0xf0}, []byte{12, 0xff, 0x80}, []byte{6, 5, 1, 0, 0x80}
	picture := slice(a, 0x65, 0)
	for name, c := range map[string]struct {
		in, want []byte
	}{
		"in front": {nals(delimiter, sps, pps, picture), nals(picture)},
		"between":  {nals(delimiter, sei, sps, pps, picture, filler), nals(sei, picture)},
		"nothing":  {nals(sei, picture), nals(sei, picture)},
	} {
		before := slices.Clone(c.in)
		s, err := a.Read(c.in)
		if d := cmp.Diff(c.want, s.Data); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
		if d := cmp.Diff(before, c.in); d != "" {
			t.Errorf("%s: the sample itself was changed: %s", name, d)
		}
	}
	other := slices.Clone(sps)
	other[len(other)-1] ^= 0x10
	if _, err := a.Read(nals(other, pps, picture)); !errors.Is(err, ErrReconfigured) {
		t.Errorf("another SPS: %v", err)
	}
	for name, bad := range map[string][]byte{
		"no slice": nals(sei), "empty": {}, "cut": nals(picture)[:6], "length of 0": {0, 0, 0, 0, 0},
		"short": {0, 0, 0},
	} {
		if _, err := a.Read(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzAVCRead(f *testing.F) {
	f.Add(sps, pps, []byte{0, 0, 0, 1, 0x65})
	f.Fuzz(func(t *testing.T, sps, pps, sample []byte) {
		if len(sps) == 0 || len(pps) == 0 || len(sps)+len(pps) > 1000 {
			return
		}
		a := &AVC{sps: map[uint32]avcSPS{}, pps: map[uint32]uint32{}}
		a.set(sps)
		a.set(pps)
		s, err := a.Read(sample)
		if err == nil && len(s.Data) > len(sample) {
			t.Errorf("%d bytes of %d", len(s.Data), len(sample))
		}
	})
}
