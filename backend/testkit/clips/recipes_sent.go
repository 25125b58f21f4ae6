package clips

// Sent are small clips of the codecs that reach a player as they are if it can play them, each in a container that it
// is at home in. They are played as such a player plays them.
func Sent() []Clip {
	yes := func(name string, a ...[]string) Clip {
		return Clip{Name: "sent-" + name, Args: args(a...), Passthrough: "yes", Pattern: true}
	}
	hevc := func(params string) []string {
		return []string{
			"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast",
			"-x265-params", "log-level=error:" + params,
		}
	}
	open := hevc("keyint=60:min-keyint=25:bframes=4:open-gop=1")
	av1 := []string{"-pix_fmt", "yuv420p", "-c:v", "libsvtav1", "-preset", "12", "-g", "50"}
	vp9 := []string{
		"-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50",
		"-b:v", "400k",
	}
	opus := []string{"-c:a", "libopus", "-b:a", "96k"}
	return []Clip{
		yes("open-gop-hevc.mkv", small, stereo, open, aac),
		yes("open-gop-hevc.mp4", small, stereo, open, []string{"-tag:v", "hev1", "-c:a", "ac3"}),
		yes("hevc-eac3.mkv", small, surround(10), hevc("keyint=50:open-gop=0"), []string{"-c:a", "eac3"}),
		yes("vp9-opus.webm", small, stereo, vp9, opus),
		yes("av1-flac.mkv", small, stereo, av1, []string{"-c:a", "flac"}),
		yes("av1-opus.mp4", small, stereo, av1, opus),
		yes("flac-late.mkv", small, []string{"-itsoffset", "2"}, stereo, x264, []string{"-c:a", "flac"}),
		yes("opus-shorter.mkv", small, beep(48000, 6), x264, opus),
		yes("5.1-aac.mkv", small, surround(10), x264, aac),
	}
}
