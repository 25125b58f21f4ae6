package stream

import (
	"context"
	"log/slog"
	"os"
	"sort"
	"time"

	"dropstream/backend/codec"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// Bounds of believing Cues.
const (
	spansChecked    = 8
	finestTimescale = 1_000_000 // beyond it a frame's length may not fit its 32 bits
	videoTimescale  = 90_000
	startsTime      = 150 * time.Millisecond // for finding where groups start
)

// newCuedVideo judges a video track of which only the keyframes are indexed.
func newCuedVideo(ctx context.Context, v media.Track, t *index.Track, f *os.File, log *slog.Logger) *videoSource {
	s := &videoSource{track: v, span: indexedSpan(t)}
	s.timescale = timescaleOf(media.Rational{Num: 1, Den: int64(t.Timescale)})
	b := &pictureBlocks{track: t, codec: v.Codec, timescale: t.Timescale, rate: v.Video.FrameRate, log: log}
	if b.timescale > finestTimescale {
		b.timescale = videoTimescale
	}
	picture, err := b.picture(ctx, &s.track, f)
	facts := plan.Facts{
		Indexed: t.Readable, Cut: t.Truncated, OneEntry: true, Monotonic: true, Keyframes: true,
		LongestGOP: media.ToDuration(t.MaxGOPDuration, t.Timescale),
	}
	if s.verdict = plan.SendVideo(&s.track, facts); s.verdict.Passthrough { // only now is it worth reading blocks
		facts.Indexed, facts.Keyframes = b.holds(ctx, f)
		facts.Indexed = facts.Indexed && b.sendable()
		s.verdict = plan.SendVideo(&s.track, facts)
	}
	cuts := b.cuts()
	if s.verdict.Passthrough && !b.findStarts(ctx, cuts) {
		facts.Keyframes = false
		s.verdict = plan.SendVideo(&s.track, facts)
	}
	if s.verdict.Passthrough {
		s.enter(picture, err)
	}
	if s.verdict.Passthrough {
		s.timescale, s.indexed, s.samples, s.end = b.timescale, t, b, len(t.Keyframes)
		if !v.Video.FrameRate.Valid() {
			s.track.Video.FrameRate = b.rate
		}
		for _, i := range cuts {
			s.groups = append(s.groups, group{media.Rescale(b.start(i), t.Timescale, s.timescale), i})
		}
	}
	for _, k := range t.Keyframes {
		s.keyframes = append(s.keyframes, media.Rescale(k.PTS, t.Timescale, s.timescale))
	}
	return s
}

// pictureKinds are the sample entries that codecs in Matroska get.
var pictureKinds = map[media.Codec]string{media.H264: "avc1", media.HEVC: "hvc1", media.AV1: "av01", media.VP9: "vp09"}

// picture gives what the sample entry is made of: the configuration in Matroska's header, or what the first keyframe
// says of itself. What that says of the format, which the container may leave out, is taken over into v.
func (b *pictureBlocks) picture(ctx context.Context, v *media.Track, f *os.File) (fmp4.Picture, error) {
	t := b.track
	p := fmp4.Picture{
		Kind: pictureKinds[v.Codec], Config: t.CodecPrivate, Width: v.Video.Width, Height: v.Video.Height,
		Aspect: v.Video.PixelAspect, Mastering: t.MasteringDisplay, Light: t.ContentLight,
	}
	var named fmp4.Colour
	if v.Codec == media.VP9 {
		key, err := b.firstFrame(ctx, f)
		if err != nil {
			return p, err
		}
		if p.Config, named, err = fmp4.VP9Config(key, v.Video.FrameRate); err != nil {
			return p, err
		}
		setVP9(&v.Video, key)
	}
	if v.Video.Primaries != "" || v.Video.Transfer != "" {
		p.Colour = colourOf(v.Video)
	} else {
		p.Colour = named
	}
	return p, nil
}

// setVP9 takes over what the header of a keyframe says of the format.
func setVP9(v *media.VideoFormat, key []byte) {
	h, err := codec.ParseVP9(key)
	if err != nil {
		return
	}
	v.BitDepth, v.Chroma = h.BitDepth, "4:2:0"
	switch {
	case !h.HalfWidth:
		v.Chroma = "4:4:4"
	case !h.HalfHeight:
		v.Chroma = "4:2:2"
	}
}

// firstFrame reads the start of the first keyframe.
func (b *pictureBlocks) firstFrame(ctx context.Context, f *os.File) ([]byte, error) {
	if len(b.track.Keyframes) == 0 {
		return nil, fmp4.ErrMalformed
	}
	all, _, err := b.track.KeyframeBlocks(ctx, 0, 1)
	if err != nil {
		return nil, err
	}
	return wholeSample{f, b.track.Stripped, all[0]}.head(frameHead), nil
}

// cuts gives the keyframes that segments may begin with: all of a codec that shows nothing before its keyframes, else
// no more than are needed, for finding out where each one's group begins takes reading.
func (b *pictureBlocks) cuts() []int {
	cuts := make([]int, 0, len(b.track.Keyframes))
	second := media.Ticks(b.track.Timescale)
	last := media.Ticks(0)
	for i, k := range b.track.Keyframes {
		apart := 2 * second
		if len(cuts) > 3 {
			apart = (plan.PassthroughSeconds - 1) * second
		}
		if b.codec != media.HEVC || i == 0 || k.PTS-last >= apart {
			cuts, last = append(cuts, i), k.PTS
		}
	}
	return cuts
}

// findStarts finds out when the groups of the cuts begin to be shown. Where that takes too long it is guessed from a
// spread of them, if those are all alike.
func (b *pictureBlocks) findStarts(ctx context.Context, cuts []int) bool {
	if b.codec != media.HEVC {
		return true
	}
	limit, cancel := context.WithTimeout(ctx, startsTime)
	defer cancel()
	starts := make(map[int]media.Ticks, len(cuts))
	for _, i := range cuts {
		at, ok, err := b.track.GroupStart(limit, i)
		if limit.Err() != nil && ctx.Err() == nil {
			return b.guessStarts(cuts)
		}
		if err != nil || !ok {
			return false
		}
		starts[i] = at
	}
	b.starts = starts
	return true
}

// guessStarts takes what was found of a spread of groups for all of them.
func (b *pictureBlocks) guessStarts(cuts []int) bool {
	lead := media.Ticks(-1)
	for i, at := range b.starts {
		if d := b.track.Keyframes[i].PTS - at; i > 0 && lead >= 0 && d != lead {
			return false
		} else if i > 0 {
			lead = d
		}
	}
	for _, i := range cuts {
		if _, ok := b.starts[i]; !ok {
			b.starts[i] = b.track.Keyframes[i].PTS - max(lead, 0)
		}
	}
	return lead >= 0
}

// sendable says whether every segment that plan.Passthrough may make is small enough to be read at once.
func (b *pictureBlocks) sendable() bool {
	keys, second := b.track.Keyframes, media.Ticks(b.track.Timescale)
	from := func(at media.Ticks) int {
		return sort.Search(len(keys), func(i int) bool { return keys[i].PTS >= at })
	}
	for i, k := range keys {
		j := from(k.PTS + plan.PassthroughSeconds*second)
		if j < len(keys) {
			j = from(keys[j].PTS + second) // a last piece joins the one before it
		}
		if b.track.BlockBytes(i, j) > index.MaxBlockBytes {
			return false
		}
	}
	return len(keys) > 0
}
