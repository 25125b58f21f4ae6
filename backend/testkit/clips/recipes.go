package clips

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// picture is a moving test picture, dark enough that a white flash of 0.1 s every 2 s stands out.
func picture(size string, rate, seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(
		"testsrc2=s=%s:r=%d:d=%d,lutyuv=y=16+val/4,drawbox=t=fill:c=white:enable='lt(mod(t,2),0.099)'",
		size, rate, seconds)}
}

// beep is 0.1 s of a tone every 2 s, each of another height so that no two can be mistaken for each other.
func beep(rate, seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(
		"aevalsrc=exprs='0.5*sin(2*PI*(600+150*floor(t/2))*t)*lt(mod(t,2),0.1)':s=%d:d=%d", rate, seconds)}
}

// surround is beep in six channels.
func surround(seconds int) []string {
	tone := "0.3*sin(2*PI*(600+150*floor(t/2))*t)*lt(mod(t,2),0.1)"
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(
		"aevalsrc=exprs='%[1]s|%[1]s|%[1]s|0|%[1]s|%[1]s':c=5.1:s=48000:d=%[2]d", tone, seconds)}
}

func args(parts ...[]string) []string { return slices.Concat(parts...) }

// The encoders, as fast as they go: the tests are of what becomes of the files.
var (
	x264     = []string{"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50"}
	aac      = []string{"-c:a", "aac", "-b:a", "96k"}
	first    = []string{"-movflags", "+faststart"}
	small    = picture("320x180", 25, 10)
	stereo   = args(beep(48000, 10), []string{"-ac", "2"})
	ordinary = args(small, stereo, x264, aac)
)

// All are the small clips of the tests, each a trap of its own.
func All() []Clip {
	return slices.Concat(plain(), timing(), containers(), pictures(), broken(), traps())
}

