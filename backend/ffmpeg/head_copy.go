package ffmpeg

import "dropstream/backend/media"

// CopyHead is one run of ffmpeg that takes a track's own samples out of its container, from a time on to the end: it
// writes fragmented MP4, one frame a fragment, with the source's own times, on its standard output. It ends when
// nobody reads on.
type CopyHead struct {
	Source    media.Source
	Stream    int // the source's stream, as ffmpeg counts
	Kind      media.TrackKind
	Codec     media.Codec
	Timescale uint32       // of what is written of pictures; sound is written in its sample rate
	Seek      *media.Ticks // where to seek to, in ticks of Timescale, on the source's clock; nil: the start of the file
}

// Args is the command line, without the program.
func (h CopyHead) Args() Args {
	a := Base().Opt("-fflags", "+genpts") // containers that do not say when each frame is shown
	if h.Seek != nil {
		// -seek_timestamp makes -ss mean the source's clock, as -copyts does for what follows.
		a = a.Add("-noaccurate_seek").Opt("-seek_timestamp", "1").Opt("-ss", tickSeconds(*h.Seek, h.Timescale))
	}
	a = a.Add("-copyts").Source(h.Source).Map(h.Stream).Bare().Opt("-c", "copy")
	flags := "+frag_every_frame+empty_moov+default_base_moof+skip_trailer+frag_discont+skip_sidx"
	switch {
	case h.Kind == media.Video:
		a = a.Int("-video_track_timescale", int64(h.Timescale))
	case h.Codec == media.AAC:
		a = a.Opt("-bsf:a", "aac_adtstoasc") // lets bare frames through
		fallthrough
	default:
		flags += "+delay_moov" // the frames themselves say how they are to be decoded
	}
	if h.Codec == media.HEVC {
		a = a.Opt("-tag:v", "hvc1")
	}
	return a.Opt("-avoid_negative_ts", "disabled").Opt("-use_editlist", "0").Opt("-movflags", flags).
		Opt("-flush_packets", "1").To("mp4", "pipe:1")
}
