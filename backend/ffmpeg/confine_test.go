package ffmpeg

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/proc"
)

// confined are the tools where they can be confined.
func confined(t *testing.T) *Tools {
	t.Helper()
	found := tools(t)
	if runtime.GOOS != "linux" {
		t.Skip("nothing confines programs here")
	}
	if found.Unconfined != nil {
		t.Fatalf("the tools do not run confined: %v", found.Unconfined)
	}
	return found
}

func TestSpecNamesTheInputsAndNoMore(t *testing.T) {
	found := confined(t)
	for _, tt := range []struct {
		name string
		args Args
		want string
	}{
		{"a source", Base().Source(media.Source{Path: "/a b/c.mp4", Container: media.MP4}), "[/a b/c.mp4]"},
		{"none", Base().Generated("sine"), "[]"},
		{"an output", Base().Generated("sine").To("mp4", "file:/a"), "[]"},
		{"a value", Base().Opt("-vf", "file:/a"), "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(found.Spec(tt.args).Confine.ReadFiles); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestATakenOverFFmpegReachesNothing gives ffmpeg everything that our arguments forbid, as if a file had taken it
// over: it opens playlists and scripts that name other files and addresses. Confined, it gets to none of them. The
// same runs unconfined do, or they would prove nothing.
func TestATakenOverFFmpegReachesNothing(t *testing.T) {
	found := confined(t)
	canary := generate(t, "canary.ts", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "libx264")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	touched := make(chan struct{}, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			touched <- struct{}{}
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	wasTouched := func() bool {
		select {
		case <-touched:
			return true
		case <-time.After(50 * time.Millisecond): // what was connected has been accepted by then
			return false
		}
	}

	address := "http://" + listener.Addr().String() + "/x.ts"
	playlist := "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"
	list := func(url string) string { return fmt.Sprintf(playlist, url) }
	for _, tt := range []struct {
		name, demuxer, text string
	}{
		{"a playlist of a file", "hls", list("file:" + canary.Path)},
		{"a playlist of an address", "hls", list(address)},
		{"a script of a file", "concat", "ffconcat version 1.0\nfile 'file:" + canary.Path + "'\n"},
		{"a script of an address", "concat", "ffconcat version 1.0\nfile '" + address + "'\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.mp4")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			args := Args{"-nostdin", "-v", "error", "-protocol_whitelist", "file,http,tcp,crypto,data"}
			if tt.demuxer == "hls" {
				args = args.Opt("-allowed_extensions", "ALL")
			} else {
				args = args.Opt("-safe", "0")
			}
			args = args.Opt("-f", tt.demuxer).Opt("-i", "file:"+path).
				Add("-map", "0", "-c", "copy").To("mpegts", "pipe:1")

			free := found.Spec(args)
			free.Confine = nil
			out, _ := proc.Output(t.Context(), free, 10<<20) // it fails where the address gives it nothing
			if reached := wasTouched() || len(out) > 0; !reached {
				t.Fatal("unconfined it reaches nothing either")
			}
			for len(touched) > 0 {
				<-touched
			}
			out, err := proc.Output(t.Context(), found.Spec(args), 10<<20)
			if wasTouched() || len(out) > 0 {
				t.Errorf("%d bytes came out", len(out))
			}
			if err == nil {
				t.Error("it does not say that it got to nothing")
			}
		})
	}
	t.Run("an address", func(t *testing.T) {
		args := Args{"-nostdin", "-v", "error", "-f", "mpegts"}.
			Opt("-i", "tcp://"+listener.Addr().String()).To("null", "-")
		if _, err := proc.Output(t.Context(), found.Spec(args), 1<<20); err == nil || wasTouched() {
			t.Errorf("it connected, %v", err)
		}
	})
	t.Run("a description of a stream", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.mp4")
		text := "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 0 RTP/AVP 33\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		args := Args{"-nostdin", "-v", "error", "-protocol_whitelist", "file,rtp,udp"}.
			Opt("-f", "sdp").Opt("-i", "file:"+path).To("null", "-")
		if _, err := proc.Output(ctx, found.Spec(args), 1<<20); err == nil || ctx.Err() != nil {
			t.Errorf("it listened: %v", err) // unconfined it waits for packets
		}
	})
	t.Run("an output", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "out.ts")
		s := found.Spec(Base().Generated("color=size=64x64:duration=0.2").To("mpegts", "file:"+path))
		s.Limits.FileSizeBytes = -1
		_, err := proc.Output(t.Context(), s, 1<<20)
		if _, serr := os.Stat(path); err == nil || serr == nil {
			t.Errorf("it wrote a file: %v", err)
		}
	})
}

// TestRealFilesConfined probes, pictures and transcodes real files of all kinds, confined.
func TestRealFilesConfined(t *testing.T) {
	dir, found := mediaFolder(t), confined(t)
	for _, name := range []string{
		"sample.mp4", "sample.mkv", "sample.avi", "sample.flv", "bbb_2500ms.ts", "bbb_1920x1080_60fps_vp8.webm",
		"sample_av1.mp4", "h265_bframes.mp4", "sample_eac3.mp4", "sowt-with-video.mov", "sample_with_pgs_subtitles.mkv",
	} {
		t.Run(name, func(t *testing.T) {
			src := source(t, filepath.Join(dir, name))
			p, err := found.Probe(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if p.FirstVideo() != nil {
				jpeg, err := found.Poster(t.Context(), src, *p, 0, 320)
				if err != nil || !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) {
					t.Errorf("no poster: %v", err)
				}
			}
			args := Base().Source(src).Add("-t", "1", "-sn", "-dn").
				Add("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac").
				Add("-movflags", "+frag_keyframe+empty_moov").To("mp4", "pipe:1")
			out, err := proc.Output(t.Context(), found.Spec(args), 64<<20)
			if err != nil || !bytes.Contains(out, []byte("moof")) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
		})
	}
}

// TestAWrappedFFmpegRunsUnconfined finds a script around the real binaries: it cannot be confined, and must do all
// the same, and say so.
func TestAWrappedFFmpegRunsUnconfined(t *testing.T) {
	direct, dir := confined(t), t.TempDir()
	wrap := func(path string) string {
		return script(t, dir, filepath.Base(path), `exec "`+path+`" "$@"`+"\n")
	}
	env := map[string]string{"DROPSTREAM_FFMPEG": wrap(direct.FFmpeg), "DROPSTREAM_FFPROBE": wrap(direct.FFprobe)}
	found, err := Find(t.Context(), FindOptions{Getenv: func(key string) string { return env[key] }})
	if err != nil {
		t.Fatal(err)
	}
	if found.Unconfined == nil || found.Spec(Base()).Confine != nil {
		t.Errorf("a script is said to run confined: %v", found.Unconfined)
	}
	if err := found.CheckEncode(t.Context()); err != nil {
		t.Error(err)
	}
}
