package media

import (
	"math"
	"math/big"
	"testing"
	"time"
)

func TestRescale(t *testing.T) {
	cases := []struct {
		t        Ticks
		from, to uint32
		want     Ticks
	}{
		{1001, 24000, 90000, 3754},
		{-1001, 24000, 90000, -3754},
		{1, 2, 1, 1},
		{-1, 2, 1, -1},
		{7, 0, 5, 0},
		{math.MaxInt64, 1, 90000, math.MaxInt64},
		{5, 48000, 48000, 5},
		{36000 * 48000, 48000, 1e9, 36000e9},
	}
	for _, c := range cases {
		if got := Rescale(c.t, c.from, c.to); got != c.want {
			t.Errorf("Rescale(%d, %d, %d) = %d, want %d", c.t, c.from, c.to, got, c.want)
		}
	}
}

func FuzzRescale(f *testing.F) {
	f.Add(int64(1001), uint32(24000), uint32(90000))
	f.Add(int64(math.MinInt64), uint32(1), uint32(math.MaxUint32))
	f.Fuzz(func(t *testing.T, v int64, from, to uint32) {
		if from == 0 || from == to {
			return
		}
		num := new(big.Int).Mul(big.NewInt(v), big.NewInt(int64(to)))
		half := big.NewInt(int64(from) / 2)
		if v < 0 {
			half.Neg(half)
		}
		want := num.Add(num, half).Quo(num, big.NewInt(int64(from)))
		if want.CmpAbs(big.NewInt(math.MaxInt64)) >= 0 {
			return // saturates
		}
		if got := Rescale(v, from, to); got != want.Int64() {
			t.Errorf("Rescale(%d, %d, %d) = %d, want %v", v, from, to, got, want)
		}
	})
}

func TestDisplaySize(t *testing.T) {
	v := VideoFormat{Width: 720, Height: 576, PixelAspect: Rational{16, 15}, Rotation: 90}
	if w, h := v.DisplaySize(); w != 576 || h != 768 {
		t.Errorf("%d×%d, want 576×768", w, h)
	}
}

func TestFirstTracks(t *testing.T) {
	p := Probe{Tracks: []Track{
		{Kind: Video, Picture: true},
		{Index: 1, Kind: Video},
		{Index: 2, Kind: Audio},
		{Index: 3, Kind: Audio, Default: true},
	}}
	if v := p.FirstVideo(); v == nil || v.Index != 1 {
		t.Errorf("video %v: cover art is no moving picture", v)
	}
	if a := p.FirstAudio(); a == nil || a.Index != 3 {
		t.Errorf("audio %v: the default track comes first", a)
	}
}

func TestDurations(t *testing.T) {
	if d := ToDuration(1001, 24000); d != 41708333*time.Nanosecond {
		t.Errorf("got %v", d)
	}
	if n := FromDuration(time.Second, 48000); n != 48000 {
		t.Errorf("got %d", n)
	}
}
