package stream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/testkit/graphics"
)

// screens are a segment of images, as it is sent.
type screens struct {
	Screens []struct {
		StartMS, EndMS int64
		Width, Height  int
		Forced         bool
		Pictures       []struct {
			X, Y, Width, Height int
			URL                 string
		}
	}
}

// at paints what is shown at a time on black; nil when nothing is.
func (s *screens) at(t *testing.T, when time.Duration) *image.RGBA {
	t.Helper()
	for _, x := range s.Screens {
		if when.Milliseconds() < x.StartMS || when.Milliseconds() >= x.EndMS {
			continue
		}
		m := image.NewRGBA(image.Rect(0, 0, x.Width, x.Height))
		draw.Draw(m, m.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
		for _, p := range x.Pictures {
			data, ok := strings.CutPrefix(p.URL, "data:image/png;base64,")
			raw, err := base64.StdEncoding.DecodeString(data)
			if !ok || err != nil {
				t.Fatalf("picture %.60q: %v", p.URL, err)
			}
			picture, err := png.Decode(bytes.NewReader(raw))
			if err != nil || picture.Bounds().Dx() != p.Width || picture.Bounds().Dy() != p.Height {
				t.Fatalf("picture of %dx%d: %v", p.Width, p.Height, err)
			}
			at := image.Rect(p.X, p.Y, p.X+p.Width, p.Y+p.Height)
			if !at.In(m.Rect) {
				t.Errorf("picture at %v of %v", at, m.Rect)
			}
			draw.Draw(m, at, picture, image.Point{}, draw.Over)
		}
		return m
	}
	return nil
}

func imageSegmentOf(t *testing.T, e *Engine, ref media.Ref, n int) *screens {
	t.Helper()
	ref.Rendition = "json"
	data, err := e.Segment(t.Context(), ref, n)
	if err != nil {
		t.Fatalf("segment %d: %v", n, err)
	}
	var s screens
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatalf("segment %d: %v", n, err)
	}
	return &s
}

// reference is what ffmpeg paints on black at a time.
func reference(t *testing.T, path string, w, h int, when time.Duration) *image.RGBA {
	t.Helper()
	size := fmt.Sprintf("%dx%d", w, h)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "color=black:r=20:s="+size, "-canvas_size", size, "-i", path,
		"-filter_complex", "[0:v]format=gbrp[b];[b][1:s:0]overlay=format=gbrp", "-ss", fmt.Sprint(when.Seconds()),
		"-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba", "-").Output()
	if err != nil || len(out) != w*h*4 {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	return &image.RGBA{Pix: out, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
}

// alike compares two pictures, leaving room for how colours are rounded.
func alike(a, b *image.RGBA) error {
	if a.Rect != b.Rect {
		return fmt.Errorf("%v and %v", a.Rect, b.Rect)
	}
	wrong, worst, bright := 0, 0, 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		if d = max(d, -d); d > 8 {
			wrong++
		}
		worst = max(worst, d)
		if i%4 == 0 && b.Pix[i] > 128 {
			bright++
		}
	}
	if wrong > len(a.Pix)/20_000 || bright == 0 {
		return fmt.Errorf("%d of %d values differ, by %d at most; %d bright ones", wrong, len(a.Pix), worst, bright)
	}
	return nil
}

// imageRef is the only track of images.
func imageRef(t *testing.T, e *Engine, src media.Source) media.Ref {
	t.Helper()
	x, err := e.Extras(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Subtitles) != 1 || x.Subtitles[0].Drawing != media.DrawnAsImage {
		t.Fatalf("subtitles: %+v", x.Subtitles)
	}
	data, err := e.Multivariant(t.Context(), src.ItemID, 0)
	if err != nil || bytes.Contains(data, []byte("SUBTITLES")) {
		t.Errorf("images in the playlist: %s, %v", data, err)
	}
	return media.Ref{Item: src.ItemID, Kind: media.Text, Track: x.Subtitles[0].Index}
}

