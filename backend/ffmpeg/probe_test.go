package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// brief is a probe in one line a track: what a player and a planner go by.
func brief(p *FullProbe) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v+%v", p.Start, p.Duration.Round(time.Microsecond))
	for _, t := range p.Tracks {
		fmt.Fprintf(&b, "\n%d %s %s", t.Index, t.Kind, t.Codec)
		if t.CodecString != "" {
			fmt.Fprintf(&b, " (%s)", t.CodecString)
		}
		if t.Language != "" {
			fmt.Fprintf(&b, " %s", t.Language)
		}
		if t.Encrypted {
			b.WriteString(" locked")
		}
		if t.Picture {
			b.WriteString(" picture")
		}
		switch v, a := t.Video, t.Audio; t.Kind {
		case media.Video:
			fmt.Fprintf(&b, " %dx%d %d-bit %s", v.Width, v.Height, v.BitDepth, v.Chroma)
			if v.PixelAspect.Valid() && v.PixelAspect.Num != v.PixelAspect.Den {
				fmt.Fprintf(&b, " pixel %d:%d", v.PixelAspect.Num, v.PixelAspect.Den)
			}
			if v.FrameRate.Valid() {
				fmt.Fprintf(&b, " %.4g fps", v.FrameRate.Float())
			}
			if v.Rotation != 0 || v.Mirrored {
				fmt.Fprintf(&b, " turn %d mirror %v", v.Rotation, v.Mirrored)
			}
			if v.Interlaced {
				b.WriteString(" interlaced")
			}
			if v.FullRange {
				b.WriteString(" full range")
			}
			if v.HighDynamicRange() {
				fmt.Fprintf(&b, " %s dv%d", v.Transfer, v.DolbyVisionProfile)
			}
		case media.Audio:
			fmt.Fprintf(&b, " %d Hz %s", a.SampleRate, a.Layout)
		default:
		}
		tb := p.TimeBases[t.Index]
		fmt.Fprintf(&b, " 1/%d s", tb.Den/max(1, tb.Num))
	}
	return b.String()
}

