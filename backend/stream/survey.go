package stream

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// survey is all that is learnt of a source before its renditions are laid out.
type survey struct {
	index *index.Index
	probe media.Probe
	video *videoSource  // nil when there is no moving picture
	audio []audioSource // in the source's order

	task      scanTask // what a scan looks at; of a source that needs one
	found     *scanned // by a scan; nil without
	fresh     bool     // found now, and not kept yet
	unscanned bool     // a scan would tell more, and took longer than a viewer should wait
}

// videoSource is the video track that is shown.
type videoSource struct {
	track      media.Track
	timescale  uint32
	indexed    *index.Track // nil without an index
	verdict    plan.Verdict
	span       span
	keyframes  []media.Ticks // source clock, timescale ticks, ascending; nil when not known
	keySamples []uint32      // the same, by sample number; only of an index of samples
	groups     []group       // where the own samples can be cut
	frames     []media.Ticks // the same, of every frame; only after a packet scan
	scan       *videoScan    // what a packet scan told; nil without
	samples    sampleSource  // nil where samples cannot be found
	end        int           // the cut after the last one
	entry      []byte        // the sample entry for what is passed through
}

// group is a keyframe and what is decoded from it on, up to the next one.
type group struct {
	at  media.Ticks // when its earliest frame is shown; source clock, timescale ticks
	cut int
}

// audioSource is one audio track.
type audioSource struct {
	track   media.Track
	indexed *index.Track
	scan    *audioScan  // what a packet scan told of frames that can be sent; nil without
	samples soundSource // nil where samples cannot be found
	sound   fmp4.Sound  // the sample entry for what is passed through
	verdict plan.Verdict
	span    span
}

// Bounds of a survey.
const (
	maxAudioTracks = 32
	scanTime       = 400 * time.Millisecond // a packet scan that takes longer goes on without the viewer waiting
	minTimescale   = 10_000                 // below it a tick is too coarse to tell frames apart by
)

// surveySource reads the index, and the probe unless the index alone tells all that playing needs. Then the survey is
// not complete: what else the file says of itself is left for later.
func (e *Engine) surveySource(ctx context.Context, src media.Source, f *os.File) (s *survey, complete bool, err error) {
	idx, err := index.Open(ctx, f, src.SizeBytes, src.Container)
	if err != nil {
		return nil, false, err
	}
	s = &survey{index: idx, probe: idx.Probe()}
	switch idx.Precision {
	case index.Samples:
		s.fromSamples(f)
		if s.passes() {
			return s, false, nil
		}
	case index.Keyframes:
		if s.fromCues(ctx, e, f) {
			return s, false, nil
		}
	case index.None:
	}
	p, err := e.probe(ctx, src)
	if err != nil {
		return nil, false, err
	}
	s.probe = *p
	if s.probe.Title == "" {
		s.probe.Title = idx.Title
	}
	return s, true, s.fromProbe(ctx, e, src, f)
}

// passes says whether the index alone tells all that is needed: a picture, or sound alone, that is passed through.
func (s *survey) passes() bool {
	for _, a := range s.audio {
		if !a.verdict.Passthrough {
			return false
		}
	}
	if s.video == nil {
		return len(s.audio) > 0 && s.onlyKnown()
	}
	return s.video.verdict.Passthrough
}

// fromCues lays out what Matroska's headers and Cues tell, and says whether that is all that playing needs: tracks that
// are passed through, or codecs that can be decoded and whose headers say what the pictures are like.
func (s *survey) fromCues(ctx context.Context, e *Engine, f *os.File) bool {
	v := s.probe.FirstVideo()
	if v == nil || v.Video.Width == 0 || v.Video.Height == 0 {
		return false
	}
	t := s.indexed(v.Index)
	if t == nil || len(t.Keyframes) == 0 || t.EndTicks <= t.StartTicks {
		return false
	}
	video := newCuedVideo(ctx, *v, t, f, e.log)
	if !video.verdict.Passthrough && (!e.decodes(*v) || !plainPicture(v)) {
		return false
	}
	var audio []audioSource
	for i := range s.probe.Tracks {
		a := &s.probe.Tracks[i]
		switch {
		case a.Kind == media.Video && a.Codec == "":
			return false
		case a.Kind != media.Audio:
			continue
		case a.Audio.Channels == 0, len(audio) >= maxAudioTracks:
			return false
		}
		x := s.indexed(a.Index)
		sound := newCuedAudio(ctx, *a, x, s.soundSpan(x, t), f)
		if !sound.verdict.Passthrough && !e.decodes(*a) {
			return false
		}
		audio = append(audio, sound)
	}
	s.video, s.audio = video, audio
	return true
}

// soundSpan is where a sound track of Matroska lies. Its end is only guessed by the index, from tags that count pauses
// or not: the segment's own length is taken when it is a little longer than the picture.
func (s *survey) soundSpan(sound, picture *index.Track) span {
	const little = 3 * time.Second
	out, whole := indexedSpan(sound), at(s.index.Duration)
	longer := whole.duration() - indexedSpan(picture).end.duration()
	if longer < little && whole.duration() > out.end.duration() {
		out.end = whole
	}
	return out
}

