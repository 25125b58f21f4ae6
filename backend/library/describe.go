package library

import (
	"path/filepath"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// describe writes what the engine said of a source onto its item.
func describe(it *media.Item, a *media.Assessment, problem *fault.Error) {
	it.Plays, it.Why = a.Plays, a.Why
	it.ProblemCode, it.ProblemMessage = "", ""
	if problem != nil {
		it.ProblemCode, it.ProblemMessage = string(problem.Code), problem.Message
	}
	setProbe(it, &a.Probe)
}

// Bounds of what is kept of a probe: a file may claim anything.
const (
	maxTracks   = 128
	maxChapters = 1024
)

// setProbe writes a probe and what follows from it onto its item.
func setProbe(it *media.Item, p *media.Probe) {
	it.Probe = *p
	it.Probe.Tracks = it.Probe.Tracks[:min(len(p.Tracks), maxTracks)]
	it.Probe.Chapters = it.Probe.Chapters[:min(len(p.Chapters), maxChapters)]
	it.Title = titleOf(p.Title, filepath.Base(it.Path))
	it.Duration = max(p.Duration, 0)
	it.Width, it.Height = 0, 0
	if v := p.FirstVideo(); v != nil {
		it.Width, it.Height = v.Video.DisplaySize()
	}
}

// mergeProbes completes what the index said with what a fuller probe says. The index has the timeline exactly and
// keeps its word on it; the fuller probe has the tracks.
func mergeProbes(index, fuller *media.Probe) media.Probe {
	out := *fuller
	out.Container = first(index.Container, fuller.Container)
	out.Start = first(index.Start, fuller.Start)
	out.Duration = first(index.Duration, fuller.Duration)
	out.BitRate = first(fuller.BitRate, index.BitRate)
	out.Title = first(fuller.Title, index.Title)
	if len(out.Chapters) == 0 {
		out.Chapters = index.Chapters
	}
	if len(out.Tracks) == 0 {
		out.Tracks = index.Tracks
		return out
	}
	known := make(map[int]*media.Track, len(index.Tracks))
	for i := range index.Tracks {
		known[index.Tracks[i].Index] = &index.Tracks[i]
	}
	out.Tracks = append([]media.Track(nil), out.Tracks...)
	for i := range out.Tracks {
		t := &out.Tracks[i]
		if k := known[t.Index]; k != nil && k.Kind == t.Kind {
			completeTrack(t, k)
		}
	}
	return out
}

// completeTrack fills what the fuller probe left open from what the index knew.
func completeTrack(t, index *media.Track) {
	t.Codec = first(t.Codec, index.Codec)
	t.CodecTag = first(t.CodecTag, index.CodecTag)
	t.CodecString = first(t.CodecString, index.CodecString)
	t.Profile = first(t.Profile, index.Profile)
	t.Level = first(t.Level, index.Level)
	t.Language = first(t.Language, index.Language)
	t.Title = first(t.Title, index.Title)
	t.Duration = first(index.Duration, t.Duration)
	t.BitRate = first(t.BitRate, index.BitRate)
	t.Encrypted = t.Encrypted || index.Encrypted
	if t.Video.Width == 0 {
		t.Video = index.Video
	}
	t.Video.FrameRate = first(t.Video.FrameRate, index.Video.FrameRate)
	t.Audio.SampleRate = first(t.Audio.SampleRate, index.Audio.SampleRate)
	t.Audio.Channels = first(t.Audio.Channels, index.Audio.Channels)
	t.Audio.Layout = first(t.Audio.Layout, index.Audio.Layout)
}

// first is the first value that is not zero.
func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// posterTime is where a poster is taken: a tenth into the item, past the black and the logos, but not far.
func posterTime(duration time.Duration) time.Duration {
	return min(max(duration, 0)/10, time.Minute)
}
