package stream

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dropstream/backend/media"
)

// greys are luminances in cd/m², from left to right in the clip of TestColours.
var greys = []float64{1, 10, 100, 203, 1000}

// pqCode is the 10-bit luma of a grey in PQ, limited range (ITU-R BT.2100-2 table 4 and §9).
func pqCode(nits float64) int {
	const m1, m2, c1, c2, c3 = 2610.0 / 16384, 2523.0 / 32, 3424.0 / 4096, 2413.0 / 128, 2392.0 / 128
	y := math.Pow(nits/10_000, m1)
	return int(math.Round(64 + 876*math.Pow((c1+c2*y)/(1+c3*y), m2)))
}

// standard is the 8-bit luma that a grey is to have in standard range: Hable's curve with its white at 1000 cd/m², then
// the inverse of the display's gamma of 2.4 (ITU-R BT.1886).
func standard(nits float64) float64 {
	hable := func(x float64) float64 { return (x*(0.15*x+0.05)+0.004)/(x*(0.15*x+0.5)+0.06) - 0.02/0.3 }
	return 16 + 219*math.Pow(hable(nits/100)/hable(10), 1/2.4)
}

// HDR10 becomes the standard range that the curve says, picture and poster alike, and greys stay grey.
func TestColours(t *testing.T) {
	codes := make([]string, len(greys))
	for i, nits := range greys {
		codes[i] = fmt.Sprintf("%d*eq(floor(X/64),%d)", pqCode(nits), i)
	}
	src := clip(t, "greys.mp4", "-f", "lavfi", "-i",
		"nullsrc=s=320x180:r=5:d=3,format=yuv420p10le,geq=lum='"+strings.Join(codes, "+")+"':cb=512:cr=512",
		"-c:v", "libx265", "-preset", "ultrafast", "-crf", "4", "-tag:v", "hvc1", "-color_primaries", "bt2020",
		"-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-x265-params",
		"log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited")
	e, ti := prepared(t, src)
	if !e.tools.CanToneMap() {
		t.Skip("this ffmpeg has no zscale")
	}
	f, m := videoFeedOf(t, ti)
	seg := makeOne(t, m, 0, tryPlain)
	dir := t.TempDir()
	picture, poster := filepath.Join(dir, "picture.mp4"), filepath.Join(dir, "poster.jpg")
	writeFile(t, picture, slices.Concat(f.init, seg))
	jpeg, err := e.tools.Poster(t.Context(), src, media.Probe{Tracks: []media.Track{ti.survey.video.track}}, 0, 320)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, poster, jpeg)
	for _, path := range []string{picture, poster} {
		// Whatever range the file has, limited range comes out.
		out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-vf",
			"scale=320:180:out_range=tv,format=yuv444p", "-f", "rawvideo", "-").Output()
		const plane = 320 * 180
		if err != nil || len(out) != 3*plane {
			t.Fatalf("%s: %v, %d bytes", filepath.Base(path), err, len(out))
		}
		for i, nits := range greys {
			at := 90*320 + i*64 + 32
			y, u, v := float64(out[at]), float64(out[plane+at]), float64(out[2*plane+at])
			t.Logf("%s: %4.0f cd/m² is %.0f, expected %.1f; colour %.0f %.0f", filepath.Base(path), nits, y,
				standard(nits), u, v)
			if math.Abs(y-standard(nits)) > 4 {
				t.Errorf("%s: %v cd/m² is %v, not %.1f", filepath.Base(path), nits, y, standard(nits))
			}
			if math.Abs(u-128) > 2 || math.Abs(v-128) > 2 {
				t.Errorf("%s: %v cd/m² has a colour: %v %v", filepath.Base(path), nits, u, v)
			}
		}
	}
}