// golden is what the real files are, checked by eye against what their makers say of them.
var golden = map[string]string{
	"bbb_1920x1080_60fps_vp8.webm": "0s+1.012s\n0 video vp8 1920x1080 8-bit 4:2:0 60 fps 1/1000 s\n" +
		"1 audio vorbis 48000 Hz 5.1 1/1000 s",
	"bbb_2500ms.ts": "1.514088889s+2.512722s\n0 video mpeg2video 1920x1080 8-bit 4:2:0 24 fps 1/90000 s\n" +
		"1 audio mp2 44100 Hz stereo 1/90000 s",
	"bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4": "0s+4s\n" +
		"0 video h264 (avc1.64001f) 800x640 8-bit 4:2:0 pixel 64:45 30 fps 1/30 s",
	"bear-vp9-odd-dimensions.webm": "0s+1.001s\n0 video vp9 161x121 8-bit 4:2:0 29.97 fps 1/1000 s",
	"dolbyVision-hdr.MOV": "0s+106.667ms\n" +
		"0 video hevc (hvc1.2.4.L93.b0) 1280x720 10-bit 4:2:0 30 fps turn 90 mirror false arib-std-b67 dv8 1/600 s\n" +
		"1 audio aac (mp4a.40.2) 44100 Hz stereo 1/44100 s\n2 other  1/600 s\n3 other  1/600 s\n4 other  1/600 s",
	"h265_bframes.mp4": "0s+1s\n0 video hevc (hev1.1.6.L90.90) 854x480 8-bit 4:2:0 30 fps 1/90000 s",
	"hdr10-video-with-sdr-container.mp4": "0s+1.0174s\n" +
		"0 video hevc (hev1.2.4.L150.b0) eng 1920x1080 10-bit 4:2:0 27.52 fps smpte2084 dv0 1/90000 s\n" +
		"1 audio aac (mp4a.40.2) eng 48000 Hz stereo 1/48000 s",
	"internal_emulator_transformer_output_180_rotated.mp4": "0s+4.971633s\n" +
		"0 video h264 (avc1.42c029) eng 1280x720 8-bit 4:2:0 29.97 fps turn 180 mirror false 1/90000 s\n" +
		"1 audio aac (mp4a.40.2) eng 44100 Hz stereo 1/44100 s",
	"portrait_4k60.mp4": "0s+312.688ms\n" +
		"0 video h264 (avc1.640033) eng 3840x2160 8-bit 4:2:0 60.06 fps turn 90 mirror false full range 1/90000 s\n" +
		"1 audio aac (mp4a.40.2) eng 48000 Hz stereo 1/48000 s",
	"sample.avi": "0s+4.087417s\n0 video mpeg4 960x400 8-bit 4:2:0 23.98 fps 1/23 s\n" +
		"1 audio mp3 (mp4a.40.34) 48000 Hz stereo 1/41 s",
	"sample.flv": "67ms+1.136s\n0 video h264 (avc1.640034) 1080x720 8-bit 4:2:0 1/1000 s\n" +
		"1 audio aac (mp4a.40.2) 44100 Hz mono 1/1000 s",
	"sample.mkv": "67ms+1.072s\n0 video h264 (avc1.640034) 1080x720 8-bit 4:2:0 1/1000 s\n" +
		"1 audio ac3 (ac-3) 44100 Hz mono 1/1000 s",
	"sample_av1.mkv": "0s+1s\n" +
		"0 video av1 (av01.0.05M.10) 720x1280 10-bit 4:2:0 30 fps arib-std-b67 dv0 1/1000 s",
	"sample_eac3.mp4": "0s+1.728s\n0 audio eac3 (ec-3) 48000 Hz 5.1(side) 1/48000 s",
	// Its movie and tracks say "all 1s": a length that is not known. It is measured.
	"sample_fragmented.mp4": "0s+1.068118s\n" +
		"0 video h264 (avc1.64001f) 1080x720 8-bit 4:2:0 29.97 fps 1/30000 s\n" +
		"1 audio aac (mp4a.40.2) 44100 Hz mono 1/44100 s",
	"sample_h264_mpeg_audio.ts": "1.466733333s+100.1ms\n" +
		"0 video h264 (avc1.64001e) 640x426 8-bit 4:2:0 29.97 fps 1/90000 s\n1 audio mp2 44100 Hz mono 1/90000 s",
	"sample_missing_stsd.mp4": "0s+1.067211s\n" +
		"0 video h264 (avc1.64001f) 1080x720 8-bit 4:2:0 29.97 fps 1/30000 s\n1 audio  0 Hz  1/44100 s",
	"sample_rotate_and_reflect.mp4": "0s+1.067211s\n" +
		"0 video h264 (avc1.64001f) 1080x720 8-bit 4:2:0 29.97 fps turn 270 mirror true 1/30000 s\n" +
		"1 audio aac (mp4a.40.2) 44100 Hz mono 1/44100 s",
	"sample_video_only.mp4": "0s+1.001s\n0 video h264 (avc1.64001f) 1080x720 8-bit 4:2:0 29.97 fps 1/30000 s",
	"sample_with_chapters.mkv": "-23ms+5.023s\n" +
		"0 video h264 (avc1.f4000d) 320x240 8-bit 4:4:4 30 fps 1/1000 s\n" +
		"1 audio aac (mp4a.40.2) 44100 Hz mono 1/1000 s",
	"sample_with_pgs_subtitles.mkv": "0s+1.01s\n0 video h264 (avc1.640034) 1080x720 8-bit 4:2:0 1/1000 s\n" +
		"1 audio ac3 (ac-3) 44100 Hz mono 1/1000 s\n2 text hdmv_pgs_subtitle eng 1/1000 s",
	"sowt-with-video.mov": "0s+2s\n0 video h264 (avc1.64002a) 1920x1080 8-bit 4:2:0 50 fps 1/12800 s\n" +
		"1 audio pcm_s16le 48000 Hz stereo 1/48000 s",
	"subsample_encrypted_noaltref.webm": "0s+1ms\n0 video vp9 eng locked 360x240 0-bit  1/1000 s",
}

