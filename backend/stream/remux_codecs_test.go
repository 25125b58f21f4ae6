package stream

import (
	"slices"
	"testing"
)

// TestRemuxOfOtherCodecs: what only some players can play is sent to them from containers without an index, too.
func TestRemuxOfOtherCodecs(t *testing.T) {
	for name, args := range map[string][]string{
		"hevc.ts": {
			"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:open-gop=0:bframes=2", "-g", "50",
			"-c:a", "aac",
		},
		"no cues.webm": {
			"-live", "1", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-g", "50",
			"-an",
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name, slices.Concat(eleven, []string{"-pix_fmt", "yuv420p"}, args)...)
			_, ti := prepared(t, src, patient)
			sameRemuxed(t, src, ti, 1000)
		})
	}
}
