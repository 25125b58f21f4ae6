package index_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// header is what is compared of a track: everything that ffprobe says too.
type header struct {
	Index              int
	Kind               media.TrackKind
	Codec              media.Codec
	Profile            string
	Width, Height      int
	PixFmt             string
	SAR                string
	Rotation           int
	DolbyVision        int
	Transfer, Matrix   string
	Primaries          string
	SampleRate, Chans  int
	Language           string
	FrameRate, StartMS float64
	Level              int
}

// compareHeaders compares what the headers say with what ffprobe finds out by decoding.
func compareHeaders(t *testing.T, x *index.Index, streams []stream, format map[string]any) {
	t.Helper()
	if len(streams) < len(x.Tracks) { // attachments and cover art are streams of ffprobe's alone
		t.Fatalf("%d tracks, ffprobe says %d", len(x.Tracks), len(streams))
	}
	p := x.Probe()
	for i := range p.Tracks {
		want, got := wanted(&streams[p.Tracks[i].Index]), gotten(&p.Tracks[i])
		all, err := x.Tracks[i].Samples(nil, 0, x.Tracks[i].SampleCount)
		if err != nil {
			t.Fatal(err)
		}
		forgive(x, x.Tracks[i], &want, &got, float64(dtsShift(all))/float64(x.Tracks[i].Timescale))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("track %d (-ffprobe +index):\n%s", i, diff)
		}
	}
	if d, ok := format["duration"].(string); ok && !x.Fragmented { // ffprobe reads a fragmented file's end off its size
		want, err := strconv.ParseFloat(d, 64)
		if got := p.Duration.Seconds(); err != nil || math.Abs(got-want) > 0.1 {
			t.Errorf("duration %v, ffprobe says %v", got, d)
		}
	}
}

func wanted(s *stream) header {
	h := header{
		Index: s.Index, Codec: media.Codec(s.Codec), Profile: s.Profile, Width: s.Width, Height: s.Height,
		PixFmt: s.PixFmt, SAR: s.SAR, Transfer: s.Transfer, Matrix: s.Space, Primaries: s.Primaries,
		Chans: s.Channels, Language: s.Tags.Language, Level: s.Level,
	}
	h.Kind = map[string]media.TrackKind{
		"video": media.Video, "audio": media.Audio, "subtitle": media.Text,
	}[s.Type]
	if h.Kind == "" {
		h.Kind = media.Other
	}
	h.SampleRate, _ = strconv.Atoi(s.SampleRate)
	for _, d := range s.SideData {
		if d.Type == "Display Matrix" {
			h.Rotation = (360 - d.Rotation) % 360
		}
		if d.Type == "DOVI configuration record" {
			h.DolbyVision = d.Profile
		}
	}
	var num, den float64
	if n, _ := fmt.Sscanf(s.FrameRate, "%f/%f", &num, &den); n == 2 && den > 0 && h.Kind == media.Video {
		h.FrameRate = math.Round(num / den * 1000)
	}
	if start, err := strconv.ParseFloat(s.StartTime, 64); err == nil && h.Kind != media.Text {
		h.StartMS = math.Round(start * 1000)
	}
	if h.Language == "und" {
		h.Language = ""
	}
	return h
}

func gotten(t *media.Track) header {
	h := header{
		Index: t.Index, Kind: t.Kind, Codec: t.Codec, Profile: t.Profile, Width: t.Video.Width, Height: t.Video.Height,
		PixFmt: t.Video.PixelFormat, Rotation: t.Video.Rotation, DolbyVision: t.Video.DolbyVisionProfile,
		Transfer: t.Video.Transfer, Matrix: t.Video.Matrix, Primaries: t.Video.Primaries,
		SampleRate: t.Audio.SampleRate, Chans: t.Audio.Channels, Language: t.Language, Level: t.Level,
	}
	if t.Kind == media.Video {
		h.FrameRate = math.Round(t.Video.FrameRate.Float() * 1000)
		if a := t.Video.PixelAspect; a.Valid() {
			h.SAR = fmt.Sprintf("%d:%d", a.Num, a.Den)
		}
	}
	if t.Kind != media.Text {
		h.StartMS = math.Round(float64(t.Start.Microseconds()) / 1000)
	}
	return h
}

// forgive takes out what cannot be the same: what only decoding tells, and what ffprobe does not know.
func forgive(x *index.Index, track *index.Track, want, got *header, shift float64) {
	square := func(s string) bool { return s == "" || s == "1:1" }
	if square(want.SAR) && square(got.SAR) {
		want.SAR, got.SAR = "", ""
	}
	if want.Profile == "unknown" {
		want.Profile = ""
	}
	if want.Kind != media.Video && want.Kind != media.Audio {
		*want, *got = header{Index: want.Index}, header{Index: got.Index}
	}
	if want.Level < 0 || want.Kind == media.Audio {
		want.Level, got.Level = 0, 0
	}
	if track.Video.Mirrored { // ffprobe reads the angle off the mirrored matrix
		got.Rotation = (got.Rotation + 180) % 360
	}
	if got.FrameRate == 0 {
		want.FrameRate = 0 // Matroska need not say it
	}
	if track.Codec == media.VP8 || track.Codec == media.VP9 && len(track.CodecPrivate) == 0 {
		want.Profile = "" // only the frames tell
	}
	if track.Encrypted {
		got.PixFmt = ""
	}
	if want.Codec == "" || track.CodecTag == "ipcm" {
		want.Codec, got.Codec = "", "" // newer than ffprobe 5.1
	}
	if track.Codec == "mpeg4" || track.Codec == "prores" || track.Codec == "mjpeg" {
		want.Profile, want.PixFmt, want.Level, want.Matrix = "", "", 0, got.Matrix // their frames tell
	}
	switch {
	case want.StartMS < 0 && got.StartMS == 0:
		want.StartMS = 0 // priming, which ffprobe shows in fragments
	case track.Kind == media.Audio && track.FirstSample > 0 && want.StartMS == 0 && got.StartMS < 1536/44.1:
		got.StartMS = 0 // an edit that starts inside a frame: ffprobe counts that frame, the index the next one
	case x.Fragmented && math.Abs(want.StartMS-got.StartMS-math.Round(1000*shift)) <= 1:
		want.StartMS = got.StartMS // see compareRaw
	}
}
