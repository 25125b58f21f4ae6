package clips

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// flashing is a moving picture of any rate, given as ffmpeg writes it, that flashes every 2 s; extra filters follow.
func flashing(size, rate string, seconds int, extra string) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(
		"testsrc2=s=%s:r=%s:d=%d,lutyuv=y=16+val/4,drawbox=t=fill:c=white:enable='lt(mod(t,2),0.099)'%s",
		size, rate, seconds, extra)}
}

// traps are the other rows of the table of pitfalls; the suite's doc says which row each of them proves.
func traps() []Clip {
	return slices.Concat(starts(), groups(), rates(), sounds(), shapes(), dynamics(), lies(), fragments())
}

// changed is an ordinary MP4 with another moov.
func changed(name, recipe string, change func(*Box)) Clip {
	return Clip{
		Name: name, Args: []string{"-i", "PATH/moov-last.mp4", "-map", "0", "-c", "copy"},
		Recipe: recipe, After: Remake(change), Pattern: true,
	}
}

// starts are edit lists, composition offsets and clocks that do not start at 0.
func starts() []Clip {
	return []Clip{
		changed("edit-two.mp4", "0-4 s, then 6-10 s", edits([2]int64{4000, 0}, [2]int64{4000, 6000})),
		changed("edit-pause.mp4", "1 s of nothing, then all", edits([2]int64{1000, -1}, [2]int64{10_000, 0})),
		changed("edit-pause-cut.mp4", "1 s of nothing, then from 3 s on",
			edits([2]int64{1000, -1}, [2]int64{7000, 3000})),
		changed("edit-keyframe.mp4", "from the keyframe at 4 s on", edits([2]int64{6000, 4000})),
		changed("edit-end.mp4", "the first 7.5 s", edits([2]int64{7500, 0})),
		{
			Name: "signed-offsets.mp4", Passthrough: "yes", Pattern: true,
			Args: args(small, stereo, x264, []string{"-bf", "3", "-movflags", "+negative_cts_offsets"}, aac),
		},
		{
			Name: "starts-below-zero.mp4", Pattern: true,
			Args: []string{
				"-itsoffset", "-1.3", "-i", "PATH/bframes.mp4", "-c", "copy", "-avoid_negative_ts", "disabled",
			},
		},
		{
			Name: "offset.mkv", Pattern: true,
			Args: []string{"-i", "PATH/bframes.mp4", "-c", "copy", "-output_ts_offset", "3600"},
		},
		{
			Name: "minute.ts", Pattern: true, Shuffled: true,
			Args: args(flashing("160x90", "25", 60, ""), beep(48000, 60), []string{
				"-ac", "2", "-c:v", "mpeg2video", "-q:v", "4", "-g", "25", "-c:a", "mp2",
			}),
		},
	}
}

// groups are streams whose keyframes are rare, or none.
func groups() []Clip {
	fast := []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}
	return []Clip{
		{
			Name: "intra-refresh.mp4", Pattern: true,
			Args: args(small, stereo, x264, []string{"-x264-params", "intra-refresh=1:keyint=25"}, aac),
		},
		{
			Name: "intra-refresh.mkv", Pattern: true,
			Args: args(small, stereo, x264, []string{"-x264-params", "intra-refresh=1:keyint=25"}, aac),
		},
		{
			Name: "one-group.mkv", Passthrough: "no",
			Args: args(flashing("160x90", "10", 600, ""), beep(48000, 600), fast, []string{
				"-g", "99999", "-sc_threshold", "0", "-crf", "38",
			}, aac),
		},
		{
			Name: "hevc-open-gop.mp4", Pattern: true,
			Args: args(small, stereo, []string{
				"-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1",
				"-x265-params", "log-level=error:keyint=50:bframes=3:open-gop=1",
			}, aac),
		},
	}
}

