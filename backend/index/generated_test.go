package index_test

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

const (
	testPicture = "testsrc2=size=160x120:rate=25:duration=3"
	testSound   = "sine=frequency=440:sample_rate=48000:duration=3"
)

// clip makes a short file with ffmpeg: a test picture and a tone, encoded as args say.
func clip(t testing.TB, name string, args ...string) string {
	t.Helper()
	return ffmpeg(t, name, append([]string{
		"-f", "lavfi", "-i", testPicture, "-f", "lavfi", "-i", testSound,
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-bf", "3", "-b_strategy", "0",
		"-c:a", "aac", "-threads", "1",
	}, args...)...)
}

func ffmpeg(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-hide_banner", "-nostdin", "-v", "error", "-y"}, args...)
	out, err := exec.Command(needTool(t, "ffmpeg"), append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return path
}

// TestGeneratedFiles compares files of every layout that ffmpeg writes.
func TestGeneratedFiles(t *testing.T) {
	cases := []struct {
		name, file string
		args       string
		check      func(t *testing.T, x *index.Index)
	}{
		{"moov last", "a.mp4", "", exact},
		{"moov first", "a.mp4", "-movflags +faststart", exact},
		{"no B-frames", "a.mp4", "-bf 0", exact},
		{"signed composition offsets", "a.mp4", "-movflags +negative_cts_offsets", exact},
		{"no edit lists", "a.mp4", "-use_editlist 0", nil},
		{"mov with PCM", "a.mov", "-c:a pcm_s16le", exact},
		{"mov with 24-bit PCM", "a.mov", "-c:a pcm_s24le", exact},
		{"intra-only", "a.mov", "-c:v mjpeg -bf 0 -pix_fmt yuvj422p -c:a pcm_s16be", allSync},
		{"prores", "a.mov", "-c:v prores_ks -pix_fmt yuv422p10le", allSync},
		{"mpeg4", "a.mp4", "-c:v mpeg4 -bf 2", openGOP},
		{
			"hevc open GOP", "a.mp4",
			"-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=27:min-keyint=27 -tag:v hvc1", openGOP,
		},
		{"vp9 and opus", "a.mp4", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus", exact},
		{"ac3", "a.mp4", "-c:a ac3 -ac 2", exact},
		{"flac", "a.mp4", "-c:a flac -strict -2", exact},
		{"sound only", "a.m4a", "-vn", nil},
		{
			"variable frame rate", "a.mp4", "-vf setpts=PTS+if(gt(N\\,30)\\,0.013/TB\\,0) -fps_mode passthrough",
			exact,
		},
		{"interlaced", "a.mp4", "-flags +ilme+ildct -bf 0 -preset medium", interlaced},
		{"anamorphic", "a.mp4", "-vf setsar=4/3", exact},
		{"turned", "a.mp4", "-metadata:s:v rotate=90", nil},
		{"named", "a.mp4", "-metadata title=Häuser -metadata:s:a language=deu", named},

		{"fragmented", "a.mp4", "-movflags +frag_keyframe+empty_moov", fragmented},
		{"fragmented, base is moof", "a.mp4", "-movflags +frag_keyframe+empty_moov+default_base_moof", fragmented},
		{"fragmented, signed offsets", "a.mp4", "-movflags +frag_keyframe+empty_moov+negative_cts_offsets", fragmented},
		{"fragmented, no base offset", "a.mp4", "-movflags +frag_keyframe+empty_moov+omit_tfhd_offset", fragmented},
		{"fragmented, a moof per track", "a.mp4", "-movflags +frag_keyframe+empty_moov+separate_moof", fragmented},
		{"fragmented after moov", "a.mp4", "-movflags +frag_keyframe", fragmented},
		{"fragmented, late moov", "a.mp4", "-movflags +frag_keyframe+delay_moov", fragmented},
		{"fragmented by time", "a.mp4", "-movflags +empty_moov -frag_duration 200000", fragmented},
		{"fragmented, sidx", "a.mp4", "-movflags +dash+global_sidx+frag_keyframe", fragmented},
		{"fragmented, cmaf", "a.mp4", "-movflags +cmaf+frag_keyframe", fragmented},

		{"matroska", "a.mkv", "", keyframes},
		{"matroska, Cues in front", "a.mkv", "-reserve_index_space 20000", keyframes},
		{"matroska, small clusters", "a.mkv", "-cluster_time_limit 200", keyframes},
		{"webm", "a.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus", keyframes},
		{"matroska with text", "a.mkv", "-metadata title=Häuser -metadata:s:a language=ger", named},
		{"matroska without Cues", "a.mkv", "-live 1", nothing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := compare(t, clip(t, c.file, strings.Fields(c.args)...))
			if c.check != nil {
				c.check(t, x)
			}
		})
	}
}

// exact is what a plain MP4 is: presented by its plain samples, all three seconds.
func exact(t *testing.T, x *index.Index) {
	t.Helper()
	for _, track := range x.Tracks {
		if !track.EditsExact || !track.DTSMonotonic || track.Truncated || track.SampleEntries != 1 {
			t.Errorf("track %d: exact %v, monotonic %v, truncated %v, %d entries", track.Index,
				track.EditsExact, track.DTSMonotonic, track.Truncated, track.SampleEntries)
		}
		if off := (track.Duration - 3*time.Second).Abs(); off > 60*time.Millisecond {
			t.Errorf("track %d lasts %v", track.Index, track.Duration)
		}
		if track.Kind == media.Video && track.StartTicks != 0 && x.Container == media.MP4 && track.Edits > 0 {
			t.Errorf("the picture starts at %d", track.StartTicks)
		}
		if track.Kind == media.Video && !track.AllSync && (!track.ClosedGOP || len(track.Keyframes) < 3) {
			t.Errorf("closed %v, %d keyframes", track.ClosedGOP, len(track.Keyframes))
		}
	}
}

func allSync(t *testing.T, x *index.Index) {
	t.Helper()
	if v := x.Tracks[0]; !v.AllSync || v.SyncUncertain || v.Keyframes != nil || !v.ClosedGOP {
		t.Errorf("all sync %v, uncertain %v, %d keyframes", v.AllSync, v.SyncUncertain, len(v.Keyframes))
	}
}

func openGOP(t *testing.T, x *index.Index) {
	t.Helper()
	if v := x.Tracks[0]; v.ClosedGOP || v.AllSync {
		t.Errorf("closed %v, all sync %v", v.ClosedGOP, v.AllSync)
	}
}

func interlaced(t *testing.T, x *index.Index) {
	t.Helper()
	if !x.Tracks[0].Video.Interlaced {
		t.Error("not interlaced")
	}
}

func named(t *testing.T, x *index.Index) {
	t.Helper()
	if x.Title != "Häuser" {
		t.Errorf("title %q", x.Title)
	}
	if l := x.Tracks[1].Language; l != "deu" && l != "ger" {
		t.Errorf("language %q", l)
	}
}

func fragmented(t *testing.T, x *index.Index) {
	t.Helper()
	if !x.Fragmented || x.Precision != index.Samples {
		t.Errorf("fragmented %v, precision %v", x.Fragmented, x.Precision)
	}
	for _, track := range x.Tracks {
		if off := (track.Duration - 3*time.Second).Abs(); off > 100*time.Millisecond {
			t.Errorf("track %d lasts %v", track.Index, track.Duration)
		}
		if !track.EditsExact || !track.DTSMonotonic {
			t.Errorf("track %d: exact %v, monotonic %v", track.Index, track.EditsExact, track.DTSMonotonic)
		}
	}
	if n := len(x.Tracks[0].Keyframes); n < 3 {
		t.Errorf("%d keyframes", n)
	}
}

func keyframes(t *testing.T, x *index.Index) {
	t.Helper()
	v := x.Tracks[0]
	if x.Precision != index.Keyframes || len(v.Keyframes) < 3 {
		t.Fatalf("precision %v, %d keyframes", x.Precision, len(v.Keyframes))
	}
	for _, track := range x.Tracks {
		if off := (track.Duration - 3*time.Second).Abs(); off > 60*time.Millisecond {
			t.Errorf("track %d lasts %v", track.Index, track.Duration)
		}
	}
	if off := (media.ToDuration(v.EndTicks, v.Timescale) - 3*time.Second).Abs(); off > 25*time.Millisecond {
		t.Errorf("the picture ends %v from where its last frame does", off)
	}
}

func nothing(t *testing.T, x *index.Index) {
	t.Helper()
	if x.Precision != index.None || len(x.Tracks) != 2 {
		t.Errorf("precision %v, %d tracks", x.Precision, len(x.Tracks))
	}
}

// TestEditLists compares files that were cut and delayed without encoding them again.
func TestEditLists(t *testing.T) {
	whole := clip(t, "a.mp4")
	t.Run("cut inside a GOP", func(t *testing.T) {
		x := compare(t, ffmpeg(t, "b.mp4", "-ss", "1.5", "-i", whole, "-c", "copy"))
		if v := x.Tracks[0]; v.EditsExact || v.Edits != 1 {
			t.Errorf("exact %v with %d edits", v.EditsExact, v.Edits)
		}
	})
	t.Run("cut at a keyframe", func(t *testing.T) {
		x := compare(t, ffmpeg(t, "b.mp4", "-ss", "1", "-i", whole, "-c", "copy"))
		if v := x.Tracks[0]; !v.EditsExact || v.Keyframes[0].PTS != 0 {
			t.Errorf("exact %v, keyframes %v", v.EditsExact, v.Keyframes)
		}
	})
	t.Run("from before the first frame", func(t *testing.T) {
		p := readAll(t, whole)
		at := bytes.Index(p, []byte("elst")) + 16
		if binary.BigEndian.Uint32(p[at:]) != 1024 {
			t.Fatalf("the edit starts at %x", p[at:at+4])
		}
		binary.BigEndian.PutUint32(p[at-4:], 3200)
		binary.BigEndian.PutUint32(p[at:], 0)
		path := filepath.Join(t.TempDir(), "b.mp4")
		write(t, path, string(p))
		if v := compare(t, path).Tracks[0]; !v.EditsExact || v.Keyframes[0].PTS != 0 {
			t.Errorf("exact %v, keyframes %v", v.EditsExact, v.Keyframes)
		}
	})
	t.Run("delayed sound", func(t *testing.T) {
		x := compare(t, ffmpeg(t, "b.mp4", "-i", whole, "-itsoffset", "0.7", "-i", whole,
			"-map", "0:v", "-map", "1:a", "-c", "copy"))
		if a := x.Tracks[1]; !a.EditsExact || a.Start < 670*time.Millisecond || a.Start > 710*time.Millisecond {
			t.Errorf("exact %v, starts at %v", a.EditsExact, a.Start)
		}
	})
	t.Run("delayed picture", func(t *testing.T) {
		x := compare(t, ffmpeg(t, "b.mp4", "-itsoffset", "0.7", "-i", whole, "-i", whole,
			"-map", "0:v", "-map", "1:a", "-c", "copy"))
		v := x.Tracks[0]
		if want := media.FromDuration(700*time.Millisecond, v.Timescale); !v.EditsExact || v.Keyframes[0].PTS != want {
			t.Errorf("exact %v, keyframes %v, want the first at %d", v.EditsExact, v.Keyframes, want)
		}
	})
}
