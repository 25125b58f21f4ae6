package codec

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// unhex reads bytes as a dump shows them.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What libvpx, SVT-AV1 and ffmpeg wrote for testsrc2 of 320×180.
const (
	vp9Key   = "8249 8342 0013 f00b 3606 3824 1c18 4200"
	vp9Key10 = "9249 8342 0009 f805 9b03 1c12 0e0c 2900"
	vp9Key4  = "a249 8342 0002 7e01 66c0 c704 8383 0840"
	av1Key   = "1200 0a0b 0000 0004 3cfe ccfb f900 4032 f41d 1400 21f8 2000"
	ac3Two   = "0b77 fe95 1440 43e1 06f4 6370 c0c0 c218"
	ac3Six   = "0b77 b50b 1e40 ebf8 403e ff99 ff08 41fc"
	eac3Six  = "0b77 037f 3f87 c000 20f8 2000 0200 4000"
	flacInfo = "664c 6143 0000 0022 1200 1200 0003 7000 051d 0bb8 02f0 0002 ee00 db3f 5d78 d31d 342d 7f03 8577 053d" +
		"c10d"
)

func TestVP9(t *testing.T) {
	half := VP9{Key: true, Shown: true, BitDepth: 8, HalfWidth: true, HalfHeight: true, Width: 320, Height: 180}
	deep := half
	deep.Profile, deep.BitDepth = 2, 10
	for in, want := range map[string]VP9{
		vp9Key:   half,
		vp9Key10: deep,
		vp9Key4:  {Profile: 1, Key: true, Shown: true, BitDepth: 8, Width: 320, Height: 180},
		"86":     {Shown: true},
		"88":     {Shown: true},
	} {
		got, err := ParseVP9(unhex(t, in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", in, d)
		}
	}
	for _, in := range []string{"", "02", "8249 83", "8249 8343 0013 f00b 3606", "8249 8342 e013 f00b 3606" /* RGB */} {
		if h, err := ParseVP9(unhex(t, in)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q was read as %+v, %v", in, h, err)
		}
	}
}

func TestVP9Level(t *testing.T) {
	for _, c := range []struct {
		w, h       int
		frames, in int64
		want       int
	}{
		{256, 144, 15, 1, 10},
		{320, 180, 25, 1, 11},
		{1920, 1080, 30, 1, 40},
		{1920, 1080, 60, 1, 41},
		{3840, 2160, 60000, 1001, 51},
		{3840, 2160, 120, 1, 52},
		{1280, 720, 0, 0, 31},
		{65536, 65536, 1000, 1, 62},
	} {
		if got := VP9Level(c.w, c.h, c.frames, c.in); got != c.want {
			t.Errorf("%d×%d at %d/%d: level %d, want %d", c.w, c.h, c.frames, c.in, got, c.want)
		}
	}
}

func TestAV1(t *testing.T) {
	key := unhex(t, av1Key)
	if ok, err := AV1Key(key); !ok || err != nil {
		t.Errorf("a keyframe is none: %v %v", ok, err)
	}
	inter := append([]byte(nil), key...)
	inter[18] |= 0x20 // frame_type: INTER_FRAME
	if ok, err := AV1Key(inter); ok || err != nil {
		t.Errorf("an inter frame is a keyframe: %v", err)
	}
	if ok, err := AV1Key(key[15:]); ok || err != nil {
		t.Errorf("decoding can start without a sequence header: %v", err)
	}
	for n := range 15 {
		if ok, err := AV1Key(key[:n]); ok || !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes: %v %v", n, ok, err)
		}
	}
}

func TestHEVC(t *testing.T) {
	for header, want := range map[byte]bool{
		0x26: true /* IDR_W_RADL */, 0x28: true /* IDR_N_LP */, 0x2a: true /* CRA */, 0x20: true /* BLA */, 0x02: false,
		0x40: false /* VPS */, 0x12: false, /* RASL */
	} {
		if got := HEVCRandomAccess(HEVCType(header)); got != want {
			t.Errorf("%#x: %v", header, got)
		}
	}
	if HEVCSlice(HEVCType(0x44)) || !HEVCSlice(HEVCType(0x02)) {
		t.Error("a picture parameter set is a slice, or a slice is none")
	}
}

func TestOpusSamples(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "fc": 960, "e0": 120, "08": 960, "18": 2880, "60": 480, "fd": 1920, "fb03": 2880, "fb": 0, "1b03": 0,
		"fb00": 0,
	} {
		if got := OpusSamples(unhex(t, in)); got != want {
			t.Errorf("%q holds %d samples, want %d", in, got, want)
		}
	}
}

