package stream

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/m3u8"
	"dropstream/backend/media"
)

// textTitle opens sources with text: an engine, and the text renditions of its first item by number.
func textTitle(t *testing.T, src media.Source) (*Engine, []m3u8.Rendition) {
	t.Helper()
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	return e, textRenditionsOf(t, e, src)
}

// textRenditionsOf reads the multivariant playlist strictly.
func textRenditionsOf(t *testing.T, e *Engine, src media.Source) (subs []m3u8.Rendition) {
	t.Helper()
	data, err := e.Multivariant(t.Context(), src.ItemID, 0)
	if err != nil {
		t.Fatal(err)
	}
	m, wrong := m3u8.ParseMultivariant(data)
	for _, v := range wrong {
		t.Errorf("multivariant playlist: %v", v)
	}
	for _, r := range m.Renditions {
		if r.Type == m3u8.Subtitles {
			subs = append(subs, r)
		}
	}
	for _, v := range m.Variants {
		if (v.SubtitlesGroup == textGroup) != (len(subs) > 0) {
			t.Errorf("variant %s has the subtitles group %q", v.URI, v.SubtitlesGroup)
		}
	}
	return subs
}

func textRef(t *testing.T, src media.Source, r m3u8.Rendition) media.Ref {
	t.Helper()
	ref := media.Ref{Item: src.ItemID, Kind: media.Text, Rendition: "vtt"}
	if _, err := fmt.Sscanf(r.URI, "t/%d/media.m3u8", &ref.Track); err != nil {
		t.Fatalf("URI %q: %v", r.URI, err)
	}
	return ref
}

const vttHeader = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"

// allText checks a rendition's playlist, and gives its segments without their headers.
func allText(t *testing.T, e *Engine, ref media.Ref) (segments []string) {
	t.Helper()
	data, err := e.Playlist(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	p, wrong := m3u8.ParseMedia(data)
	for _, v := range wrong {
		t.Errorf("media playlist: %v", v)
	}
	ti, release, err := e.title(t.Context(), ref.Item)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if d := (p.Duration() - ti.timeline.total).Abs(); d > time.Millisecond {
		t.Errorf("the text playlist lasts %v, the presentation %v", p.Duration(), ti.timeline.total)
	}
	for n, s := range p.Segments {
		if want := fmt.Sprintf("%d.vtt", n); s.URI != want {
			t.Errorf("segment %d is at %q", n, s.URI)
		}
		segments = append(segments, textOf(t, e, ref, n))
	}
	if _, err := e.Segment(t.Context(), ref, len(p.Segments)); err == nil {
		t.Error("there is a segment after the last one")
	}
	return segments
}

func textOf(t *testing.T, e *Engine, ref media.Ref, n int) string {
	t.Helper()
	data, err := e.Segment(t.Context(), ref, n)
	if err != nil {
		t.Fatalf("text segment %d: %v", n, err)
	}
	body, ok := strings.CutPrefix(string(data), vttHeader)
	if !ok {
		t.Fatalf("segment %d begins with %q", n, data[:min(len(data), 80)])
	}
	return body
}

func TestRealTextTracks(t *testing.T) {
	for name, want := range map[string]string{
		"sample_with_srt.mkv": "00:00:00.000 --> 00:00:01.234\nThis is the first subtitle.\n\n",
		// Its pictures begin 67 ms late, and the presentation with them.
		"sample_with_ssa_subtitles.mkv": "00:00:00.000 --> 00:00:00.433\nThis is the first subtitle.\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			src := sourceOf(t, filepath.Join(mediaFolder(t), name))
			e, subs := textTitle(t, src)
			if len(subs) != 1 {
				t.Fatalf("text renditions: %+v", subs)
			}
			segments := allText(t, e, textRef(t, src, subs[0]))
			if len(segments) != 1 || segments[0] != want {
				t.Errorf("segments %q, want %q", segments, want)
			}
		})
	}
}

// mediaFolder is the folder of real files; the test is skipped where it is not.
func mediaFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the folder of real media files is not here (DROPSTREAM_MEDIA names it)")
	}
	return dir
}