// rates are frame rates.
func rates() []Clip {
	clip := func(name, rate string, seconds int) Clip {
		return Clip{Name: name, Args: args(flashing("320x180", rate, seconds, ""), beep(48000, seconds), x264, aac)}
	}
	film, twice := clip("23.976.mp4", "24000/1001", 8), clip("120fps.mp4", "120", 6)
	film.Pattern, twice.Pattern = true, true
	double := clip("59.94.mkv", "60000/1001", 6)
	double.Pattern = true
	return []Clip{
		film, double, twice,
		{Name: "1fps.mp4", Args: args(
			flashing("320x180", "1", 20, ""), beep(48000, 20), x264, []string{"-g", "5"}, aac,
		)},
		{Name: "1fps.mkv", Args: args(flashing("320x180", "1", 20, ""), beep(48000, 20), []string{
			"-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame",
		})},
	}
}

// sounds are sample rates, channels and numbers of tracks.
func sounds() []Clip {
	sound := func(name string, rate int, a ...[]string) Clip {
		return Clip{Name: name, Args: args(append([][]string{small, beep(rate, 10), x264}, a...)...), Pattern: true}
	}
	seven := "0.2*sin(2*PI*(600+150*floor(t/2))*t)*lt(mod(t,2),0.1)"
	many := args(small, stereo, []string{"-map", "0"})
	for range 20 {
		many = append(many, "-map", "1")
	}
	return []Clip{
		sound("96000.mp4", 96000, []string{"-ac", "2"}, aac),
		sound("22050.mp4", 22050, []string{"-ac", "1"}, aac),
		sound("96000-24-bit.mkv", 96000, []string{"-c:a", "pcm_s24le"}),
		sound("11025-mp3.avi", 11025, []string{"-ac", "1", "-c:a", "libmp3lame"}),
		{Name: "7.1.mkv", Args: args(small, []string{
			"-f", "lavfi", "-i",
			fmt.Sprintf("aevalsrc=exprs='%[1]s|%[1]s|%[1]s|0|%[1]s|%[1]s|%[1]s|%[1]s':c=7.1:s=48000:d=10", seven),
		}, x264, []string{"-c:a", "flac"}), Pattern: true},
		{Name: "20-tracks.mkv", Args: args(many, x264, aac, []string{"-t", "5"})},
		{Name: "cover.m4a", Args: args(stereo, []string{
			"-f", "lavfi", "-i", "testsrc2=s=64x64:d=1:r=1", "-map", "0", "-map", "1", "-c:v", "mjpeg", "-pix_fmt",
			"yuvj420p", "-disposition:v", "attached_pic",
		}, aac)},
		{Name: "cover.mp4", Args: args([]string{"-i", "PATH/faststart.mp4"}, []string{
			"-f", "lavfi", "-i", "testsrc2=s=64x64:d=1:r=1", "-map", "1", "-map", "0", "-c", "copy", "-c:v:0", "mjpeg",
			"-pix_fmt:v:0", "yuvj420p", "-disposition:v:0", "attached_pic",
		}), Pattern: true},
		{Name: "no-sound.ts", Args: args(small, []string{"-c:v", "mpeg2video", "-q:v", "3"})},
	}
}