func TestProbeRealFiles(t *testing.T) {
	dir := mediaFolder(t)
	tools := tools(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range files {
		name := filepath.Base(path)
		if source(t, path).Container == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got, err := tools.ProbeFull(t.Context(), source(t, path))
			if err != nil {
				t.Fatal(err)
			}
			if got.Duration <= 0 || got.Duration > 10*time.Minute {
				t.Errorf("lasts %v", got.Duration)
			}
			if got.BitRate <= 0 {
				t.Errorf("bit rate %d", got.BitRate)
			}
			var want fault.Code
			switch name {
			case "sample_vvc.mp4":
				if want = fault.Unsupported; tools.Decoders["vvc"] {
					want = ""
				}
			case "subsample_encrypted_noaltref.webm":
				want = fault.Encrypted
			}
			if code := fault.CodeOf(tools.CheckPlayable(&got.Probe)); code != want {
				t.Errorf("playable: %q, want %q", code, want)
			}
			if want, ok := golden[name]; ok {
				seen++
				if diff := cmp.Diff(want, brief(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if seen < 15 {
		t.Errorf("only %d of the files are known", seen)
	}
}

func TestProbeChaptersAndTags(t *testing.T) {
	meta := filepath.Join(t.TempDir(), "meta")
	err := os.WriteFile(meta, []byte(";FFMETADATA1\ntitle=A \\=\\; <b>title</b> 😀\n[CHAPTER]\nTIMEBASE=1/1000\n"+
		"START=0\nEND=400\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	src := generate(t, "c.mkv", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-f", "lavfi", "-i",
		"sine=duration=1", "-f", "lavfi", "-i", "sine=duration=1", "-i", meta, "-map", "0", "-map", "1", "-map", "2",
		"-map_metadata", "3", "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=und",
		"-metadata:s:a:1", "title=Comments", "-disposition:a:0", "0", "-disposition:a:1", "default+forced",
		"-c:v", "libx264", "-c:a", "aac")
	got, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "A =; <b>title</b> 😀" {
		t.Errorf("title %q", got.Title)
	}
	want := []media.Chapter{
		{Start: 0, End: 400 * time.Millisecond, Title: "One"},
		{Start: 400 * time.Millisecond, End: time.Second, Title: "Two"},
	}
	if diff := cmp.Diff(want, got.Chapters); diff != "" {
		t.Error(diff)
	}
	first, second := got.Tracks[1], got.Tracks[2]
	if first.Language != "ger" || first.Default || second.Language != "" || second.Title != "Comments" ||
		!second.Default || !second.Forced {
		t.Errorf("sound: %+v, %+v", first, second)
	}
	if heard := got.FirstAudio(); heard == nil || heard.Index != 2 {
		t.Errorf("heard first: %+v", heard)
	}
}

func TestProbeLockedMP4(t *testing.T) {
	src := generate(t, "l.mp4", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "libx264",
		"-encryption_scheme", "cenc-aes-ctr", "-encryption_key", strings.Repeat("ab", 16),
		"-encryption_kid", strings.Repeat("cd", 16))
	got, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Tracks[0].Encrypted {
		t.Errorf("not known to be locked: %+v", got.Tracks[0])
	}
	err = tools(t).CheckPlayable(got)
	if fault.CodeOf(err) != fault.Encrypted {
		t.Errorf("playable: %v, want encrypted", err)
	}
}

func TestProbeInterlacedAndPicture(t *testing.T) {
	src := generate(t, "i.mpg", "-f", "lavfi", "-i", "testsrc=size=720x576:rate=25:duration=0.4",
		"-vf", "setsar=64/45,setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1", "-f", "mpeg")
	got, err := tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	v := got.Tracks[0].Video
	if w, h := v.DisplaySize(); !v.Interlaced || w != 1024 || h != 576 {
		t.Errorf("interlaced %v, shown at %dx%d", v.Interlaced, w, h)
	}
	src = withCover(t)
	got, err = tools(t).Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if got.FirstVideo() != nil || got.FirstAudio() == nil || !got.Tracks[1].Picture {
		t.Errorf("a cover is not a picture: %+v", got.Tracks)
	}
}

// withCover makes an audio file with an attached picture, half red.
func withCover(t *testing.T) media.Source {
	t.Helper()
	cover := generate(t, "cover.png", "-f", "lavfi", "-i", "color=red:size=100x200", "-frames:v", "1")
	return generate(t, "m.mp4", "-f", "lavfi", "-i", "sine=duration=1", "-i", cover.Path, "-map", "0", "-map", "1",
		"-c:a", "aac", "-c:v", "copy", "-disposition:v:0", "attached_pic")
}

// TestProbeOddNames puts the same video under names that other programs trip over.
func TestProbeOddNames(t *testing.T) {
	clip := generate(t, "clip.mp4", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5", "-c:v", "libx264")
	for _, name := range []string{
		"with space.mp4", "100%d %s %05d.mp4", `q"uo'te\.mp4`, "-i x.mp4", "-", "😀🎬.mp4", "new\nline.mp4",
		"concat:a|b.mp4", "file:x.mp4", "http:x", "pipe:0", "a;b&c|d$e`f`.mp4", strings.Repeat("x", 200) + ".mp4",
		"\xff\xfe.mp4", "..mp4", "*?[a].mp4", "no extension", "x.m3u8", "x.txt",
	} {
		t.Run(name, func(t *testing.T) {
			src := clip
			src.Path = filepath.Join(t.TempDir(), name)
			if err := os.Link(clip.Path, src.Path); err != nil {
				t.Skipf("this system has no such name: %v", err)
			}
			got, err := tools(t).Probe(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Tracks) != 1 || got.Tracks[0].Video.Width != 64 {
				t.Errorf("got %+v", got.Tracks)
			}
		})
	}
}

// TestProbeRefusesScripts gives scripts and playlists that name other files as if they were the containers they are
// named after: none may be read as what it is.
func TestProbeRefusesScripts(t *testing.T) {
	clip := generate(t, "clip.mp4", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5", "-c:v", "libx264")
	segment := filepath.Join(filepath.Dir(clip.Path), "clip.ts")
	for name, text := range map[string]string{
		"m3u8":     "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + segment + "\n#EXT-X-ENDLIST\n",
		"ffconcat": "ffconcat version 1.0\nfile " + clip.Path + "\n",
		"sdp":      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
		"text":     "just some words\n",
		"empty":    "",
	} {
		for ext, container := range containers {
			if ext != ".mp4" && (name == "text" || name == "empty") {
				continue // one container is enough of these
			}
			t.Run(name+ext, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "x"+ext)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := tools(t).Probe(t.Context(), source(t, path))
				if code := fault.CodeOf(err); code != fault.Damaged {
					t.Errorf("as %s: %+v, %v; want damaged", container, got, err)
				}
				if said := fault.MessageOf(err); strings.Contains(said, "/") {
					t.Errorf("says %q", said)
				}
			})
		}
	}
}

func TestProbeFailures(t *testing.T) {
	clip := generate(t, "clip.mp4", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5", "-c:v", "libx264")
	whole, err := os.ReadFile(clip.Path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.mp4")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	missing, unknown := clip, clip
	missing.Path += ".none"
	unknown.Container = "hls"
	for _, tt := range []struct {
		name string
		src  media.Source
		want fault.Code
	}{
		{"no index", source(t, cut), fault.Damaged},
		{"not there", missing, fault.Missing},
		{"a container we do not open", unknown, fault.Damaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tools(t).Probe(t.Context(), tt.src)
			if code := fault.CodeOf(err); code != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && strings.Contains(fault.MessageOf(err), filepath.Dir(tt.src.Path)) {
				t.Errorf("the sentence has a path in it: %s", fault.MessageOf(err))
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tools(t).Probe(ctx, clip); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("canceled: %v", err)
	}
	none := *tools(t)
	none.FFprobe += ".none"
	if _, err := none.Probe(t.Context(), clip); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("without ffprobe: %v", err)
	}
}
