package ffmpeg

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
	"dropstream/backend/proc"
)

// clipHead is a head over a short clip.
func clipHead(e Encoder, frames int) VideoHead {
	c := &Clip{Width: 320, Height: 180, Frames: frames}
	return VideoHead{
		Clip: c, Encoder: e, Timescale: 90_000, Width: 320, Height: 180, Bits: 2_000_000, FrameRate: c.Rate(),
		Preset: "ultrafast", Threads: 2, Keys: []media.Ticks{10 * 3000},
	}
}

func TestHardwareIsLookedForWhereItCanBe(t *testing.T) {
	all := map[string]bool{"libx264": true}
	for name := range hardware {
		all[name] = true
	}
	for _, tt := range []struct {
		name    string
		system  string
		devices []string
		listed  map[string]bool
		want    []Encoder
	}{
		{"no devices", "linux", nil, all, nil},
		{"a node of a graphics card", "linux", []string{"dri/card0", "dri/renderD128"}, all, []Encoder{
			{"h264_qsv", "/dev/dri/renderD128"}, {"h264_vaapi", "/dev/dri/renderD128"},
		}},
		{"two", "linux", []string{"dri/renderD128", "dri/renderD129", "nvidiactl", "nvidia0"}, all, []Encoder{
			{"h264_nvenc", ""},
			{"h264_qsv", "/dev/dri/renderD128"},
			{"h264_qsv", "/dev/dri/renderD129"},
			{"h264_vaapi", "/dev/dri/renderD128"},
			{"h264_vaapi", "/dev/dri/renderD129"},
		}},
		{"a small board", "linux", []string{"video0", "video11", "media0"}, all, []Encoder{{"h264_v4l2m2m", ""}}},
		{"not listed", "linux", []string{"dri/renderD128", "nvidiactl"}, map[string]bool{"libx264": true}, nil},
		{"Windows", "windows", nil, all, []Encoder{{"h264_nvenc", ""}, {"h264_qsv", ""}, {"h264_amf", ""}}},
		{"macOS", "darwin", nil, all, []Encoder{{"h264_videotoolbox", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for _, d := range tt.devices {
				path := filepath.Join(root, "dev", d)
				err := os.MkdirAll(filepath.Dir(path), 0o700)
				if err = errors.Join(err, os.WriteFile(path, nil, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			want := slices.Clone(tt.want)
			for i := range want {
				if want[i].Node != "" {
					want[i].Node = filepath.Join(root, want[i].Node)
				}
			}
			tools := &Tools{Encoders: tt.listed}
			if diff := cmp.Diff(want, tools.hardwareEncoders(tt.system, root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOptionsOfHardwareAreKnown has each encoder that is listed here refuse to work for want of its device, and not
// for an option that it does not have.
func TestOptionsOfHardwareAreKnown(t *testing.T) {
	tools := tools(t)
	mistake := regexp.MustCompile(`(?i)unrecognized option|not been used|undefined constant|unable to parse|` +
		`option not found|error setting option|invalid argument for option|out of range`)
	for name := range hardware {
		t.Run(name, func(t *testing.T) {
			if !tools.Encoders[name] {
				t.Skip("not in this build")
			}
			e := Encoder{Name: name}
			if hardware[name].each {
				e.Node = "/dev/dri/renderD128"
			}
			s := tools.HeadSpec(clipHead(e, 3))
			s.Args[slices.Index(s.Args, "error")] = "warning" // of -loglevel
			_, err := proc.Output(t.Context(), s, 1<<20)
			if _, ok := errors.AsType[*proc.ExitError](err); !ok {
				t.Skipf("it works here: %v", err)
			}
			if found := mistake.FindString(err.Error()); found != "" {
				t.Errorf("%s: %v", found, err)
			}
		})
	}
}

func TestHardwareHeadsGetTheirDevices(t *testing.T) {
	tools := &Tools{FFmpeg: "/ffmpeg"}
	soft := tools.HeadSpec(clipHead(Encoder{}, 1))
	if len(soft.Confine.Devices) > 0 || soft.Limits.MemoryBytes == 0 {
		t.Errorf("a head in software: %+v, %+v", soft.Confine, soft.Limits)
	}
	hard := tools.HeadSpec(clipHead(Encoder{"h264_vaapi", "/dev/dri/renderD129"}, 1))
	if diff := cmp.Diff([]string{"/dev/dri/renderD129"}, hard.Confine.Devices); diff != "" {
		t.Error(diff)
	}
	if hard.Limits.MemoryBytes != 0 {
		t.Error("drivers reserve more address space than any bound")
	}
}

// TestDecodePicturesComparesWhatWasEncoded: what libx264 makes of a clip is the clip, picture by picture, and what
// was spoilt on the way is found out.
func TestDecodePicturesComparesWhatWasEncoded(t *testing.T) {
	tools := tools(t)
	h := clipHead(Encoder{}, 25)
	mp4, err := proc.Output(t.Context(), tools.HeadSpec(h), 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	want, other := make([]byte, h.Clip.FrameBytes()), make([]byte, h.Clip.FrameBytes())
	compare := func(n int, yuv []byte) error {
		h.Clip.Draw(want, n)
		h.Clip.Draw(other, n+1)
		if same, next := psnr(want, yuv), psnr(other, yuv); same < 28 || next > same-6 {
			t.Errorf("picture %d: %.1f dB, and %.1f dB like the next", n, same, next)
		}
		return nil
	}
	if n, err := tools.DecodePictures(t.Context(), mp4, h.Clip.FrameBytes(), false, compare); n != 25 || err != nil {
		t.Errorf("%d pictures, %v", n, err)
	}
	if n, err := tools.CountPictures(t.Context(), mp4); n != 25 || err != nil {
		t.Errorf("%d pictures counted, %v", n, err)
	}
	spoilt := slices.Clone(mp4)
	for i := len(spoilt) / 2; i < len(spoilt)/2+400; i++ {
		spoilt[i] ^= 0x55
	}
	ignore := func(int, []byte) error { return nil }
	_, err = tools.DecodePictures(t.Context(), spoilt, h.Clip.FrameBytes(), false, ignore)
	if !errors.Is(err, ErrUndecodable) {
		t.Errorf("spoilt: %v", err)
	}
	_, err = tools.DecodePictures(t.Context(), mp4, h.Clip.FrameBytes()-1, false, ignore)
	if !errors.Is(err, ErrUndecodable) {
		t.Errorf("of another size: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tools.DecodePictures(ctx, mp4, h.Clip.FrameBytes(), false, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// psnr is how alike two pictures are, in decibels.
func psnr(a, b []byte) float64 {
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

func TestToneMappedClip(t *testing.T) {
	tools := tools(t)
	if !tools.CanToneMap() {
		t.Skip("no zscale")
	}
	h := clipHead(Encoder{}, 5)
	h.Clip.HDR, h.ToneMap = true, true
	mp4, err := proc.Output(t.Context(), tools.HeadSpec(h), 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	ignore := func(int, []byte) error { return nil }
	if n, err := tools.DecodePictures(t.Context(), mp4, h.Clip.FrameBytes(), true, ignore); n != 5 || err != nil {
		t.Errorf("%d pictures, %v", n, err)
	}
}
