package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// poster makes a poster of a source and decodes it.
func poster(t *testing.T, src media.Source, at time.Duration, maxWidth int) image.Image {
	t.Helper()
	probe, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	b, err := tools(t).Poster(t.Context(), src, *probe, at, maxWidth)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("no JPEG: %v", err)
	}
	return picture
}

// near says whether the colour at some part of the picture is about what it should be.
func near(t *testing.T, p image.Image, x, y float64, want color.RGBA) {
	t.Helper()
	size := p.Bounds().Size()
	r, g, b, _ := p.At(int(x*float64(size.X)), int(y*float64(size.Y))).RGBA()
	far := func(a uint32, b uint8) bool { return int(a>>8)-int(b) > 18 || int(b)-int(a>>8) > 18 }
	if far(r, want.R) || far(g, want.G) || far(b, want.B) {
		t.Errorf("at %.2f, %.2f: %d %d %d, want %v", x, y, r>>8, g>>8, b>>8, want)
	}
}

var (
	red    = color.RGBA{255, 0, 0, 255}
	green  = color.RGBA{0, 128, 0, 255}
	blue   = color.RGBA{0, 0, 255, 255}
	yellow = color.RGBA{255, 255, 0, 255}
)

// quarters is a picture of four colours: red and green above, blue and yellow below.
const quarters = "color=red:size=80x60:rate=10:duration=1[a];color=green:size=80x60:rate=10:duration=1[b];" +
	"color=blue:size=80x60:rate=10:duration=1[c];color=yellow:size=80x60:rate=10:duration=1[d];" +
	"[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"

// TestOrientation turns a picture in all eight ways there are, by the matrix in its track header, and checks that
// what is said of it is what is to be done to see it upright: mirror it first where it says so, then turn it. The
// poster, which ffmpeg turned, must be the same.
func TestOrientation(t *testing.T) {
	src := generate(t, "q.mp4", "-f", "lavfi", "-i", quarters, "-c:v", "libx264", "-pix_fmt", "yuv420p")
	plain, err := os.ReadFile(src.Path)
	if err != nil {
		t.Fatal(err)
	}
	box := bytes.Index(plain, []byte("tkhd"))
	if box < 0 {
		t.Fatal("no track header")
	}
	const one = 1 << 16
	for _, m := range [][4]int32{
		{one, 0, 0, one},
		{0, one, -one, 0},
		{-one, 0, 0, -one},
		{0, -one, one, 0},
		{-one, 0, 0, one},
		{0, one, one, 0},
		{one, 0, 0, -one},
		{0, -one, -one, 0},
	} {
		t.Run(fmt.Sprint(m), func(t *testing.T) {
			file := bytes.Clone(plain)
			matrix := file[box+4+40:] // version 0: after the box's type, flags to volume (ISO/IEC 14496-12 8.3.2)
			for i, at := range []int{0, 4, 12, 16} {
				binary.BigEndian.PutUint32(matrix[at:], uint32(m[i]))
			}
			path := filepath.Join(t.TempDir(), "turned.mp4")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			probe, err := tools(t).Probe(t.Context(), source(t, path))
			if err != nil {
				t.Fatal(err)
			}
			v := probe.Tracks[0].Video
			corners := [4]color.RGBA{red, green, yellow, blue} // clockwise from the top left
			if v.Mirrored {
				corners = [4]color.RGBA{green, red, blue, yellow}
			}
			at := func(i int) color.RGBA { return corners[(i+4-v.Rotation/90)%4] }
			p := poster(t, source(t, path), 0, 1000)
			if w, h := v.DisplaySize(); p.Bounds().Size() != image.Pt(w, h) {
				t.Errorf("poster %v, shown at %dx%d", p.Bounds().Size(), w, h)
			}
			near(t, p, .25, .25, at(0))
			near(t, p, .75, .25, at(1))
			near(t, p, .75, .75, at(2))
			near(t, p, .25, .75, at(3))
		})
	}
}

func TestOrientationOfNonsense(t *testing.T) {
	for _, text := range []string{
		"", "x", "00000000: 0 0 0\n00000001: 0 0 0\n00000002: 0 0 0\n", "00000000: 1 2\n",
		"0: a b c\n0: 1 1 1\n0: 1 1 1",
		"0: 99999999999 0 0\n0: 0 1 0\n0: 0 0 1",
	} {
		if turn, mirrored := orientation(text); turn != 0 || mirrored {
			t.Errorf("%q: %d, %v", text, turn, mirrored)
		}
	}
}

