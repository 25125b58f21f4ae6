package index_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	read atomic.Int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.read.Add(int64(n))
	return n, err
}

// text gives the blocks of a span as lines "start+length text".
func text(t *testing.T, x *index.Index, from, to time.Duration) (all []string) {
	t.Helper()
	ts := x.Tracks[0].Timescale
	first, end := media.FromDuration(from, ts), media.FromDuration(to, ts)
	err := x.TextBlocks(t.Context(), first, end, anyTrack, func(b index.Block) {
		at, length := media.ToDuration(b.PTS, ts), media.ToDuration(b.Duration, ts)
		all = append(all, fmt.Sprintf("%v+%v %s", at, length, b.Data))
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTextOfAWindow reads the text of half a minute out of ten, and no more of the file than the heads of its blocks.
func TestTextOfAWindow(t *testing.T) {
	var srt strings.Builder
	for i := range 60 { // one every ten seconds
		at := time.Duration(i) * 10 * time.Second
		fmt.Fprintf(&srt, "%d\n00:%02d:%02d,500 --> 00:%02d:%02d,250\nText %d\n\n", i+1,
			int(at.Minutes()), int(at.Seconds())%60, int(at.Minutes()), int(at.Seconds())%60+2, i)
	}
	in := filepath.Join(t.TempDir(), "in.srt")
	write(t, in, srt.String())
	path := ffmpeg(t, "ten.mkv", "-f", "lavfi", "-i", "testsrc2=s=480x270:r=10:d=600",
		"-i", in, "-c:v", "mpeg4", "-q:v", "2", "-g", "50", "-c:s", "copy")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r := &counting{ReaderAt: f}
	x, err := index.Open(t.Context(), r, st.Size(), media.Matroska)
	if err != nil {
		t.Fatal(err)
	}
	r.read.Store(0)
	got := text(t, x, 450*time.Second, 480*time.Second)
	want := []string{"7m30.5s+1.75s Text 45", "7m40.5s+1.75s Text 46", "7m50.5s+1.75s Text 47"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if read := r.read.Load(); read == 0 || read > st.Size()/20 {
		t.Errorf("%d of %d bytes were read for a twentieth of the length", read, st.Size())
	}
	if all := text(t, x, 0, time.Hour); len(all) != 60 {
		t.Errorf("%d blocks in all, want 60", len(all))
	}
}

// mkvText is a file with a text track, whose entry holds more, and two blocks of it.
func mkvText(more []byte, frames ...[]byte) []byte {
	if len(frames) == 0 {
		frames = [][]byte{[]byte("llo"), []byte("y")}
	}
	block := func(at byte, frame []byte) []byte {
		return ebml(0xA0, ebml(0xA1, u8(0x81, 0, at, 0), frame), ebml(0x9B, u8(20)))
	}
	cluster := func(at byte, frame []byte) []byte {
		return ebml(0x1F43B675, ebml(0xE7, u8(at)), block(7, frame))
	}
	return mkv(
		ebml(idTracks, ebml(0xAE, ebml(0xD7, u8(1)), ebml(0x83, u8(17)), ebml(0x86, []byte("S_TEXT/UTF8")), more)),
		cluster(100, frames[0]), cluster(200, frames[1]))
}

func TestPackedText(t *testing.T) {
	packed := func(text string) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	encoding := func(parts ...[]byte) []byte { return ebml(0x6D80, ebml(0x6240, parts...)) }
	compression := func(algorithm byte, more ...[]byte) []byte {
		return ebml(0x5034, append([][]byte{ebml(0x4254, u8(algorithm))}, more...)...)
	}
	both := []string{"107ms+20ms Hello", "207ms+20ms Hey"}
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"not packed": {mkvText(nil, []byte("Hello"), []byte("Hey")), both},
		"stripped":   {mkvText(encoding(compression(3, ebml(0x4255, []byte("He"))))), both},
		"zlib":       {mkvText(encoding(compression(0)), packed("Hello"), packed("Hey")), both},
		"headers only": {
			mkvText(encoding(ebml(0x5032, u8(2)), compression(0)), []byte("Hello"), []byte("Hey")), both,
		},
		"bomb":      {mkvText(encoding(compression(0)), packed(strings.Repeat("a", 1<<20)), packed("Hey")), both[1:]},
		"not zlib":  {mkvText(encoding(compression(0)), []byte("Hello"), packed("Hey")), both[1:]},
		"unknown":   {mkvText(encoding(compression(2))), nil},
		"encrypted": {mkvText(encoding(ebml(0x5033, u8(1)))), nil},
		"empty":     {mkvText(nil, nil, nil), nil},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := openBytes(c.file, media.Matroska)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, text(t, x, 0, time.Minute)); diff != "" {
				t.Error(diff)
			}
			if got := text(t, x, 150*time.Millisecond, time.Minute); len(got) > 1 {
				t.Errorf("from 150 ms on: %q", got)
			}
		})
	}
}

// TestKeyframeAlone finds a keyframe by its cue, and reads no more of the file than its head.
func TestKeyframeAlone(t *testing.T) {
	path := ffmpeg(t, "long.mkv", "-f", "lavfi", "-i", "testsrc2=s=480x270:r=25:d=60", "-c:v", "libx264", "-preset",
		"ultrafast", "-g", "125", "-cluster_time_limit", "30000", "-cluster_size_limit", "90000000")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r := &counting{ReaderAt: f}
	x, err := index.Open(t.Context(), r, st.Size(), media.Matroska)
	if err != nil {
		t.Fatal(err)
	}
	track := x.Tracks[0]
	r.read.Store(0)
	for i, k := range track.Keyframes {
		s, err := track.KeyframeBlock(t.Context(), i)
		if err != nil || s.PTS() != k.PTS || !s.Sync || s.Size == 0 {
			t.Errorf("keyframe %d: %+v, %v", i, s, err)
		}
	}
	if n := int64(len(track.Keyframes)); n < 10 || r.read.Load() > n*(16<<10) {
		t.Errorf("%d bytes were read for %d keyframes", r.read.Load(), n)
	}
	for _, i := range []int{-1, len(track.Keyframes)} {
		if _, err := track.KeyframeBlock(t.Context(), i); err == nil {
			t.Errorf("there is a keyframe %d", i)
		}
	}
}

// anyTrack wants the blocks of all tracks.
func anyTrack(*index.Track) bool { return true }