// shapes are sizes, orientations, fields and colours.
func shapes() []Clip {
	turned := func(name string, m [4]int32) Clip {
		return changed(name, fmt.Sprintf("display matrix %d", m), matrix(m))
	}
	tiny := func(name, size string) Clip {
		return Clip{Name: name, Args: args([]string{"-f", "lavfi", "-i", "testsrc2=s=" + size + ":r=10:d=3"}, []string{
			"-c:v", "ffv1", "-pix_fmt", "yuv444p",
		})}
	}
	halves := []string{"-muxdelay", "0", "-muxpreload", "0"}
	return []Clip{
		turned("turned-180.mp4", [4]int32{-1, 0, 0, -1}), turned("turned-270.mp4", [4]int32{0, -1, 1, 0}),
		turned("mirrored.mp4", [4]int32{-1, 0, 0, 1}), turned("upside-down.mp4", [4]int32{1, 0, 0, -1}),
		turned("mirrored-turned.mp4", [4]int32{0, 1, 1, 0}),
		{Name: "1x1.mkv", Args: []string{
			"-f", "rawvideo", "-s", "1x1", "-pix_fmt", "gray", "-r", "10", "-t", "3", "-i", "/dev/zero", "-c:v", "ffv1",
		}},
		tiny("2x2.mkv", "2x2"), tiny("3x501.mkv", "3x501"),
		{Name: "8192-wide.mp4", Args: args(flashing("8192x128", "10", 3, ""), x264)},
		{Name: "4-4-4-10-bit.mkv", Pattern: true, Args: args(
			small, stereo, x264, []string{"-pix_fmt", "yuv444p10le"}, aac,
		)},
		{Name: "4-2-2-10-bit.mov", Args: args(small, stereo, []string{
			"-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16be",
		}), Pattern: true},
		{Name: "bottom-first.mp4", Args: args(picture("320x180", 50, 8), beep(48000, 8), x264, []string{
			"-vf", "tinterlace=interleave_bottom,setfield=bff", "-flags", "+ildct+ilme", "-top", "0",
		}, aac), Pattern: true, Passthrough: "no"},
		{Name: "interlaced.ts", Args: args(picture("320x180", 50, 8), beep(48000, 8), []string{
			"-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme", "-top", "1",
			"-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2",
		}), Pattern: true, Passthrough: "no"},
		{Name: "anamorphic.mpg", Args: args(picture("352x288", 25, 6), beep(48000, 6), []string{
			"-vf", "setdar=16/9", "-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2",
		}), Pattern: true},
		{Name: "size-first.ts", Args: args(picture("320x180", 25, 4), beep(48000, 4), []string{"-ac", "2"}, x264, aac,
			halves)},
		{Name: "size-second.ts", Args: args(picture("480x360", 25, 4), beep(48000, 4), []string{"-ac", "2"}, x264, aac,
			halves, []string{"-output_ts_offset", "4.4"})},
		{
			Name:   "size-changes.ts",
			Args:   args([]string{"-i", "PATH/size-first.ts", "-map", "0", "-c", "copy"}, halves),
			Append: "size-second.ts", Recipe: "muxed again", Passthrough: "no", Resized: true,
		},
		{
			Name: "size-changes.mkv", Args: []string{"-i", "PATH/size-changes.ts", "-map", "0", "-c", "copy"},
			Passthrough: "no", Resized: true,
		},
	}
}

// dynamics are pictures of high dynamic range.
func dynamics() []Clip {
	hdr := func(name, transfer, extra string) Clip {
		return Clip{Name: name, Passthrough: "no", Pattern: true, Args: args(small, stereo, []string{
			"-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params",
			"log-level=error:keyint=50:colorprim=bt2020:colormatrix=bt2020nc:transfer=" + transfer + ":range=limited" +
				extra,
		}, aac)}
	}
	vision := func(name string, profile, compatibility byte, of string) Clip {
		return Clip{
			Name: name, Args: []string{"-i", "PATH/" + of, "-c", "copy"}, Passthrough: "no", Pattern: true,
			Recipe: fmt.Sprintf("Dolby Vision %d.%d", profile, compatibility),
			After:  Remake(dolbyVision(profile, compatibility)),
		}
	}
	return []Clip{
		hdr("hdr10.mp4", "smpte2084", ":hdr10=1:max-cll=1000,400:"+
			"master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"),
		hdr("hlg.mp4", "arib-std-b67", ""),
		vision("dolby-vision-8.1.mp4", 8, 1, "hdr10.mp4"), vision("dolby-vision-8.4.mp4", 8, 4, "hlg.mp4"),
		vision("dolby-vision-5.mp4", 5, 0, "hdr10.mp4"),
	}
}

