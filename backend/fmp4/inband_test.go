package fmp4

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// sps is that of a picture of 1280×720 in High profile at level 3.1, as x264 writes it.
var sps = []byte{
	0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00,
	0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
}

var pps = []byte{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0}

// avcEntry is an avc1 sample entry with one set of each kind.
func avcEntry(t *testing.T) []byte {
	t.Helper()
	head := []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, byte(len(sps))}
	record := slices.Concat(head, sps, []byte{1, 0, byte(len(pps))}, pps)
	entry, err := Picture{
		Kind: "avc1", Config: record, Width: 1280, Height: 720, Aspect: media.Rational{Num: 1, Den: 1},
	}.Entry()
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// nals makes a sample of NAL units.
func nals(units ...[]byte) (sample []byte) {
	for _, u := range units {
		sample = append(append(sample, 0, 0, 0, byte(len(u))), u...)
	}
	return sample
}

func TestParameterSetsGoIntoTheSamples(t *testing.T) {
	entry := avcEntry(t)
	p, err := ReadParameterSets(entry)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{sps, pps}, append(p.SPS, p.PPS...)); diff != "" {
		t.Error(diff)
	}
	format, err := p.Format()
	if diff := cmp.Diff(PictureFormat{1280, 720, 100, 31, true}, format); diff != "" || err != nil {
		t.Error(diff, err)
	}
	out, err := InBandEntry(entry, 41)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Replace(entry, []byte("avc1"), []byte("avc3"), 1)
	want = bytes.Replace(want, []byte{1, 0x64, 0, 0x1f, 0xff}, []byte{1, 0x64, 0, 41, 0xff}, 1)
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	aud, sei, idr := []byte{9, 0x10}, []byte{6, 1}, []byte{0x65, 1, 2, 3}
	for name, tt := range map[string]struct{ in, want []byte }{
		"bare":             {nals(idr), nals(sps, pps, idr)},
		"with a message":   {nals(sei, idr), nals(sps, pps, sei, idr)},
		"with a delimiter": {nals(aud, sei, idr), nals(aud, sps, pps, sei, idr)},
		"with its own":     {nals(aud, sps, pps, idr), nals(aud, sps, pps, idr)},
	} {
		got, err := p.InsertParameterSets(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if err := CheckSample(got, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSamplesThatAreNone(t *testing.T) {
	idr, slice := []byte{0x65, 1}, []byte{0x41, 1}
	for name, tt := range map[string]struct {
		sample []byte
		idr    bool
		want   error
	}{
		"empty":               {nil, true, ErrNotAsAsked},
		"no keyframe":         {nals(slice), true, ErrNotAsAsked},
		"a keyframe too many": {nals(idr), false, ErrNotAsAsked},
		"no picture":          {nals(sps, pps), false, ErrNotAsAsked},
		"cut short":           {nals(slice)[:5], false, ErrMalformed},
		"a length of zero":    {nals(nil, slice), false, ErrMalformed},
		"a forbidden header":  {nals([]byte{0xff, 1}), false, ErrMalformed},
		"a good one":          {nals(slice), false, nil},
	} {
		if err := CheckSample(tt.sample, tt.idr); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	for name, spoil := range map[string]func(entry []byte) []byte{
		"no avcC": func(e []byte) []byte { return bytes.Replace(e, []byte("avcC"), []byte("free"), 1) },
		"cut":     func(e []byte) []byte { return e[:visualHeader+20] },
		"nothing": func([]byte) []byte { return nil },
		"short lengths": func(e []byte) []byte {
			return bytes.Replace(e, []byte{0x1f, 0xff, 0xe1}, []byte{0x1f, 0xfd, 0xe1}, 1)
		},
	} {
		if _, err := InBandEntry(spoil(avcEntry(t)), 40); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
