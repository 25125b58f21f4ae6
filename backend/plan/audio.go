package plan

import "dropstream/backend/media"

// AACFrame is the length of an AAC frame in samples.
const AACFrame = 1024

// The audio grid of transcoded sound: segments of 188 AAC frames, 4.01 s at 48 kHz, the first one half as long so
// that sound is there as soon as the picture.
const (
	audioFrames      = 188
	audioFirstFrames = 94
)

// Audio cuts transcoded sound on one global grid of AAC frames, from 0 to at least total samples.
func Audio(seed string, sampleRate uint32, total media.Ticks) *Plan {
	frames := max(1, (total+AACFrame-1)/AACFrame)
	p := &Plan{Timescale: sampleRate, Exact: true, Bounds: []media.Ticks{0}}
	for at := media.Ticks(audioFirstFrames); at < frames; at += audioFrames {
		if frames-at < audioFirstFrames/2 {
			break
		}
		p.Bounds = append(p.Bounds, at*AACFrame)
	}
	p.Bounds = append(p.Bounds, frames*AACFrame)
	p.Hash = Name(KindAudio, seed)
	return p
}

// AudioTrack is what is known of an audio track whose own samples are passed through. Times are presentation ticks.
type AudioTrack struct {
	Seed      string
	Timescale uint32
	End       media.Ticks // where the rendition ends: the end of the last sample, or of the silence after it
	First     int         // number of the first sample presented
	Count     int         // samples presented
	// At gives the first sample whose time is t or later, and its time; ok is false past the last sample.
	At func(t media.Ticks) (sample int, at media.Ticks, ok bool)
}

// AudioPassthrough cuts a track at its own samples, about every 4 s, and silence before, between and after them at
// the same pace.
func AudioPassthrough(a AudioTrack) *Plan {
	ts := media.Ticks(a.Timescale)
	p := &Plan{Timescale: a.Timescale, Exact: true, Bounds: []media.Ticks{0}, Cuts: []int{a.First}}
	for at := passthroughFirstSeconds * ts; at < a.End-ts; at += PassthroughSeconds * ts {
		sample, t, ok := a.At(at)
		switch {
		case !ok: // the track has ended: silence goes on
			sample, t = a.First+a.Count, at
		case t-at > ts: // a hole in the track: silence fills it
			t = at
		}
		if a.End-t >= ts/2 && t > p.Bounds[len(p.Bounds)-1] {
			p.Bounds = append(p.Bounds, t)
			p.Cuts = append(p.Cuts, sample)
		}
	}
	p.Bounds = append(p.Bounds, max(a.End, p.Bounds[len(p.Bounds)-1]+1))
	p.Hash = Name(KindAudioPassthrough, a.Seed)
	return p
}