// lies are files whose headers say another length than they have, and offsets of 64 bits.
func lies() []Clip {
	double := func(name, of string, times float64) Clip {
		return Clip{
			Name: name, Args: []string{"-i", "PATH/" + of, "-map", "0", "-c", "copy"}, Pattern: true,
			Recipe: fmt.Sprintf("its Duration times %g", times),
			After: func(data []byte) []byte {
				at := bytes.Index(data, []byte{0x44, 0x89, 0x88}) // Duration, a float of 8 bytes
				if at < 0 {
					return nil
				}
				was := math.Float64frombits(binary.BigEndian.Uint64(data[at+3:]))
				binary.BigEndian.PutUint64(data[at+3:], math.Float64bits(was*times))
				return data
			},
		}
	}
	long := changed("says-hour.mp4", "all durations say an hour", durations(3_600_000))
	wide := changed("co64.mp4", "co64", wideOffsets)
	wide.Passthrough = "yes"
	avi := Clip{
		Name: "says-hour.avi", Args: []string{"-i", "PATH/mpeg4.avi", "-map", "0", "-c", "copy"},
		Recipe: "90000 frames in all headers",
		After: func(data []byte) []byte {
			if at := bytes.Index(data, []byte("avih")); at >= 0 {
				binary.LittleEndian.PutUint32(data[at+8+16:], 90_000)
			}
			for at := 0; ; {
				i := bytes.Index(data[at:], []byte("strh"))
				if i < 0 {
					return data
				}
				at += i + 8
				binary.LittleEndian.PutUint32(data[at+32:], 90_000)
			}
		},
	}
	return []Clip{
		double("says-longer.mkv", "h264.mkv", 3), double("says-shorter.mkv", "h264.mkv", 0.3),
		double("says-longer-hevc.mkv", "hevc.mkv", 3), long, wide, avi,
	}
}

// fragments are fragmented files in their several ways, and streams whose packets have no times.
func fragments() []Clip {
	flags := func(name, movflags string) Clip {
		return Clip{
			Name: name, Args: args(ordinary, []string{"-movflags", movflags}), Pattern: true, Passthrough: "yes",
		}
	}
	cut := Clip{
		Name: "fragmented-cut.mp4", Args: []string{
			"-i", "PATH/faststart.mp4", "-c", "copy", "-movflags", "+frag_keyframe+empty_moov+default_base_moof",
		},
		Damaged: true, Recipe: "the first 62 %", After: func(data []byte) []byte { return data[:len(data)*62/100] },
	}
	hybrid := Clip{ // as OBS finishes one: an index over all of it, and the fragments' boxes inside mdat
		Name: "hybrid.mp4", Args: []string{"-i", "PATH/moov-last.mp4", "-c", "copy"}, Pattern: true, Passthrough: "yes",
		Recipe: "moof boxes in mdat", After: swallow,
	}
	return []Clip{
		flags("fragmented-sidx.mp4", "+frag_keyframe+empty_moov+default_base_moof+global_sidx"),
		flags("fragmented-frames.mp4", "+frag_every_frame+empty_moov+default_base_moof"),
		flags("fragmented-partly.mp4", "+frag_keyframe"),
		cut, hybrid,
		{Name: "bframes.avi", Args: args(small, stereo, []string{
			"-c:v", "mpeg4", "-bf", "2", "-q:v", "3", "-c:a", "libmp3lame",
		}), Pattern: true},
		{Name: "h264-mp3.avi", Args: args(small, stereo, x264, []string{
			"-bf", "2", "-c:a", "libmp3lame",
		}), Pattern: true},
		{Name: "h264-b.ts", Args: args(small, stereo, x264, []string{"-bf", "3"}, aac), Pattern: true},
		{Name: "mpeg1.mpg", Args: args(small, stereo, []string{
			"-f", "mpeg", "-c:v", "mpeg1video", "-q:v", "3", "-c:a", "mp2",
		}), Pattern: true},
	}
}