// plain are files that pass through.
func plain() []Clip {
	yes := func(name string, a ...[]string) Clip {
		return Clip{Name: name, Args: args(a...), Passthrough: "yes", Pattern: true}
	}
	return []Clip{
		yes("faststart.mp4", ordinary, first),
		yes("moov-last.mp4", ordinary),
		yes("bframes.mp4", small, stereo, x264, []string{"-bf", "3", "-x264-params", "b-pyramid=normal"}, aac),
		yes("quicktime.mov", ordinary),
		yes("fragmented.mp4", ordinary, []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof"}),
		{Name: "no-audio.mp4", Args: args(small, x264), Passthrough: "yes"},
		{Name: "audio-only.m4a", Args: args(stereo, aac)},
		yes("44100.mp4", small, beep(44100, 10), []string{"-ac", "2"}, x264, aac),
		yes("mono.mp4", small, beep(48000, 10), []string{"-ac", "1"}, x264, aac),
		{Name: "5.1.mp4", Args: args(small, surround(10), x264, aac), Pattern: true},
		yes("60fps.mp4", picture("320x180", 60, 8), beep(48000, 8), x264, aac),
		yes("ntsc.mp4", []string{
			"-f", "lavfi", "-i", "testsrc2=s=320x180:r=30000/1001:d=8,lutyuv=y=16+val/4," +
				"drawbox=t=fill:c=white:enable='lt(mod(t,2),0.099)'",
		}, beep(48000, 8), x264, aac),
	}
}

// timing are files whose tracks do not simply start together and end together.
func timing() []Clip {
	const kept = "-c"
	return []Clip{
		{Name: "trimmed.mp4", Args: []string{"-ss", "1.52", "-i", "PATH/bframes.mp4", kept, "copy"}, Pattern: true},
		{Name: "audio-late.mp4", Args: args(small, []string{"-itsoffset", "2"}, stereo, x264, aac), Pattern: true},
		{Name: "audio-early.mp4", Args: args([]string{"-itsoffset", "1"}, small, stereo, x264, aac)},
		{Name: "audio-shorter.mp4", Args: args(small, beep(48000, 6), x264, aac), Pattern: true},
		{Name: "audio-longer.mp4", Args: args(small, beep(48000, 13), x264, aac), Pattern: true},
		{Name: "vfr.mkv", Args: args([]string{
			"-f", "lavfi", "-i", "testsrc2=s=320x180:r=120:d=10,lutyuv=y=16+val/4," +
				"drawbox=t=fill:c=white:enable='lt(mod(t,2),0.099)'," +
				"select='if(lt(t,5),not(mod(n,5)),not(mod(n,2)))'",
		}, stereo, x264, aac, []string{"-fps_mode", "vfr"}), Pattern: true},
		{Name: "offset-hour.ts", Args: args(ordinary, []string{"-output_ts_offset", "3600"}), Pattern: true},
		{Name: "long-gop.mp4", Args: args(picture("320x180", 25, 30), beep(48000, 30), []string{
			"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "99999", "-sc_threshold", "0",
		}, aac), Pattern: true},
		{Name: "open-gop.mp4", Args: args(small, stereo, []string{
			"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "3",
			"-x264-params", "open-gop=1:scenecut=0",
		}, aac), Pattern: true},
	}
}

// containers are the other containers, each with codecs at home in it.
func containers() []Clip {
	no := func(name string, a ...[]string) Clip {
		return Clip{Name: name, Args: args(a...), Pattern: true}
	}
	q := []string{"-q:v", "3"}
	return []Clip{
		{Name: "h264.mkv", Args: ordinary, Passthrough: "yes", Pattern: true},
		{Name: "pyramid.mkv", Args: args(small, stereo, x264, []string{
			"-bf", "3", "-x264-params", "b-pyramid=normal", "-reserve_index_space", "20000",
			"-cluster_time_limit", "700",
		}, aac), Passthrough: "yes", Pattern: true},
		{Name: "open-gop.mkv", Args: args(small, stereo, x264, []string{
			"-bf", "3", "-x264-params", "open-gop=1:scenecut=0",
		}, aac), Passthrough: "no", Pattern: true},
		no("hevc.mkv", small, stereo, []string{
			"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-g", "50",
		}, aac),
		no("mpeg2.ts", small, stereo, []string{"-c:v", "mpeg2video", "-c:a", "mp2"}, q),
		no("h264.ts", ordinary),
		no("mpeg2.mpg", small, stereo, []string{"-c:v", "mpeg2video", "-c:a", "mp2"}, q),
		no("mpeg4.avi", small, stereo, []string{"-c:v", "mpeg4", "-c:a", "libmp3lame"}, q),
		no("h264.flv", ordinary),
		// These are sent as they are where a scan of them is quick enough, which is for the machine to say.
		no("h264.avi", small, stereo, x264, []string{"-bf", "3"}, aac),
		no("h264.asf", small, stereo, x264, []string{"-bf", "3"}, aac),
		no("no-cues.mkv", ordinary, []string{"-live", "1"}),
		no("wraps.ts", ordinary, []string{"-output_ts_offset", "95436"}), // 33 bits of 90 kHz
		no("wmv2.wmv", small, stereo, []string{"-c:v", "wmv2", "-c:a", "wmav2"}, q),
		no("theora.ogv", small, stereo, []string{"-c:v", "libtheora", "-c:a", "libvorbis", "-q:v", "7"}),
		no("mpeg2.mxf", small, beep(48000, 10), []string{"-c:v", "mpeg2video", "-c:a", "pcm_s16le"}, q),
		no("vp9.webm", small, stereo, []string{
			"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-c:a", "libopus",
		}),
	}
}

// pictures are files whose pictures are not simply 8-bit 4:2:0, square, upright and progressive.
func pictures() []Clip {
	no := func(name string, a ...[]string) Clip {
		return Clip{Name: name, Args: args(a...), Pattern: true, Passthrough: "no"}
	}
	return []Clip{
		no("10-bit.mp4", small, stereo, x264, []string{"-pix_fmt", "yuv420p10le"}, aac),
		no("4-2-2.mp4", small, stereo, x264, []string{"-pix_fmt", "yuv422p"}, aac),
		no("odd-size.mp4", picture("321x181", 25, 10), stereo, x264, []string{"-pix_fmt", "yuv444p"}, aac),
		{Name: "anamorphic.mp4", Args: args(small, stereo, x264, aac, []string{"-vf", "setsar=4/3"}), Pattern: true},
		{
			Name: "rotated.mp4", Args: []string{"-i", "PATH/faststart.mp4", "-c", "copy", "-movflags", "+faststart"},
			After: turn, Recipe: "tkhd matrix of a quarter turn", Pattern: true,
		},
		no("interlaced.mp4", picture("320x180", 50, 8), beep(48000, 8), x264, []string{
			"-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme", "-top", "1",
		}, aac),
	}
}

// broken are files that were cut off or damaged.
func broken() []Clip {
	cut := func(name, of string, percent int) Clip {
		return Clip{
			Name: name, Args: []string{"-i", "PATH/" + of, "-map", "0", "-c", "copy"}, Damaged: true,
			Recipe: fmt.Sprintf("the first %d %%", percent),
			After:  func(data []byte) []byte { return data[:len(data)*percent/100] },
		}
	}
	hole := func(name, of string) Clip {
		return Clip{
			Name: name, Args: []string{"-i", "PATH/" + of, "-map", "0", "-c", "copy"}, Damaged: true,
			Recipe: "5 % in the middle are 0xA5",
			After: func(data []byte) []byte {
				for i := len(data) / 2; i < len(data)*55/100; i++ {
					data[i] = 0xA5
				}
				return data
			},
		}
	}
	unfinished := cut("truncated-moov-last.mp4", "moov-last.mp4", 70)
	unfinished.Refused = true
	head := cut("truncated.mp4", "faststart.mp4", 70)
	head.Args = append(head.Args, first...)
	return []Clip{
		unfinished, head, cut("truncated.mkv", "h264.mkv", 70), cut("truncated.ts", "mpeg2.ts", 70),
		hole("hole.mkv", "h264.mkv"), hole("hole.mp4", "moov-last.mp4"), hole("hole.ts", "mpeg2.ts"),
	}
}

// turn makes the first track of an MP4 one that is shown turned by a quarter clockwise (ISO/IEC 14496-12 §8.3.2: the
// matrix of tkhd version 0 stands 40 bytes after the box's type).
func turn(data []byte) []byte {
	at := bytes.Index(data, []byte("tkhd"))
	if at < 0 || at+4+40+36 > len(data) {
		return nil
	}
	matrix := []uint32{0, 1 << 16, 0, 0xffff_0000, 0, 0, 180 << 16, 0, 1 << 30}
	for i, v := range matrix {
		binary.BigEndian.PutUint32(data[at+4+40+4*i:], v)
	}
	return data
}

// Large are the files of the benchmark: real sizes, made once.
func Large() []Clip {
	hd, uhd := picture("1920x1080", 30, 10), picture("3840x2160", 25, 10)
	noise := []string{"-vf", "noise=alls=12:allf=t"}
	keyframes := []string{"-g", "60"}
	hevc := []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"}
	return []Clip{
		{Name: "1080p-h264.mkv", Args: args(hd, beep(48000, 10), x264, keyframes, noise, aac)},
		{Name: "1080p-h264.mp4", Args: args(hd, beep(48000, 10), x264, keyframes, noise, aac, first)},
		{Name: "1080p-hevc.mkv", Args: args(hd, beep(48000, 10), hevc, keyframes, noise, []string{
			"-pix_fmt", "yuv420p",
		}, aac)},
		{Name: "4k-hevc-10bit.mkv", Args: args(uhd, beep(48000, 10), hevc, []string{
			"-g", "50", "-pix_fmt", "yuv420p10le",
		}, aac)},
		{Name: "720p-vp9.webm", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-g", "60",
			"-c:a", "libopus",
		})},
		{Name: "720p-mpeg2.ts", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "mpeg2video", "-b:v", "6M", "-g", "15", "-c:a", "mp2",
		})},
		{Name: "720p-mpeg2.mpg", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "mpeg2video", "-b:v", "6M", "-g", "15", "-c:a", "mp2", "-f", "mpeg",
		})},
		{Name: "720p-mpeg4.avi", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "mpeg4", "-q:v", "4", "-g", "60", "-c:a", "libmp3lame",
		})},
		{Name: "720p-wmv.wmv", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "wmv2", "-q:v", "4", "-g", "60", "-c:a", "wmav2",
		})},
		{Name: "720p-prores.mov", Args: args(picture("1280x720", 30, 10), stereo, []string{
			"-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le",
		})},
		{Name: "720p-h264.ts", Args: args(picture("1280x720", 30, 10), stereo, x264, keyframes, aac)},
		{Name: "720p-h264.flv", Args: args(picture("1280x720", 30, 10), stereo, x264, keyframes, aac)},
		{Name: "10-minutes.mkv", Args: args(picture("1280x720", 25, 600), []string{
			"-c:v", "mpeg4", "-q:v", "6", "-g", "50",
		})},
		{Name: "minute.mp4", Args: args(picture("320x180", 60, 60), beep(48000, 60), []string{
			"-c:v", "libx264", "-preset", "veryfast", "-crf", "40", "-pix_fmt", "yuv420p", "-g", "300", "-bf", "2",
		}, aac)},
		// The index stands at the end, as ffmpeg writes it unless asked otherwise: some 50 MB.
		{Name: "10-hours.mp4", Args: []string{"-stream_loop", "599", "-i", "PATH/minute.mp4", "-c", "copy"}},
	}
}