func TestPosterPassesOverBlack(t *testing.T) {
	src := generate(t, "b.mp4", "-f", "lavfi", "-i",
		"color=black:size=64x48:rate=10:duration=4[a];color=yellow:size=64x48:rate=10:duration=2[b];[a][b]concat",
		"-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10")
	near(t, poster(t, src, 0, 1000), .5, .5, yellow)
	near(t, poster(t, src, 2*time.Second, 1000), .5, .5, yellow)
	all := generate(t, "all.mkv", "-f", "lavfi", "-i", "color=black:size=64x48:rate=10:duration=2", "-c:v", "libx264")
	near(t, poster(t, all, time.Second, 1000), .5, .5, color.RGBA{})
}

func TestPosterIsOfTheRightPlaceAndSize(t *testing.T) {
	src := generate(t, "p.mkv", "-f", "lavfi", "-i",
		"color=red:size=720x576:rate=10:duration=2[a];color=blue:size=720x576:rate=10:duration=2[b];[a][b]concat",
		"-vf", "setsar=64/45", "-c:v", "libx264", "-g", "10", "-output_ts_offset", "100")
	p := poster(t, src, 0, 512)
	near(t, p, .5, .5, red)
	if got := p.Bounds().Size(); got != image.Pt(512, 288) {
		t.Errorf("size %v, want square pixels: 512x288", got)
	}
	near(t, poster(t, src, 3*time.Second, 5000), .5, .5, blue)
	if got := poster(t, src, time.Hour, 5000).Bounds().Size(); got != image.Pt(1024, 576) {
		t.Errorf("size %v, never larger than the source: 1024x576", got)
	}
}

func TestPosterOfSound(t *testing.T) {
	near(t, poster(t, withCover(t), 0, 1000), .5, .5, red)
	src := generate(t, "s.mp4", "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac")
	probe, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tools(t).Poster(t.Context(), src, *probe, 0, 100)
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v, want not found", err)
	}
}

func TestPosterOfHDR(t *testing.T) {
	if !tools(t).CanToneMap() {
		t.Skip("this ffmpeg cannot map HDR to standard range")
	}
	// A grey of 58 % PQ is reference white, 203 cd/m2: bright, where taken as it is it would be a middle grey.
	src := generate(t, "h.mp4", "-f", "lavfi", "-i", "color=0x949494:size=64x48:rate=10:duration=0.5",
		"-vf", "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
		"-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
	probe, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if !probe.Tracks[0].Video.HighDynamicRange() {
		t.Fatalf("not HDR: %+v", probe.Tracks[0].Video)
	}
	r, _, _, _ := poster(t, src, 0, 100).At(32, 24).RGBA()
	if r>>8 < 0xa8 {
		t.Errorf("white comes out as %#x: not tone-mapped", r>>8)
	}
}

func TestPostersOfRealFiles(t *testing.T) {
	dir := mediaFolder(t)
	for name, want := range map[string]image.Point{
		"dolbyVision-hdr.MOV":                {360, 640},
		"hdr10-video-with-sdr-container.mp4": {480, 270},
		"portrait_4k60.mp4":                  {480, 852},
		"bear-vp9-odd-dimensions.webm":       {160, 120},
		"sample_rotate_and_reflect.mp4":      {480, 720},
		"sample_fragmented.mp4":              {480, 320},
		"bbb_800x640_768kbps_30fps_vp9.mp4":  {480, 270},
		"sample_with_invalid_nalu.mp4":       {480, 320},
	} {
		t.Run(name, func(t *testing.T) {
			width := 480
			if want.X == 360 {
				width = 360
			}
			if got := poster(t, source(t, filepath.Join(dir, name)), 0, width).Bounds().Size(); got != want {
				t.Errorf("size %v, want %v", got, want)
			}
		})
	}
}

// TestPosterColours holds that the colours are the source's, whatever its matrix, depth and sampling.
func TestPosterColours(t *testing.T) {
	for name, args := range map[string][]string{
		"BT.709":      {"-vf", "scale=1280:960:out_color_matrix=bt709", "-colorspace", "bt709"},
		"HD untagged": {"-vf", "scale=1280:960:out_color_matrix=bt709"},
		"10 bits":     {"-pix_fmt", "yuv422p10le"},
		"4:4:4":       {"-pix_fmt", "yuv444p"},
		"interlaced":  {"-vf", "setfield=tff", "-flags", "+ildct+ilme", "-top", "1"},
		"odd":         {"-vf", "scale=159:121", "-pix_fmt", "yuv444p"},
	} {
		t.Run(name, func(t *testing.T) {
			all := append([]string{"-f", "lavfi", "-i", quarters, "-c:v", "libx264", "-pix_fmt", "yuv420p"}, args...)
			p := poster(t, generate(t, "c.mp4", all...), 0, 640)
			near(t, p, .25, .25, red)
			near(t, p, .75, .25, green)
			near(t, p, .25, .75, blue)
			near(t, p, .75, .75, yellow)
		})
	}
}
