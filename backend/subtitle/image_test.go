package subtitle

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"dropstream/backend/testkit/graphics"
)

const second = time.Second

// set is a display set at a time.
func set(at time.Duration, segments ...[]byte) Packet {
	return Packet{Start: at, Data: slices.Concat(append(segments, graphics.End())...)}
}

var (
	white  = graphics.Palette(0, graphics.Colour{235, 128, 128, 255})
	square = graphics.Object(1, []byte{1, 1, 1, 1}, []byte{1, 0, 0, 1}, []byte{1, 1, 1, 1})
)

func TestPGSComposition(t *testing.T) {
	const start, change = 0x80, 0
	show := func(state byte, shown ...graphics.Shown) []byte {
		return graphics.Composition(100, 50, state, 0, shown...)
	}
	here := graphics.Shown{Object: 1, X: 10, Y: 20}
	crop := graphics.Shown{Object: 1, X: 10, Y: 20, Crop: image.Rect(0, 1, 2, 2)}
	opened := set(second, show(start, here), white, square)
	for name, c := range map[string]struct {
		packets  []Packet
		from, to time.Duration
		want     []string
	}{
		"until it is cleared": {
			[]Packet{opened, set(3*second, show(change))},
			0, 30 * second,
			[]string{"1s-3s (10,20)-(14,23)"},
		},
		"until a minute has gone": {
			[]Packet{opened}, 0, 30 * second, []string{"1s-1m1s (10,20)-(14,23)"},
		},
		"from before": {
			[]Packet{opened, set(40*second, show(change))},
			30 * second, 60 * second,
			[]string{"1s-40s (10,20)-(14,23)"},
		},
		"not what is over": {
			[]Packet{opened, set(3*second, show(change))}, 30 * second, 60 * second, nil,
		},
		"an object that was kept": {
			[]Packet{
				opened,
				set(2*second, show(change, graphics.Shown{Object: 1, X: 50, Y: 0, Forced: true})),
				set(3*second, show(change)),
			},
			0, 30 * second,
			[]string{"1s-2s (10,20)-(14,23)", "2s-3s forced (50,0)-(54,3)"},
		},
		"none of an epoch before": {
			[]Packet{set(second, show(start), white, square), set(2*second, show(start, here))}, 0, 30 * second, nil,
		},
		"an acquisition point is no new screen": {
			[]Packet{
				opened, set(2*second, show(0x40, here), white, square),
				set(3*second, show(change)),
			},
			0, 30 * second,
			[]string{"1s-3s (10,20)-(14,23)"},
		},
		"cropped": {
			[]Packet{set(second, show(start, crop), white, square)},
			0, 30 * second,
			[]string{"1s-1m1s (10,20)-(11,21)"}, // the second column is transparent
		},
		"beyond the canvas": {
			[]Packet{set(second, show(start, graphics.Shown{Object: 1, X: 98, Y: 49}), white, square)},
			0, 30 * second,
			[]string{"1s-1m1s (98,49)-(100,50)"},
		},
		"nowhere": {
			[]Packet{set(second, show(start, graphics.Shown{Object: 1, X: 5000, Y: 49}), white, square)},
			0, 30 * second, nil,
		},
		"without a palette": {[]Packet{set(second, show(start, here), square)}, 0, 30 * second, nil},
	} {
		var got []string
		for _, s := range DrawPGS(c.packets, c.from, c.to) {
			line := s.Start.String() + "-" + s.End.String()
			if s.Forced {
				line += " forced"
			}
			for _, p := range s.Pictures {
				line += " " + p.Image.Rect.Add(image.Pt(p.X, p.Y)).String()
			}
			got = append(got, line)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestHostileImages draws streams that claim too much. Each takes no more than the bounds allow.
func TestHostileImages(t *testing.T) {
	const start = 0x80
	big := graphics.Shown{Object: 1}
	whole := graphics.Composition(4096, 4096, start, 0, big)
	huge := graphics.Segment(0x15, 0, 1, 0, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)
	wide := graphics.Segment(0x15, append([]byte{0, 1, 0, 0xc0, 0, 0, 0, 0x10, 0, 0x10, 0},
		bytes.Repeat([]byte{0, 0xff, 0xff, 1}, 4000)...)...) // 4096 x 4096
	objects := make([][]byte, 0, 1<<16)
	for i := range 1 << 16 {
		objects = append(objects, graphics.Object(i, []byte{1}))
	}
	epochs := make([]Packet, 0, 20_000)
	for i := range 20_000 {
		epochs = append(epochs, set(time.Duration(i)*time.Millisecond, whole, white, square))
	}
	walls := make([]Packet, 0, 50)
	for i := range 50 {
		walls = append(walls, set(time.Duration(i)*second, whole, white, wide))
	}
	for name, packets := range map[string][]Packet{
		"a size that is not":  {set(0, graphics.Composition(65535, 65535, start, 0, big), white, huge)},
		"a huge object":       {set(0, whole, white, huge)},
		"65,536 objects":      {set(0, append([][]byte{whole, white}, objects...)...)},
		"endless epochs":      epochs,
		"fifty whole screens": walls,
	} {
		screens := DrawPGS(packets, 0, 30*second)
		pixels := 0
		for _, s := range screens {
			for _, p := range s.Pictures {
				pixels += len(p.Image.Pix)
			}
		}
		if pixels > maxDrawnPixels || len(screens) > maxScreens {
			t.Errorf("%s: %d screens of %d pixels", name, len(screens), pixels)
		}
		data, _, err := ImageSegment(screens)
		if err != nil || len(data) > maxImageBytes+64 || !json.Valid(data) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	// A region that is filled again and again, at its largest.
	region := func(id byte) []byte {
		return []byte{0x0f, 0x11, 0, 1, 0, 10, id, 0x08, 0x10, 0, 0x10, 0, 3 << 2, 0, 1, 0}
	}
	page := append([]byte{0x0f, 0x10, 0, 1, 0, 2 + 6, 30, 2 << 2, 0, 0, 0, 0, 0, 0}, bytes.Repeat(region(0), 5000)...)
	if screens := DrawDVB(nil, []Packet{{Data: page}}, 0, second); len(screens) > 1 {
		t.Errorf("%d screens", len(screens))
	}
}

func TestVobSubHead(t *testing.T) {
	h := readVobSubHead([]byte("# VobSub index file, v7\nsize: 720x480\nforced subs: ON\n" +
		"palette: 000000, ff8000, zz, ffffff\npalette" + strings.Repeat("x", 1000)))
	want := [4]color.NRGBA{{0, 0, 0, 255}, {255, 128, 0, 255}, {0, 0, 0, 255}, {255, 255, 255, 255}}
	if h.width != 720 || h.height != 480 || !h.forced || [4]color.NRGBA(h.colours[:4]) != want {
		t.Errorf("%+v", h)
	}
	packed := make([]byte, 64)
	copy(packed[4:], []byte{0, 235, 128, 128})
	if h := readVobSubHead(packed); h.colours[1] != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("colours of MP4: %v", h.colours[1])
	}
}

func FuzzImages(f *testing.F) {
	f.Add(set(0, graphics.Composition(100, 50, 0x80, 0, graphics.Shown{Object: 1}), white, square).Data)
	f.Add([]byte{
		0, 30, 0, 10, 0x4f, 0xff, 0x80, 0x4f, 0xff, 0x80, // two fields
		0, 0, 0, 10, 1, 3, 0x32, 0x10, 4, 0xff, 0xf0, 5, 0, 0, 0x13, 0, 0, 0x03, 6, 0, 4, 0, 7, 0xff,
	})
	f.Add([]byte{
		0x20, 0, 0x0f, 0x10, 0, 1, 0, 8, 30, 8, 0, 0, 0, 1, 0, 1, 0x0f, 0x11, 0, 1, 0, 16, 0, 8, 0, 9, 0, 9, 8, 0, 1, 4,
		0, 7, 0, 0, 0, 0, 0x0f, 0x13, 0, 1, 0, 14, 0, 7, 0, 0, 7, 0, 0, 0x10, 0x6b, 0x40, 0x11, 0x39, 0x12, 1, 0xf0,
		0x0f, 0x80, 0, 1, 0, 0,
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		half := len(data) / 2
		packets := []Packet{{Data: data}, {Start: second, Data: data[:half]}, {Start: 2 * second, Data: data[half:]}}
		for name, screens := range map[string][]Screen{
			"PGS": DrawPGS(packets, 0, 30*second), "VobSub": DrawVobSub(data, 720, 576, packets, 0, 30*second),
			"DVB": DrawDVB(nil, packets, 0, 30*second), "DVB of a page": DrawDVB(data, packets, 0, 30*second),
		} {
			for _, s := range screens {
				canvas := image.Rect(0, 0, s.Width, s.Height)
				if s.End <= s.Start || len(s.Pictures) == 0 || len(s.Pictures) > maxPictures {
					t.Fatalf("%s: %+v", name, s)
				}
				for _, p := range s.Pictures {
					if at := p.Image.Rect.Add(image.Pt(p.X, p.Y)); at.Empty() || !at.In(canvas) {
						t.Fatalf("%s: picture at %v of %v", name, at, canvas)
					}
				}
			}
			if out, _, err := ImageSegment(screens); err != nil || !json.Valid(out) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}
