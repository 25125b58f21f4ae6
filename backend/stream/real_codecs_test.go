package stream

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRealFilesPassThrough: what cameras, encoders and studios wrote is sent as it is.
func TestRealFilesPassThrough(t *testing.T) {
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	for name, codecs := range map[string][2]string{ // of the picture and of the sound; "": none, or not sent
		"h265_bframes.mp4":                   {"hvc1.1.6.L90.90"},
		"bbb_800x640_768kbps_30fps_vp9.mp4":  {"vp09.00.30.08"},
		"bear-vp9-odd-dimensions.webm":       {"vp09.00.10.08"},
		"sample_av1.mkv":                     {"av01.0.05M.10"},
		"sample_av1.mp4":                     {"av01.0.05M.08"},
		"sample_eac3.mp4":                    {"", "ec-3"},
		"portrait_4k60.mp4":                  {"avc1.640033"}, // turned by its track header
		"hdr10-video-with-sdr-container.mp4": {"hvc1.2.4.L150.B0", "mp4a.40.2"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("the folder of real media files is not here (DROPSTREAM_MEDIA names it)")
			}
			src := sourceOf(t, path)
			ti := opened(t, src)
			if v := ti.survey.video; codecs[0] != "" {
				if v.track.CodecString != codecs[0] {
					t.Errorf("codec %q, want %q", v.track.CodecString, codecs[0])
				}
				samePictures(t, src, ti)
			}
			if codecs[1] != "" {
				sameSound(t, src, ti, 0)
			}
		})
	}
}
