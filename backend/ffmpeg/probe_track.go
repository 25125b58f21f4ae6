package ffmpeg

import (
	"strings"
	"time"

	"dropstream/backend/media"
)

// The largest numbers that are believed of a track.
const (
	maxSide       = 1 << 15
	maxSampleRate = 1 << 21
	maxChannels   = 64
	maxBitRate    = 1 << 40
	maxFrameRate  = 480 // above, it is the clock's rate and not the pictures'
	maxAspect     = 64  // of a pixel, one way or the other
)

var kinds = map[scalar]media.TrackKind{"video": media.Video, "audio": media.Audio, "subtitle": media.Text}

// track is what a stream's description says; false when it has no index. end is where the whole file ends, 0 when
// that is not known.
func (s probeStream) track(end time.Duration) (media.Track, bool) {
	index, ok := s.Index.whole()
	if !ok || index < 0 || index >= 1<<20 {
		return media.Track{}, false
	}
	kind, ok := kinds[s.Type]
	if !ok {
		kind = media.Other
	}
	t := media.Track{
		Index:     int(index),
		Kind:      kind,
		Codec:     media.Codec(s.Codec.word()),
		CodecTag:  codecTag(s.Tag),
		Profile:   s.Profile.word(),
		Level:     int(s.Level.within(1000)),
		Language:  language(first(s.Tags, "language", "LANGUAGE")),
		Title:     first(s.Tags, "title", "TITLE").text(),
		Start:     s.start(),
		BitRate:   s.BitRate.within(maxBitRate),
		Default:   s.Disposition["default"].yes(),
		Forced:    s.Disposition["forced"].yes(),
		Role:      s.role(),
		Picture:   s.Disposition["attached_pic"].yes(),
		Encrypted: s.Tags["enc_key_id"] != "" || s.Tag == "encv" || s.Tag == "enca",
	}
	t.Duration = s.length(t.Start, end)
	if t.BitRate == 0 {
		t.BitRate = first(s.Tags, "BPS", "BPS-eng").within(maxBitRate)
	}
	for _, d := range s.SideData {
		if d.Type == "Encryption initialization data" {
			t.Encrypted = true
		}
	}
	switch kind {
	case media.Video:
		t.Video = s.video()
	case media.Audio:
		t.Audio = media.AudioFormat{
			SampleRate: int(s.SampleRate.within(maxSampleRate)),
			Channels:   int(s.Channels.within(maxChannels)),
			Layout:     s.Layout.word(),
		}
	default:
	}
	t.CodecString = codecString(t, hexDump(s.Extradata))
	return t, true
}

// start is the first presentation time, exact where the stream's own clock gives it.
func (s probeStream) start() time.Duration {
	if n, ok := s.StartTicks.whole(); ok {
		if d, ok := TicksToDuration(n, s.TimeBase.ratio()); ok {
			return d
		}
	}
	d, _ := s.Start.seconds()
	return d
}

// length is how long the track is, 0 when that is not known. Matroska keeps it in a tag, which some programs fill
// with the end instead of the length: no track goes on after the file's end.
func (s probeStream) length(start, end time.Duration) time.Duration {
	n, ok := s.LenTicks.whole()
	if ok && n == unknownLength {
		return 0
	}
	if d, fits := TicksToDuration(n, s.TimeBase.ratio()); ok && fits && d > 0 {
		return d
	}
	if d, ok := s.Duration.seconds(); ok && d > 0 {
		return d
	}
	if d, ok := first(s.Tags, "DURATION", "DURATION-eng").clock(); ok && d > 0 {
		if end > start {
			d = min(d, end-start)
		}
		return d
	}
	return 0
}

func (s probeStream) video() media.VideoFormat {
	v := media.VideoFormat{
		Width:       int(s.Width.within(maxSide)),
		Height:      int(s.Height.within(maxSide)),
		PixelAspect: s.PixelAspect.ratio(),
		FrameRate:   s.AverageRate.ratio(),
		PixelFormat: s.PixelFormat.word(),
		Transfer:    s.Transfer.word(),
		Primaries:   s.Primaries.word(),
		Matrix:      s.Matrix.word(),
		FullRange:   s.Range == "pc" || strings.HasPrefix(string(s.PixelFormat), "yuvj"),
	}
	if f := v.PixelAspect.Float(); f > maxAspect || f < 1.0/maxAspect {
		v.PixelAspect = media.Rational{}
	}
	if !v.FrameRate.Valid() {
		v.FrameRate = s.RealRate.ratio()
	}
	if v.FrameRate.Float() > maxFrameRate {
		v.FrameRate = media.Rational{}
	}
	switch s.FieldOrder {
	case "tt", "bb", "tb", "bt":
		v.Interlaced = true
	}
	v.BitDepth, v.Chroma = pixelFormat(v.PixelFormat)
	if n := int(s.RawBits.within(16)); v.BitDepth == 0 {
		v.BitDepth = n
	}
	for _, d := range s.SideData {
		switch d.Type {
		case "Display Matrix":
			v.Rotation, v.Mirrored = orientation(string(d.Matrix))
		case "DOVI configuration record":
			v.DolbyVisionProfile = int(d.DV.within(99))
		}
	}
	return v
}

// codecTag is a four-character code that can be read, else "".
func codecTag(s scalar) string {
	if strings.Contains(string(s), "[0]") {
		return ""
	}
	return s.text()
}

// dispositions are ffmpeg's, by the role that each means.
var dispositions = map[string]media.Role{
	"hearing_impaired": media.ForHearingImpaired, "captions": media.ForHearingImpaired,
	"visual_impaired": media.ForVisuallyImpaired, "descriptions": media.ForVisuallyImpaired,
	"comment": media.IsCommentary, "dub": media.IsDub, "original": media.IsOriginal,
}

// role is what the stream's dispositions say it is for.
func (s probeStream) role() (r media.Role) {
	for name, role := range dispositions {
		if s.Disposition[name].yes() {
			r |= role
		}
	}
	return r
}
