package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/sprite"
	"dropstream/backend/testkit/clips"
)

// cue is an entry of an index of thumbnails.
type thumbCue struct {
	from, to time.Duration
	sheet    int
	address  string
	area     image.Rectangle
}

var cueForm = regexp.MustCompile(`(?m)^(\S+) --> (\S+)\nthumbs/(\d+)\.jpg(\?v=[0-9a-z]+)#xywh=(\d+),(\d+),(\d+),(\d+)$`)

func thumbCues(t *testing.T, index []byte) (all []thumbCue, finished bool) {
	t.Helper()
	clock := func(s string) time.Duration {
		var h, m, sec, ms int
		if n, err := fmt.Sscanf(s, "%d:%d:%d.%d", &h, &m, &sec, &ms); n != 4 || err != nil {
			t.Fatalf("time %q", s)
		}
		return time.Duration(h*3600+m*60+sec)*time.Second + time.Duration(ms)*time.Millisecond
	}
	for _, m := range cueForm.FindAllStringSubmatch(string(index), -1) {
		var n [5]int
		for i, s := range []string{m[3], m[5], m[6], m[7], m[8]} {
			n[i], _ = strconv.Atoi(s) // digits
		}
		all = append(all, thumbCue{
			clock(m[1]), clock(m[2]), n[0], m[4],
			image.Rect(n[1], n[2], n[1]+n[3], n[2]+n[4]),
		})
	}
	if want := strings.Count(string(index), "-->"); len(all) != want {
		t.Fatalf("%d of %d cues are of the form:\n%s", len(all), want, index)
	}
	return all, !strings.Contains(string(index), sprite.Unfinished)
}

