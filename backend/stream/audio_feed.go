package stream

import (
	"context"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
)

// audioFeed is a feed of transcoded sound. Its init segment is always the same and needs no encoder.
type audioFeed struct {
	*feed

	form audioForm
}

// Init gives the init segment.
func (f audioFeed) Init(context.Context) ([]byte, error) {
	config, err := fmp4.AACConfig(ffmpeg.AudioRate, f.form.channels)
	if err != nil {
		return nil, err
	}
	entry, err := fmp4.AACEntry(config, ffmpeg.AudioRate, f.form.channels)
	if err != nil {
		return nil, err
	}
	return fmp4.Init{Timescale: ffmpeg.AudioRate, SampleEntry: entry}.Bytes()
}