func TestRealPGS(t *testing.T) {
	src := sourceOf(t, filepath.Join(mediaFolder(t), "sample_with_pgs_subtitles.mkv"))
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	s := imageSegmentOf(t, e, imageRef(t, e, src), 0)
	const when = 500 * time.Millisecond
	m := s.at(t, when)
	if m == nil {
		t.Fatalf("nothing is shown: %+v", s)
	}
	if err := alike(m, reference(t, src.Path, m.Rect.Dx(), m.Rect.Dy(), when)); err != nil {
		t.Error(err)
	}
}

// pgsFile writes a .sup file: a box with a hole from 1 s to 3 s, moved and cropped from 28 s to 33 s, and a change of
// palette in between.
func pgsFile(t *testing.T, w, h int) string {
	t.Helper()
	rows := make([][]byte, 60)
	for y := range rows {
		rows[y] = bytes.Repeat([]byte{1}, 200)
		if y > 20 && y < 40 {
			copy(rows[y][50:150], make([]byte, 100))
			rows[y][60], rows[y][62], rows[y][63] = 2, 3, 3
		}
	}
	white, green, half := graphics.Colour{235, 128, 128, 255}, graphics.Colour{145, 34, 54, 255},
		graphics.Colour{81, 240, 90, 128}
	object := graphics.Object(7, rows...)
	const start, change = 0x80, 0
	var file []byte
	add := func(at time.Duration, segments ...[]byte) {
		file = append(file, graphics.Sup(at, append(segments, graphics.End())...)...)
	}
	const s = time.Second
	add(0, graphics.Composition(w, h, start, 0)) // ffmpeg takes the time of the first one for 0
	add(s, graphics.Composition(w, h, start, 0, graphics.Shown{Object: 7, X: 100, Y: h - 100}),
		graphics.Palette(0, white, green, half), object)
	add(3*s, graphics.Composition(w, h, change, 0))
	add(28*s, graphics.Composition(w, h, start, 1, graphics.Shown{Object: 7, X: 20, Y: 30, Forced: true}),
		graphics.Palette(1, green, white, half), object)
	add(31*s, graphics.Composition(w, h, change, 1, graphics.Shown{Object: 7, X: 20, Y: 30}),
		graphics.Palette(1, white))
	add(33*s, graphics.Composition(w, h, change, 1))
	return writeFile(t, filepath.Join(t.TempDir(), "in.sup"), file)
}

func TestImagesOfEveryContainer(t *testing.T) {
	t.Parallel()
	const w, h = 720, 576
	sup := pgsFile(t, w, h)
	in := append(blackVideo(40), "-i", sup)
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-map", "0:v", "-map", "1:s"}
	for name, c := range map[string]struct {
		args  []string
		exact bool // its times and colours are as they were
	}{
		"pgs.mkv":    {[]string{"-c:s", "copy"}, true},
		"vobsub.mkv": {[]string{"-c:s", "dvdsub"}, false},
		"dvb.mkv":    {[]string{"-c:s", "dvbsub"}, false},
		"dvb.ts":     {[]string{"-c:s", "dvbsub"}, false},
		"nocues.mkv": {[]string{"-c:s", "copy", "-live", "1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := slices.Concat(in, h264, c.args)
			src := clip(t, name, args...)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			ref := imageRef(t, e, src)
			for _, when := range []time.Duration{2 * time.Second, 29 * time.Second, 32 * time.Second} {
				if !c.exact && when > textSegment/2 {
					break // ffmpeg encodes no ends where it does not know them, and so no times after the first
				}
				s := imageSegmentOf(t, e, ref, int(when/textSegment))
				m := s.at(t, when)
				if m == nil {
					t.Errorf("nothing is shown at %v", when)
					continue
				}
				if err := alike(m, reference(t, src.Path, w, h, when)); err != nil {
					t.Errorf("at %v: %v", when, err)
				}
			}
			for _, when := range []time.Duration{time.Second / 2, 10 * time.Second, 35 * time.Second} {
				if !c.exact && when > time.Second {
					break
				}
				s := imageSegmentOf(t, e, ref, int(when/textSegment))
				if s.at(t, when) != nil {
					t.Errorf("something is shown at %v", when)
				}
			}
		})
	}
}
