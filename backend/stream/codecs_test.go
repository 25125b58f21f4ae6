package stream

import (
	"slices"
	"strings"
	"testing"

	"dropstream/backend/media"
)

// everything is a player that can play all that is sent.
const everything = media.Client(1<<31 - 1)

// pictureCodecs are encoders and their settings, small and quick.
var pictureCodecs = map[string][]string{
	"HEVC open GOP": {
		"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
		"log-level=error:keyint=60:min-keyint=20:bframes=4:b-pyramid=1:open-gop=1",
	},
	"HEVC closed GOP": {
		"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
		"log-level=error:keyint=50:open-gop=0:bframes=3",
	},
	"HEVC 10 bits": {
		"-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
		"log-level=error:keyint=50:open-gop=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
		"-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
	},
	"AV1":         {"-pix_fmt", "yuv420p", "-c:v", "libsvtav1", "-preset", "12", "-g", "50"},
	"AV1 10 bits": {"-pix_fmt", "yuv420p10le", "-c:v", "libsvtav1", "-preset", "12", "-g", "50"},
	"VP9":         {"-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"},
	"VP9 altref": {
		"-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-g", "50",
		"-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "200k",
	},
	"VP9 10 bits": {
		"-pix_fmt", "yuv420p10le", "-profile:v", "2", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
		"-g", "50",
	},
}

// shapes are the containers, by the options that make them.
var shapes = map[string][]string{
	"a.mp4": nil,
	"f.mp4": {"-movflags", "frag_keyframe+empty_moov+default_base_moof+delay_moov"},
	"a.mkv": nil,
}

// eachShape puts what one recipe makes into each container.
func eachShape(t *testing.T, args []string, do func(t *testing.T, src media.Source)) {
	t.Helper()
	made := clip(t, "made.mkv", args...)
	for file, more := range shapes {
		t.Run(file, func(t *testing.T) {
			from := []string{"-i", made.Path, "-map", "0", "-c", "copy", "-strict", "-2"}
			do(t, clip(t, file, slices.Concat(from, more)...))
		})
	}
}

var shortPictures = []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=9"}

// TestCodecsOfPicturesPassThrough: the pictures of a rendition are the source's, whatever codec and container, and each
// segment decodes with nothing but the init segment.
func TestCodecsOfPicturesPassThrough(t *testing.T) {
	for name, args := range pictureCodecs {
		t.Run(name, func(t *testing.T) {
			eachShape(t, slices.Concat(shortPictures, args), func(t *testing.T, src media.Source) {
				t.Helper()
				ti := opened(t, src)
				samePictures(t, src, ti)
				startsDecode(t, ti)
			})
		})
	}
}

// startsDecode wants each segment to decode from its first frame, but for what is shown before that.
func startsDecode(t *testing.T, ti *title) {
	t.Helper()
	r := ti.video["original"]
	init, segments := shuffled(t, r)
	if len(segments) < 3 {
		t.Errorf("%d segments", len(segments))
	}
	for n, s := range segments {
		samples := samplesAlone(t, s)
		leading := 0
		for _, x := range samples {
			if x.PresentationTime() < samples[0].PresentationTime() {
				leading++
			}
		}
		got := len(decoded(t, "pipe:0", append(slices.Clone(init), s...)))
		if got != len(samples) && got != len(samples)-leading {
			t.Errorf("segment %d: %d pictures of %d, %d of them shown before the first", n, got, len(samples), leading)
		}
	}
}

// soundCodecs are encoders and their settings.
var soundCodecs = map[string][]string{
	"Opus":       {"-c:a", "libopus"},
	"Opus 60 ms": {"-c:a", "libopus", "-frame_duration", "60", "-ac", "1"},
	"Opus 5.1":   {"-c:a", "libopus", "-ac", "6", "-mapping_family", "1"},
	"FLAC":       {"-c:a", "flac"},
	"FLAC 44100": {"-c:a", "flac", "-ar", "44100", "-ac", "1", "-sample_fmt", "s32"},
	"AC-3":       {"-c:a", "ac3", "-ac", "2"},
	"AC-3 5.1":   {"-c:a", "ac3", "-ac", "6", "-b:a", "448k"},
	"E-AC-3":     {"-c:a", "eac3", "-ac", "6"},
	"AAC 5.1":    {"-c:a", "aac", "-ac", "6"},
}

// TestCodecsOfSoundPassThrough: the packets of a rendition are the source's, whatever codec and container.
func TestCodecsOfSoundPassThrough(t *testing.T) {
	picture := []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50"}
	sine := []string{"-f", "lavfi", "-i", "sine=f=440:r=48000:d=9"}
	for name, args := range soundCodecs {
		t.Run(name, func(t *testing.T) {
			eachShape(t, slices.Concat(shortPictures, sine, picture, args), func(t *testing.T, src media.Source) {
				t.Helper()
				sameSound(t, src, opened(t, src), 0)
			})
		})
	}
}

// TestOffered: what a player can play is offered to it with its codec, and nobody else gets it.
func TestOffered(t *testing.T) {
	for codecs, args := range map[string][]string{
		"hvc1.": append(slices.Clone(pictureCodecs["HEVC open GOP"]), "-tag:v", "hev1"),
		"av01.": pictureCodecs["AV1"],
		"vp09.": pictureCodecs["VP9"],
	} {
		src := clip(t, "a.mp4", slices.Concat(shortPictures, args)...)
		e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
		for c, want := range map[media.Client]bool{0: false, everything: true} {
			b, err := e.Multivariant(t.Context(), src.ItemID, c)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(b), `CODECS="`+codecs); got != want {
				t.Errorf("%s to a player of %q: %v\n%s", codecs, c, got, b)
			}
		}
	}
}