// thumbnails makes all the thumbnails of an item and gives their cues and pictures.
func thumbnails(t *testing.T, e *Engine, item string) ([]thumbCue, map[int]image.Image) {
	t.Helper()
	if _, err := e.Thumbs(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	madeThumbs(t, e, item)
	index, err := e.Thumbs(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	cues, finished := thumbCues(t, index)
	if !finished {
		t.Fatalf("not finished:\n%s", index)
	}
	sheets := map[int]image.Image{}
	for _, c := range cues {
		if sheets[c.sheet] == nil {
			sheets[c.sheet] = thumbSheetOf(t, e, item, c.sheet)
		}
		if !c.area.In(sheets[c.sheet].Bounds()) {
			t.Errorf("%v of a sheet of %v", c.area, sheets[c.sheet].Bounds())
		}
	}
	return cues, sheets
}

// madeThumbs waits until nothing makes thumbnails of an item any more.
func madeThumbs(t *testing.T, e *Engine, item string) {
	t.Helper()
	ti, release, err := e.title(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range time.Tick(5 * time.Millisecond) {
		ti.thumbs.mu.Lock()
		making := ti.thumbs.making
		ti.thumbs.mu.Unlock()
		if !making {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("thumbnails are not made in a minute")
		}
	}
}

func thumbSheetOf(t *testing.T, e *Engine, item string, n int) image.Image {
	t.Helper()
	data, err := e.ThumbSheet(t.Context(), item, n)
	if err != nil {
		t.Fatal(err)
	}
	p, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shadeOf is the mean brightness of the middle of a thumbnail.
func shadeOf(p image.Image, area image.Rectangle) float64 {
	sum, n := 0.0, 0.0
	for y := area.Min.Y + area.Dy()/4; y < area.Max.Y-area.Dy()/4; y++ {
		for x := area.Min.X + area.Dx()/4; x < area.Max.X-area.Dx()/4; x++ {
			_, g, _, _ := p.At(x, y).RGBA()
			sum, n = sum+float64(g>>8), n+1
		}
	}
	return sum / n
}

// shades is a picture that is a little brighter every second: its second can be told from it.
func shades(seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(
		"color=gray:s=32x18:r=25:d=%d,geq=lum='20+4*floor(T)':cb=128:cr=128,scale=320:180", seconds)}
}

// second is the second that a picture of shades is from.
func second(shade float64) float64 { return ((shade*219/255 + 16) - 20) / 4 }

// TestThumbnailsShowTheirKeyframe makes thumbnails of every kind of source: each is of the second at which its cue
// begins, no time is without one, and none is of a later time.
func TestThumbnailsShowTheirKeyframe(t *testing.T) {
	x264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"}
	open := []string{
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "3",
		"-x264-params", "open-gop=1:scenecut=0",
	}
	hevc := []string{
		"-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
		"log-level=none:keyint=50:open-gop=1:bframes=3:b-adapt=0",
	}
	q := []string{"-q:v", "2", "-g", "50"}
	for _, c := range []struct {
		name  string
		args  []string
		every int // seconds from one thumbnail to the next
	}{
		{"plain.mp4", x264, 2},
		{"b.mkv", append(x264, "-bf", "3"), 2},
		{"open.mp4", open, 2},
		{"open.mkv", open, 2},
		{"fragmented.mp4", append(x264, "-movflags", "+frag_keyframe+empty_moov"), 2},
		{"late.mp4", append(x264, "-output_ts_offset", "100"), 2},
		{"hevc.mp4", hevc, 2},
		{"hevc.mkv", hevc, 2},
		{"vp9.webm", []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"}, 2},
		{"intra.mov", []string{"-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-q:v", "2"}, 2},
		{"sparse.mp4", append(x264, "-g", "175", "-keyint_min", "175"), 7},
		{"mpeg4.mkv", append(q, "-c:v", "mpeg4"), 2},
		{"late.ts", append(x264, "-output_ts_offset", "100"), 2},
		{"open.ts", open, 2},
		{"mpeg4.avi", append(q, "-c:v", "mpeg4"), 2},
		{"mpeg2.mpg", append(q, "-c:v", "mpeg2video"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			seconds := 24
			if c.name == "plain.mp4" {
				seconds = 54 // more than a sheet
			}
			src := clip(t, c.name, append(shades(seconds), c.args...)...)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			cues, sheets := thumbnails(t, e, src.ItemID)
			if want := (seconds + c.every - 1) / c.every; len(cues) < want-1 || len(cues) > want {
				t.Errorf("%d thumbnails of %d s", len(cues), seconds)
			}
			last := time.Duration(0)
			for i, cue := range cues {
				if cue.from != last && i > 0 || i == 0 && cue.from > 100*time.Millisecond {
					t.Errorf("thumbnail %d begins at %v, the one before ends at %v", i, cue.from, last)
				}
				last = cue.to
				got := second(shadeOf(sheets[cue.sheet], cue.area))
				// Containers round times.
				if want := math.Floor(cue.from.Seconds() + 0.03); math.Abs(got-want) > 0.45 {
					t.Errorf("thumbnail at %v is of second %.2f", cue.from, got)
				}
			}
			if d := last - time.Duration(seconds)*time.Second; d < -time.Second || d > time.Second {
				t.Errorf("the last ends at %v", last)
			}
		})
	}
}

// quarters is a picture of four colours: red and green above, blue and yellow below.
const quarters = "color=red:s=80x60:r=10:d=1[a];color=lime:s=80x60:r=10:d=1[b];" +
	"color=blue:s=80x60:r=10:d=1[c];color=yellow:s=80x60:r=10:d=1[d];[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"

// TestThumbnailsAreUpright turns, mirrors and stretches a picture; the thumbnail is as a player shows it.
func TestThumbnailsAreUpright(t *testing.T) {
	red, green := color.RGBA{R: 255}, color.RGBA{G: 255}
	blue, yellow := color.RGBA{B: 255}, color.RGBA{R: 255, G: 255}
	x264 := []string{"-f", "lavfi", "-i", quarters, "-c:v", "libx264", "-pix_fmt", "yuv420p"}
	matrix := func(t *testing.T, src media.Source, m ...int32) media.Source {
		data, err := os.ReadFile(src.Path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(data, []byte("tkhd")) + 4 + 40
		for i, v := range m {
			binary.BigEndian.PutUint32(data[at+[]int{0, 4, 12, 16}[i]:], uint32(v)<<16)
		}
		if err := os.WriteFile(src.Path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return sourceOf(t, src.Path)
	}
	for _, c := range []struct {
		name    string
		args    []string
		matrix  []int32
		size    image.Point
		corners [4]color.RGBA // clockwise from the top left
	}{
		{"plain.mp4", x264, nil, image.Pt(160, 120), [4]color.RGBA{red, green, yellow, blue}},
		{"turned.mp4", x264, []int32{0, 1, -1, 0}, image.Pt(120, 160), [4]color.RGBA{blue, red, green, yellow}},
		{"head.mp4", x264, []int32{-1, 0, 0, -1}, image.Pt(160, 120), [4]color.RGBA{yellow, blue, red, green}},
		{"left.mp4", x264, []int32{0, -1, 1, 0}, image.Pt(120, 160), [4]color.RGBA{green, yellow, blue, red}},
		{"mirror.mp4", x264, []int32{-1, 0, 0, 1}, image.Pt(160, 120), [4]color.RGBA{green, red, blue, yellow}},
		{"wide.mkv", append(x264, "-vf", "setsar=2"), nil, image.Pt(240, 90), [4]color.RGBA{red, green, yellow, blue}},
		{
			"hd.mp4", append(x264, "-vf", "scale=1280:960:out_color_matrix=bt709", "-colorspace", "bt709"),
			nil, image.Pt(240, 180),
			[4]color.RGBA{red, green, yellow, blue},
		},
		{
			"444.mp4", append(x264, "-pix_fmt", "yuv444p10le"), nil,
			image.Pt(160, 120),
			[4]color.RGBA{red, green, yellow, blue},
		},
		{
			"422.avi",
			[]string{"-f", "lavfi", "-i", quarters, "-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-q:v", "2"},
			nil, image.Pt(160, 120),
			[4]color.RGBA{red, green, yellow, blue},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := clip(t, c.name, c.args...)
			if c.matrix != nil {
				src = matrix(t, src, c.matrix...)
			}
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			cues, sheets := thumbnails(t, e, src.ItemID)
			if len(cues) != 1 || cues[0].area.Size() != c.size {
				t.Fatalf("thumbnails %+v, want one of %v", cues, c.size)
			}
			for i, want := range c.corners {
				x := c.size.X / 4 * []int{1, 3, 3, 1}[i]
				y := c.size.Y / 4 * []int{1, 1, 3, 3}[i]
				r, g, b, _ := sheets[0].At(x, y).RGBA()
				far := func(a uint32, b uint8) bool { return math.Abs(float64(a>>8)-float64(b)) > 24 }
				if far(r, want.R) || far(g, want.G) || far(b, want.B) {
					t.Errorf("corner %d is %d %d %d, want %v", i, r>>8, g>>8, b>>8, want)
				}
			}
		})
	}
}

// TestThumbnailsOfHDR holds that reference white comes out bright: taken as it is it would be a middle grey.
func TestThumbnailsOfHDR(t *testing.T) {
	for _, transfer := range []string{"smpte2084", "arib-std-b67"} {
		grey := map[string]string{"smpte2084": "0x949494", "arib-std-b67": "0xbfbfbf"}[transfer]
		src := clip(t, transfer+".mp4", "-f", "lavfi", "-i", "color="+grey+":size=64x48:rate=10:duration=0.5",
			"-vf", "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
			"-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")
		e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
		if !e.tools.CanToneMap() {
			t.Skip("this ffmpeg cannot map HDR to standard range")
		}
		cues, sheets := thumbnails(t, e, src.ItemID)
		if len(cues) != 1 {
			t.Fatalf("%d thumbnails", len(cues))
		}
		if s := shadeOf(sheets[0], cues[0].area); s < 0xa8 || s > 0xf8 {
			t.Errorf("%s: white comes out as %.0f", transfer, s)
		}
	}
}

// countingFile counts what is read of a file.
type countingFile struct {
	*os.File

	read atomic.Int64
	gone atomic.Int64 // from how many bytes on it cannot be read any more; 0: it always can
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	if gone := f.gone.Load(); gone > 0 && f.read.Load() > gone {
		return 0, syscall.EIO
	}
	n, err := f.File.ReadAt(p, off)
	f.read.Add(int64(n))
	return n, err
}

// TestThumbnailsOfTenHours reads a few megabytes of a file of ten hours, and runs ffmpeg once.
func TestThumbnailsOfTenHours(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a file of 300 MB")
	}
	c, ok := clips.Named("10-hours.mp4")
	if !ok {
		t.Fatal("no such clip")
	}
	path, err := c.Path(t.Context())
	if err != nil {
		t.Skipf("not made here: %v", err)
	}
	src := sourceOf(t, path)
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	file := &countingFile{File: ti.file}
	ti.thumbs.file = file
	start := time.Now()
	cues, _ := thumbnails(t, e, src.ItemID)
	t.Logf("%d thumbnails in %v, %d bytes of keyframes", len(cues), time.Since(start), file.read.Load())
	if len(cues) < mostThumbs-10 || len(cues) > mostThumbs {
		t.Errorf("%d thumbnails", len(cues))
	}
	if last := cues[len(cues)-1]; last.to < 9*time.Hour+59*time.Minute || last.from < 9*time.Hour+50*time.Minute {
		t.Errorf("the last one is of %v to %v", last.from, last.to)
	}
	if n := file.read.Load(); n == 0 || n > 16<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

// TestThumbnailsOfWhatGoesAway loses the source in the middle: what was made until then is there, and said to be all.
func TestThumbnailsOfWhatGoesAway(t *testing.T) {
	src := clip(t, "gone.mp4", append(shades(54), "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")...)
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	file := &countingFile{File: ti.file}
	var all int64
	for _, k := range ti.survey.video.indexed.Keyframes {
		s, err := ti.survey.video.indexed.Samples(nil, k.Sample, k.Sample+1)
		if err != nil {
			t.Fatal(err)
		}
		all += int64(s[0].Size)
	}
	file.gone.Store(all / 4) // half of what is read, for every other keyframe is
	ti.thumbs.file = file
	cues, sheets := thumbnails(t, e, src.ItemID)
	if len(cues) < 8 || len(cues) > 20 {
		t.Errorf("%d thumbnails of half a source", len(cues))
	}
	for _, cue := range cues {
		if got := second(shadeOf(sheets[cue.sheet], cue.area)); math.Abs(got-cue.from.Seconds()) > 0.45 {
			t.Errorf("thumbnail at %v is of second %.2f", cue.from, got)
		}
	}
	// It is back: the rest is made, once the time to try again has come.
	file.gone.Store(0)
	ti.thumbs.mu.Lock()
	ti.thumbs.next = time.Time{}
	ti.thumbs.mu.Unlock()
	if cues, _ = thumbnails(t, e, src.ItemID); len(cues) != 27 {
		t.Errorf("%d thumbnails of the whole", len(cues))
	}
}

// TestThumbnailsOfDamage leaves out what cannot be decoded, and shows nothing wrong in its stead.
func TestThumbnailsOfDamage(t *testing.T) {
	for _, name := range []string{"damaged.mp4", "damaged.mkv", "damaged.ts"} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, append(shades(54), "-c:v", "libx264", "-preset", "ultrafast", "-g", "50")...)
			data, err := os.ReadFile(src.Path)
			if err != nil {
				t.Fatal(err)
			}
			for i := len(data) * 45 / 100; i < len(data)*55/100; i++ {
				data[i] = 0xA5
			}
			if name == "damaged.ts" { // the index of the others is at the end
				data = data[:len(data)*9/10]
			}
			if err := os.WriteFile(src.Path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			src = sourceOf(t, src.Path)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			cues, sheets := thumbnails(t, e, src.ItemID)
			if len(cues) < 16 || len(cues) > 26 {
				t.Errorf("%d thumbnails of 27", len(cues))
			}
			wrong := 0
			for _, cue := range cues {
				got := second(shadeOf(sheets[cue.sheet], cue.area))
				if math.Abs(got-math.Floor(cue.from.Seconds()+0.03)) > 0.45 {
					wrong++
				}
			}
			if wrong > 2 { // what is half there decodes to half a picture
				t.Errorf("%d of %d thumbnails are of another time", wrong, len(cues))
			}
		})
	}
}

// TestThumbnailsAreKept makes no thumbnail twice, but those that were damaged on disk or belong to what the file was.
func TestThumbnailsAreKept(t *testing.T) {
	src := clip(t, "kept.mp4", append(shades(54), "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")...)
	dir := t.TempDir()
	open := func() (*Engine, func()) {
		t.Helper()
		e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
		c, err := cache.Open(t.Context(), dir, cache.Options{BudgetBytes: 1 << 30, Log: e.log})
		if err != nil {
			t.Fatal(err)
		}
		e.cache = c
		return e, func() {
			e.Close()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	e, done := open()
	first, _ := thumbnails(t, e, src.ItemID)
	jpeg, err := e.ThumbSheet(t.Context(), src.ItemID, 0)
	if err != nil || e.UsedBytes() < int64(len(jpeg)) {
		t.Errorf("sheet of %d bytes, %v; %d bytes in the budget", len(jpeg), err, e.UsedBytes())
	}
	for _, n := range []int{-1, 2, 900} {
		if _, err := e.ThumbSheet(t.Context(), src.ItemID, n); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("sheet %d: %v", n, err)
		}
	}
	done()

	e, done = open()
	index, err := e.Thumbs(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	again, finished := thumbCues(t, index)
	if diff := cmp.Diff(first, again, cmp.AllowUnexported(thumbCue{})); !finished || diff != "" {
		t.Errorf("after a restart, finished %v: %s", finished, diff)
	}
	if kept, err := e.ThumbSheet(t.Context(), src.ItemID, 0); err != nil || !bytes.Equal(kept, jpeg) {
		t.Errorf("the sheet is another one: %v", err)
	}
	done()

	packs, err := filepath.Glob(filepath.Join(dir, "*", "*", "*"))
	if more, _ := filepath.Glob(filepath.Join(dir, "*")); err == nil && len(packs) == 0 {
		packs = more
	}
	for _, path := range packs {
		if data, err := os.ReadFile(path); err == nil && len(data) > len(jpeg) {
			data[len(data)/2] ^= 0xff
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	e, done = open()
	defer done()
	index, err = e.Thumbs(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	if _, finished := thumbCues(t, index); finished {
		t.Error("damage in the cache is not noticed")
	}
	if again, _ = thumbnails(t, e, src.ItemID); len(again) != len(first) {
		t.Errorf("%d thumbnails after damage, %d before", len(again), len(first))
	}
	if err := e.Forget(t.Context(), src.ItemID); err != nil || e.UsedBytes() != 0 {
		t.Errorf("%v; %d bytes are left of an item that is gone", err, e.UsedBytes())
	}
}

// TestThumbnailsWait holds that nothing is made of them while somebody waits for a head.
func TestThumbnailsWait(t *testing.T) {
	src := clip(t, "wait.mp4", append(shades(10), "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")...)
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	viewer, err := e.sched.acquire(t.Context(), pictureSlot, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	file := &countingFile{File: ti.file}
	ti.thumbs.file = file
	index, err := e.Thumbs(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	if cues, finished := thumbCues(t, index); finished || len(cues) > 0 {
		t.Errorf("finished %v, %d thumbnails", finished, len(cues))
	}
	for waiting := false; !waiting; runtime.Gosched() { // until the maker asks for a slot
		e.sched.mu.Lock()
		waiting = len(e.sched.queue) > 0
		e.sched.mu.Unlock()
	}
	if file.read.Load() != 0 {
		t.Error("the source is read while somebody waits")
	}
	viewer.release()
	if cues, _ := thumbnails(t, e, src.ItemID); len(cues) != 5 {
		t.Errorf("%d thumbnails", len(cues))
	}
}

// TestThumbnailsOfSound gives an index of nothing for what has no moving picture.
func TestThumbnailsOfSound(t *testing.T) {
	src := clip(t, "sound.m4a", "-f", "lavfi", "-i", "sine=d=3", "-c:a", "aac")
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	index, err := e.Thumbs(t.Context(), src.ItemID)
	if err != nil || string(index) != "WEBVTT\n" {
		t.Errorf("%q, %v", index, err)
	}
}

// TestThumbnailsOfRealFiles makes thumbnails of all files that are given, each of some.
func TestThumbnailsOfRealFiles(t *testing.T) {
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		t.Skip("DROPSTREAM_MEDIA is not set")
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			path := filepath.Join(dir, f.Name())
			if strings.HasPrefix(f.Name(), "LICENSE") {
				t.Skip("no video")
			}
			src := sourceOf(t, path)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			ti, release, err := e.title(t.Context(), src.ItemID)
			if err != nil {
				t.Skipf("does not play: %v", err)
			}
			defer release()
			if !ti.thumbs.possible() {
				t.Skip("no picture that can be decoded")
			}
			cues, sheets := thumbnails(t, e, src.ItemID)
			if len(cues) == 0 || len(cues) > mostThumbs+1 {
				t.Errorf("%d thumbnails of %v", len(cues), ti.timeline.total)
			}
			t.Logf("%d thumbnails of %v, %d sheets", len(cues), ti.timeline.total, len(sheets))
		})
	}
}