// plainPicture says whether a track's headers tell all about its pictures: those of other codecs say only in the
// pictures themselves whether they are interlaced or HDR.
func plainPicture(v *media.Track) bool {
	if v.Video.Width == 0 || v.Video.Height == 0 || !v.Video.FrameRate.Valid() {
		return false
	}
	switch v.Codec {
	case media.H264:
		return v.CodecString != "" && v.Video.BitDepth > 0
	case media.VP8:
		return true
	default:
		return false
	}
}

// onlyKnown says that no track is of a kind the index could not name.
func (s *survey) onlyKnown() bool {
	unknown := func(t *index.Track) bool { return t.Kind == media.Video && t.Codec == "" }
	return !slices.ContainsFunc(s.index.Tracks, unknown)
}

// fromSamples lays out what an index of samples tells.
func (s *survey) fromSamples(f *os.File) {
	if v := s.probe.FirstVideo(); v != nil {
		if t := s.indexed(v.Index); t != nil && t.SampleCount > 0 {
			s.video = newVideoSource(*v, t, f)
		}
	}
	s.audio = s.audio[:0]
	for i := range s.probe.Tracks {
		a := &s.probe.Tracks[i]
		t := s.indexed(a.Index)
		if a.Kind == media.Audio && t != nil && t.SampleCount > 0 && len(s.audio) < maxAudioTracks {
			s.audio = append(s.audio, newAudioSource(*a, t))
		}
	}
}

// indexed is the index's own track for a stream, when it knows its samples or its keyframes.
func (s *survey) indexed(stream int) *index.Track {
	if s.index.Precision == index.None || stream < 0 || stream >= len(s.index.Tracks) {
		return nil
	}
	return s.index.Tracks[stream]
}

// fromProbe lays out what the probe tells, keeps what the index knows better, and scans the packets where there is no
// index.
func (s *survey) fromProbe(ctx context.Context, e *Engine, src media.Source, f *os.File) error {
	p := &s.probe
	s.video, s.audio = nil, nil
	for i := range p.Tracks { // a codec that this ffprobe has no name for, the index may know
		if x := s.indexed(p.Tracks[i].Index); x != nil && p.Tracks[i].Codec == "" {
			p.Tracks[i].Codec = x.Codec
		}
	}
	for i := range p.Tracks {
		a := &p.Tracks[i]
		if a.Kind != media.Audio || len(s.audio) >= maxAudioTracks || !e.decodes(*a) || a.Audio.Channels == 0 {
			continue
		}
		t := s.sameTrack(*a)
		if t != nil && s.index.Precision == index.Samples {
			if t.SampleCount > 0 && t.EditsExact {
				s.audio = append(s.audio, newAudioSource(*a, t))
			}
			if t.SampleCount == 0 || t.EditsExact {
				continue
			}
		}
		if t != nil && s.index.Precision == index.Keyframes {
			s.audio = append(s.audio, newCuedAudio(ctx, *a, t, probeSpan(p, a), f))
			continue
		}
		s.audio = append(s.audio, audioSource{
			track: *a, verdict: plan.SendAudio(a, plan.Facts{}), span: probeSpan(p, a),
		})
	}
	v := p.FirstVideo()
	switch {
	case v == nil && len(s.audio) == 0:
		return nothingToPlay(p)
	case v == nil:
		return nil
	case v.Encrypted || !e.decodes(*v) || v.Video.Width == 0 || v.Video.Height == 0:
		return undecodable(v)
	}
	if t := s.sameTrack(*v); t != nil && s.index.Precision == index.Samples && t.SampleCount > 0 && t.EditsExact {
		s.video = newVideoSource(*v, t, f)
		return nil
	}
	if t := s.sameTrack(*v); t != nil && s.index.Precision == index.Keyframes && len(t.Keyframes) > 0 {
		s.video = newCuedVideo(ctx, *v, t, f, e.log)
		if !s.video.verdict.Passthrough {
			s.video.span = probeSpan(p, v)
		}
		return nil
	}
	s.video = &videoSource{track: *v, verdict: plan.SendVideo(v, plan.Facts{}), span: probeSpan(p, v)}
	if t := s.sameTrack(*v); t != nil && s.index.Precision == index.Samples { // edits that plain samples cannot express
		s.video.verdict = newVideoSource(*v, t, f).verdict
	}
	s.video.timescale = timescaleOf(v.TimeBase)
	return s.scan(ctx, e, src)
}

// sameTrack is the index's track for a probed one, when both mean the same.
func (s *survey) sameTrack(t media.Track) *index.Track {
	x := s.indexed(t.Index)
	if x == nil || x.Kind != t.Kind {
		return nil
	}
	return x
}

// probe asks ffprobe, and gives each track its time base.
func (e *Engine) probe(ctx context.Context, src media.Source) (*media.Probe, error) {
	if e.tools == nil {
		return nil, errNoFFmpeg
	}
	full, err := e.tools.ProbeFull(ctx, src)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	for i := range full.Tracks {
		full.Tracks[i].TimeBase = full.TimeBases[full.Tracks[i].Index]
	}
	return &full.Probe, nil
}

var errNoFFmpeg = fault.New(fault.Unavailable, "This video needs ffmpeg to be played, and it is not installed.")

// decodes says whether a track can be decoded here.
func (e *Engine) decodes(t media.Track) bool { return e.tools != nil && e.tools.CanDecode(t) }