// blackVideo are the arguments for a cheap picture of a length in seconds.
func blackVideo(seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf("color=s=64x36:r=5:d=%d", seconds)}
}

// writeFile writes a file into a test's folder.
func writeFile(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const someSRT = `1
00:00:01,000 --> 00:00:03,500
One <i>leaning</i>

2
00:00:28,000 --> 00:00:32,000
Across the boundary

3
00:01:05,250 --> 00:01:06,000
<script>alert(1)</script> --` + `> & "so on"
`

func TestTextOfEveryContainer(t *testing.T) {
	srt := writeFile(t, filepath.Join(t.TempDir(), "in.srt"), []byte(someSRT))
	in := append(blackVideo(70), "-i", srt)
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25"}
	const (
		lean    = "00:00:01.000 --> 00:00:03.500\nOne <i>leaning</i>\n\n"
		across  = "00:00:28.000 --> 00:00:32.000\nAcross the boundary\n\n"
		endless = "00:00:28.000 --> 00:01:05.250\nAcross the boundary\n\n"
		// ffmpeg leaves out the script when it encodes.
		encoded = "00:01:05.250 --> 00:01:06.000\nalert(1) --&gt; &amp; \"so on\"\n\n"
		copied  = "00:01:05.250 --> 00:01:06.000\n&lt;script&gt;alert(1)&lt;/script&gt; --&gt; &amp; \"so on\"\n\n"
	)
	plain := []string{lean + across, across, encoded}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"copy.mkv":   {append(h264, "-c:s", "copy"), []string{lean + across, across, copied}},
		"ass.mkv":    {append(h264, "-c:s", "ass"), plain},
		"vtt.mkv":    {append(h264, "-c:s", "webvtt"), plain},
		"vtt.webm":   {[]string{"-c:v", "libvpx", "-deadline", "realtime", "-b:v", "50k", "-c:s", "webvtt"}, plain},
		"text.mp4":   {append(h264, "-c:s", "mov_text"), plain},
		"text.mov":   {append(h264, "-c:s", "mov_text"), plain},
		"nocues.mkv": {append(h264, "-c:s", "srt", "-live", "1"), plain},
		// ffmpeg writes no gaps into fragments: each text lasts until the next one.
		"frag.mp4": {append(h264, "-c:s", "mov_text", "-movflags", "frag_keyframe+empty_moov"), []string{
			"00:00:01.000 --> 00:00:28.000\nOne <i>leaning</i>\n\n" + endless, endless, endless + encoded,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(append([]string(nil), in...), c.args...)
			args = append(args, "-metadata:s:s:0", "language=ger", "-metadata:s:s:0", `title=A "title"`)
			src := clip(t, name, args...)
			e, subs := textTitle(t, src)
			if len(subs) != 1 || subs[0].Language != "ger" && subs[0].Language != "deu" {
				t.Fatalf("text renditions: %+v", subs)
			}
			ref := textRef(t, src, subs[0])
			// The last one is asked first: nothing of what is before it has been read.
			if last := textOf(t, e, ref, 2); last != c.want[2] {
				t.Errorf("the last segment, asked first, is %q", last)
			}
			if diff := cmp.Diff(c.want, allText(t, e, ref)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSidecars(t *testing.T) {
	src := clip(t, "A film.mkv", append(blackVideo(40), "-c:v", "libx264", "-preset", "ultrafast")...)
	dir := filepath.Dir(src.Path)
	beside := func(name, text string) { writeFile(t, filepath.Join(dir, name), []byte(text)) }
	beside("A film.en.srt", "1\n00:00:01,000 --> 00:00:02,000\nEnglish\n")
	beside("A film.de.forced.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nT\xfcr \x96 \x80\r\n")
	beside("A film.vtt", "WEBVTT\n\n00:29.000 --> 00:31.000 line:0\nBoth\n")
	var wide strings.Builder
	for _, r := range "\ufeff1\n00:00:01,000 --> 00:00:02,000\nДа\n" {
		wide.Write([]byte{byte(r), byte(r >> 8)})
	}
	beside("A film.ru.srt", wide.String())
	beside("A film.ass", "[Script Info]\n\n[Events]\n"+
		"Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}So{\\i0}, yes\n")
	beside("A film.no subtitles.srt", "1\n00:00:01,000 --> 00:00:02,000\nAnother film\n")
	beside("A film.fr.srt", "\x7fELF no subtitles at all")
	beside("B film.en.srt", "1\n00:00:01,000 --> 00:00:02,000\nAnother film\n")
	if err := os.Symlink(filepath.Join(dir, "B film.en.srt"), filepath.Join(dir, "A film.it.srt")); err != nil {
		t.Fatal(err)
	}
	e, subs := textTitle(t, src)
	got := map[string]string{}
	for _, r := range subs {
		segments := allText(t, e, textRef(t, src, r))
		got[r.Name] = strings.Join(segments, "|")
		if r.Forced != (r.Language == "de") {
			t.Errorf("%s: forced %v", r.Name, r.Forced)
		}
	}
	const first = "00:00:01.000 --> 00:00:02.000\n"
	want := map[string]string{
		"en":          first + "English\n\n|",
		"de (forced)": first + "Tür – €\n\n|",
		"ru":          first + "Да\n\n|",
		"Subtitles 1": "00:00:01.000 --> 00:00:02.500\n<i>So</i>, yes\n\n|",
		"Subtitles 5": "00:00:29.000 --> 00:00:31.000\nBoth\n\n|00:00:29.000 --> 00:00:31.000\nBoth\n\n",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: %q, want %q", name, got[name], text)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s should not be there", name)
	}

	// One comes, one goes: the others keep their numbers, and one that has gone leaves silence.
	before := map[string]string{}
	for _, r := range subs {
		before[r.Name] = r.URI
	}
	beside("A film.be.srt", "1\n00:00:01,000 --> 00:00:02,000\nNew\n")
	if err := os.Remove(filepath.Join(dir, "A film.vtt")); err != nil {
		t.Fatal(err)
	}
	for _, r := range textRenditionsOf(t, e, src) {
		if was := before[r.Name]; was != r.URI && r.Language != "be" {
			t.Errorf("%s moved from %q to %q", r.Name, was, r.URI)
		}
		if r.Name == "Subtitles 5" {
			t.Errorf("a sidecar that has gone is still there")
		}
	}
}

func TestTextThatCannotBeReadIsEmpty(t *testing.T) {
	src := clip(t, "film.mkv", append(blackVideo(5), "-c:v", "libx264", "-preset", "ultrafast")...)
	path := strings.TrimSuffix(src.Path, ".mkv") + ".srt"
	writeFile(t, path, []byte("1\n00:00:01,000 --> 00:00:02,000\nText\n"))
	e, subs := textTitle(t, src)
	if len(subs) != 1 {
		t.Fatalf("text renditions: %+v", subs)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := textOf(t, e, textRef(t, src, subs[0]), 0); got != "" {
		t.Errorf("got %q", got)
	}
	for _, ref := range []media.Ref{
		{Item: src.ItemID, Kind: media.Text, Track: 0}, {Item: src.ItemID, Kind: media.Text, Track: 1001},
	} {
		if data, err := e.Segment(t.Context(), ref, 0); err == nil {
			t.Errorf("track %d gives %q", ref.Track, bytes.TrimSpace(data))
		}
	}
}

// TestTextFromTheMiddle asks for the middle of ten minutes first, and has it before ffmpeg has read the whole.
func TestTextFromTheMiddle(t *testing.T) {
	var srt strings.Builder
	for i := range 60 {
		fmt.Fprintf(&srt, "%d\n00:%02d:%02d,500 --> 00:%02d:%02d,250\nText %d\n\n", i+1, i/6, i%6*10, i/6, i%6*10+2, i)
	}
	in := writeFile(t, filepath.Join(t.TempDir(), "in.srt"), []byte(srt.String()))
	src := clip(t, "ten.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=600", "-i", in,
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:s", "copy")
	e, subs := textTitle(t, src)
	if len(subs) != 1 {
		t.Fatalf("text renditions: %+v", subs)
	}
	began := time.Now()
	got := textOf(t, e, textRef(t, src, subs[0]), 15)
	took := time.Since(began)
	want := "00:07:30.500 --> 00:07:32.250\nText 45\n\n00:07:40.500 --> 00:07:42.250\nText 46\n\n" +
		"00:07:50.500 --> 00:07:52.250\nText 47\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	began = time.Now()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", src.Path, "-map", "0:s", "-f", "webvtt", "-")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	t.Logf("one segment took %v, ffmpeg %v for the whole", took, whole)
	if took > whole {
		t.Errorf("one segment took %v, ffmpeg %v for the whole", took, whole)
	}
}

// TestManyTextTracks: more than are offered, all read together.
func TestManyTextTracks(t *testing.T) {
	in := writeFile(t, filepath.Join(t.TempDir(), "in.srt"), []byte(someSRT))
	args := append(blackVideo(40), "-i", in, "-map", "0:v")
	for range maxTextTracks + 3 {
		args = append(args, "-map", "1:s")
	}
	src := clip(t, "many.mkv", append(args, "-c:v", "libx264", "-preset", "ultrafast", "-c:s", "copy")...)
	writeFile(t, strings.TrimSuffix(src.Path, ".mkv")+".srt", []byte(someSRT))
	e, subs := textTitle(t, src)
	if len(subs) != maxTextTracks {
		t.Fatalf("%d text renditions", len(subs))
	}
	var wg sync.WaitGroup
	for _, r := range subs {
		ref := textRef(t, src, r)
		for n := range 2 {
			wg.Go(func() {
				data, err := e.Segment(t.Context(), ref, n)
				if err != nil || strings.Count(string(data), "Across the boundary") != 1 {
					t.Errorf("segment %d of track %d: %q, %v", n, ref.Track, data, err)
				}
			})
		}
	}
	wg.Wait()
}

// TestLongCue finds a cue that began long before the segment that is asked for first.
func TestLongCue(t *testing.T) {
	in := writeFile(t, filepath.Join(t.TempDir(), "in.srt"), []byte(
		"1\n00:00:05,000 --> 00:03:05,000\nLong\n\n2\n00:03:06,000 --> 00:03:07,000\nShort\n"))
	for _, name := range []string{"long.mkv", "long.mp4"} {
		codec := map[string]string{".mkv": "srt", ".mp4": "mov_text"}[filepath.Ext(name)]
		args := append(blackVideo(200), "-i", in, "-c:v", "libx264", "-preset", "ultrafast", "-c:s", codec)
		src := clip(t, name, args...)
		e, subs := textTitle(t, src)
		if len(subs) != 1 {
			t.Fatalf("text renditions: %+v", subs)
		}
		const want = "00:00:05.000 --> 00:03:05.000\nLong\n\n"
		if got := textOf(t, e, textRef(t, src, subs[0]), 5); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestTextOfAFileCutShort: what is gone is left out, what is there is still shown.
func TestTextOfAFileCutShort(t *testing.T) {
	in := writeFile(t, filepath.Join(t.TempDir(), "in.srt"), []byte(someSRT))
	for _, name := range []string{"cut.mkv", "cut.mp4"} {
		codec := map[string]string{".mkv": "srt", ".mp4": "mov_text"}[filepath.Ext(name)]
		src := clip(t, name, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=5:d=70", "-i", in, "-c:v", "libx264", "-preset",
			"ultrafast", "-g", "25", "-c:s", codec, "-movflags", "+faststart")
		e, subs := textTitle(t, src)
		if len(subs) != 1 {
			t.Fatalf("text renditions: %+v", subs)
		}
		if err := os.Truncate(src.Path, src.SizeBytes*3/4); err != nil {
			t.Fatal(err)
		}
		ref := textRef(t, src, subs[0])
		if got := textOf(t, e, ref, 0); !strings.Contains(got, "One <i>leaning</i>") {
			t.Errorf("%s: the first segment is %q", name, got)
		}
		if got := textOf(t, e, ref, 2); got != "" {
			t.Errorf("%s: the last segment is %q", name, got)
		}
	}
}