func TestOpusConfigurations(t *testing.T) {
	head := append([]byte("OpusHead"), unhex(t, "01 06 3801 80bb0000 0000 01 04 02 00 04 01 02 03 05")...)
	got, err := ParseOpusHead(head)
	if err != nil {
		t.Fatal(err)
	}
	want := Opus{
		Channels: 6, PreSkip: 312, InputRate: 48000, Family: 1, Streams: 4, Coupled: 2,
		Mapping: []byte{0, 4, 1, 2, 3, 5},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	again, err := ParseDOps(got.DOps())
	if d := cmp.Diff(want, again); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for n := range len(head) {
		if _, err := ParseOpusHead(head[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes were taken: %v", n, err)
		}
	}
}

func TestFLAC(t *testing.T) {
	got, err := ParseFLAC(unhex(t, flacInfo))
	if err != nil {
		t.Fatal(err)
	}
	want := FLAC{MinBlock: 4608, MaxBlock: 4608, Rate: 48000, Channels: 2, Bits: 16}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(FLAC{}, "Info")); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]int{
		"fff8 5918 00": 4608, "fff8 c918 00": 4096, "fff8 1918 00": 192, "fff8 6918 00 ff": 256,
		"fff8 7918 c280 11ff": 4608, "fff8 7918 fe80 8080 8080 80 0fff": 4096,
	} {
		if got, err := ParseFLACFrame(unhex(t, in)); got != want || err != nil {
			t.Errorf("%s: %d samples, want %d: %v", in, got, want, err)
		}
	}
	for _, in := range []string{"", "fff8 0918 00", "fff0 c918 00", "fff8 7918 00 11", "fff8 6918 fe"} {
		if n, err := ParseFLACFrame(unhex(t, in)); err == nil {
			t.Errorf("%q holds %d samples", in, n)
		}
	}
	for _, n := range []int{1, 192, 4096, 65536} {
		if s, err := ParseFLACFrame(got.Silence(n)); s != n || err != nil {
			t.Errorf("silence of %d samples holds %d: %v", n, s, err)
		}
	}
}

func TestAC3(t *testing.T) {
	for in, want := range map[string]AC3{
		ac3Two:  {Bytes: 768, Rate: 48000, Samples: 1536, Channels: 2},
		ac3Six:  {Bytes: 1792, Rate: 48000, Samples: 1536, Channels: 6},
		eac3Six: {Enhanced: true, Bytes: 1792, Rate: 48000, Samples: 1536, Channels: 6},
	} {
		got, err := ParseAC3(unhex(t, in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(AC3{})); d != "" {
			t.Errorf("%s:\n%s", in, d)
		}
	}
	h, err := ParseAC3(unhex(t, ac3Six))
	if d := cmp.Diff(unhex(t, "103de0"), h.DAC3()); d != "" || err != nil {
		t.Errorf("dac3 is %x: %v", h.DAC3(), err)
	}
}

// TestEAC3: a sample of an independent substream and one that depends on it, for the surround channels at the back.
func TestEAC3(t *testing.T) {
	first := append(unhex(t, eac3Six), make([]byte, 1792-16)...)
	_, plain, err := EAC3(first)
	if d := cmp.Diff(unhex(t, "0e00 200f 00"), plain); d != "" || err != nil {
		t.Errorf("dec3 is %x: %v", plain, err)
	}
	var b bitWriter
	b.put(16, 0x0b77)
	b.put(2, 1) // dependent
	b.put(3, 0)
	b.put(11, 20/2-1)
	b.put(2, 0)
	b.put(2, 3)
	b.put(3, 2)
	b.put(1, 0)
	b.put(5, 16)
	b.put(6, 0)
	b.put(1, 1)
	b.put(16, 1<<9) // Lrs/Rrs
	b.put(12*8, 0)
	h, seven, err := EAC3(append(first, b.p[:20]...))
	if err != nil || h.Channels != 6 {
		t.Fatalf("%+v %v", h, err)
	}
	if got := seven[len(seven)-2:]; got[0] != 0x02 || got[1] != 0x02 {
		t.Errorf("dec3 is %x: one dependent substream, at the back", seven)
	}
	if _, _, err := EAC3(b.p[:20]); !errors.Is(err, ErrMalformed) {
		t.Errorf("a dependent substream alone was taken: %v", err)
	}
	if _, _, err := EAC3(append(first, first...)); !errors.Is(err, ErrMalformed) {
		t.Errorf("two frames in one sample were taken: %v", err)
	}
}

// FuzzHeaders: no header panics a reader, and what is read can be written.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{vp9Key, vp9Key10, vp9Key4, av1Key, ac3Two, ac3Six, eac3Six, flacInfo, "fff8 5918 00"} {
		f.Add(unhex(f, s))
	}
	f.Add(append([]byte("OpusHead"), 1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, p []byte) {
		if h, err := ParseVP9(p); err == nil && h.Width > 1<<16 {
			t.Error("wider than a frame can be")
		}
		_, _ = AV1Key(p)
		if n := OpusSamples(p); n < 0 || n > 5760 {
			t.Errorf("a packet of %d samples", n)
		}
		if o, err := ParseOpusHead(p); err == nil {
			if again, err := ParseDOps(o.DOps()); err != nil || !cmp.Equal(o, again) {
				t.Errorf("%+v became %+v: %v", o, again, err)
			}
			if len(o.Silence(960)) > 255*5 {
				t.Error("long silence")
			}
		}
		if h, err := ParseFLAC(p); err == nil && (h.Channels > 8 || h.Bits > 32 || len(h.Silence(h.MaxBlock)) > 64) {
			t.Errorf("FLAC %+v", h)
		}
		if n, err := ParseFLACFrame(p); err == nil && (n < 1 || n > 1<<16) {
			t.Errorf("a frame of %d samples", n)
		}
		if h, err := ParseAC3(p); err == nil && (h.Bytes < 2 || h.Rate < 8000 || h.Samples < 256) {
			t.Errorf("AC-3 %+v", h)
		}
		_, _, _ = EAC3(p)
	})
}
