package ffmpeg

import (
	"fmt"

	"dropstream/backend/media"
)

// AudioRate is the sample rate of all transcoded sound, in hertz.
const AudioRate = 48000

// aacFrame is the length of an AAC frame in samples.
const aacFrame = 1024

// Preroll is how many frames are encoded before the first one wanted, so that the encoder has settled and a seam
// cannot be heard.
const Preroll = 8

// AudioHead is one run of ffmpeg over a window of audio frames: it writes AAC as ADTS on its standard output, the
// encoder's priming frame first, then Preroll frames (fewer at the very start), then frames From to To.
type AudioHead struct {
	Source   media.Source
	Stream   int
	Origin   media.Ticks // where the presentation starts on the source's clock, in samples of AudioRate
	From, To int64       // frames of the presentation, [From, To)
	Start    media.Ticks // first sample of the track, on the source's clock, in samples of AudioRate
	Channels int
	Bits     int64 // bits per second
	Tolerant bool
}

// mixLimit is how loud all channels together may get when they are mixed down: 3 dB over full scale, which they reach
// only all at once. Without headroom for that, speech, which is in one channel, comes out 7 dB too quiet.
const mixLimit = "1.414"

// Skip is how many frames of the output come before frame From.
func (h AudioHead) Skip() int { return 1 + int(min(h.From, Preroll)) }

// Args is the command line, without the program.
func (h AudioHead) Args() Args {
	first := (h.From - min(h.From, Preroll)) * aacFrame // of the encoder's input, in presentation samples
	end := (h.To + 1) * aacFrame                        // one more, for the last frame's overlap
	a := Base()
	if h.Tolerant {
		a = a.Opt("-err_detect", "ignore_err").Opt("-fflags", "+discardcorrupt+genpts")
	}
	// Seek half a second early: seeking is only as fine as the container's packets.
	if seek := h.Origin + first - AudioRate/2; seek > h.Start {
		a = a.Add("-noaccurate_seek").Opt("-seek_timestamp", "1").Opt("-ss", tickSeconds(seek, AudioRate))
	}
	// aresample fills gaps in the source with silence and drops overlaps, from the first sample asked for on; apad
	// goes on with silence when the source ends early. The rate is changed first: first_pts counts the input's samples.
	filters := fmt.Sprintf("aresample=%[1]d,asettb=1/%[1]d,asetpts=PTS-(%[2]d),"+
		"aresample=%[1]d:async=1:min_hard_comp=0.02:first_pts=%[3]d,asettb=1/%[1]d,apad,"+
		"atrim=start_pts=%[3]d:end_pts=%[4]d,asetpts=PTS-STARTPTS", AudioRate, h.Origin, first, end)
	return a.Add("-copyts").Source(h.Source).Map(h.Stream).Add("-vn", "-sn", "-dn").Bare().Opt("-af", filters).
		Opt("-c:a", "aac").Int("-b:a", h.Bits).Int("-ac", int64(h.Channels)).Opt("-rematrix_maxval", mixLimit).
		Opt("-flush_packets", "1").
		To("adts", "pipe:1")
}
