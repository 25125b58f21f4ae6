package stream

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/m3u8"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

var errNoRendition = fault.New(fault.NotFound, "There is no such part of this video.")

// Multivariant is an item's multivariant playlist for a player: the best rendition first.
func (e *Engine) Multivariant(ctx context.Context, itemID string, c media.Client) ([]byte, error) {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return nil, err
	}
	if t.later != nil && t.later.replaced() {
		release()
		e.drop(itemID)
		if t, release, err = e.title(ctx, itemID); err != nil {
			return nil, err
		}
	}
	defer release()
	return t.multivariant(t.offer(c), t.textRenditions(ctx)), nil
}

// Playlist is a rendition's media playlist.
func (e *Engine) Playlist(ctx context.Context, ref media.Ref) ([]byte, error) {
	if ref.Kind == media.Text {
		return e.textPlaylist(ctx, ref)
	}
	_, p, release, err := e.rendition(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer release()
	m := m3u8.Media{
		IndependentSegments: true, MapURI: "init.mp4", Timescale: p.Timescale, Len: p.Len(), Duration: p.Duration,
		AppendURI: func(dst []byte, i int) []byte {
			return append(strconv.AppendInt(dst, int64(i), 10), ".m4s"...)
		},
	}
	return m.Append(nil), nil
}

// Init is a rendition's init segment.
func (e *Engine) Init(ctx context.Context, ref media.Ref) ([]byte, error) {
	r, _, release, err := e.rendition(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer release()
	return r.Init(ctx)
}

// Segment is segment n of a rendition.
func (e *Engine) Segment(ctx context.Context, ref media.Ref, n int) ([]byte, error) {
	if ref.Kind == media.Text {
		return e.textSegment(ctx, ref, n)
	}
	data, err := e.mediaSegment(ctx, ref, n)
	if fault.CodeOf(err) == fault.Missing { // the source went while it was open: it may be stored
		e.drop(ref.Item)
		return e.mediaSegment(ctx, ref, n)
	}
	return data, err
}

func (e *Engine) mediaSegment(ctx context.Context, ref media.Ref, n int) ([]byte, error) {
	r, p, release, err := e.rendition(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer release()
	if n < 0 || n >= p.Len() {
		return nil, errNoRendition
	}
	if _, copied := r.(*copyTrack); copied {
		return e.copied(ctx, ref, r, n)
	}
	if feedOf(r) != nil && ref.Rendition != plan.Original {
		e.fill.seen(media.Ref{Item: ref.Item, Kind: ref.Kind, Track: ref.Track, Rendition: ref.Rendition})
	}
	return r.Segment(ctx, n)
}

// copiedKey is what a segment of a copyTrack is kept under in memory.
func copiedKey(ref media.Ref, n int) recentKey {
	return recentKey{cache.Key{Title: ref.Item, Rendition: "copy " + ref.Plan + " " + strconv.Itoa(ref.Track)}, n}
}

// copied gives a segment of a copyTrack, from memory when another viewer has just had it.
func (e *Engine) copied(ctx context.Context, ref media.Ref, r rendition, n int) ([]byte, error) {
	k := copiedKey(ref, n)
	if data, ok := e.recent.get(k); ok {
		return data, nil
	}
	data, err := r.Segment(ctx, n)
	if err == nil && len(data) < recentBytes/8 {
		e.recent.put(k, data)
	}
	return data, err
}

// Warm starts making what a player that starts at a position will ask for first. It does not wait.
func (e *Engine) Warm(itemID string, position time.Duration, c media.Client) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.wg.Add(1)
	e.mu.Unlock()
	go func() {
		defer e.wg.Done()
		ctx, cancel := context.WithTimeout(e.ctx, holdFor)
		defer cancel()
		t, release, err := e.title(ctx, itemID)
		if err != nil {
			return // the viewer's own request will say so
		}
		defer release()
		for _, r := range t.offer(c).first(t) {
			f, ok := r.(interface{ start(at time.Duration) })
			if ok {
				f.start(position)
			}
		}
	}()
}

// first gives the renditions a viewer starts with.
func (o offer) first(t *title) (r []rendition) {
	if len(o.rungs) > 0 {
		r = append(r, t.video[o.rungs[0].Name])
	}
	if len(o.audio) > 0 {
		r = append(r, o.audio[0].rendition)
	}
	return r
}

// start sees to it that a head makes the segment at a position.
func (f *feed) start(position time.Duration) {
	p, err := f.plan()
	if err != nil {
		return
	}
	n := p.At(media.FromDuration(position, p.Timescale))
	if f.e.has(f.key, n) {
		return
	}
	if w, err := f.wait(n, p); err == nil {
		f.leave(n, w)
	}
}

// rendition finds what a reference names. Release must be called.
func (e *Engine) rendition(ctx context.Context, ref media.Ref) (rendition, *plan.Plan, func(), error) {
	t, release, err := e.title(ctx, ref.Item)
	if err != nil {
		return nil, nil, nil, err
	}
	r, ok := t.find(ref)
	if !ok {
		release()
		return nil, nil, nil, errNoRendition
	}
	if err := t.unchanged(); err != nil {
		if ownSamples(r) {
			release()
			e.drop(ref.Item)
			return nil, nil, nil, err
		}
	}
	p, err := r.Plan()
	if err != nil {
		release()
		return nil, nil, nil, err
	}
	if p.Hash != ref.Plan {
		release()
		return nil, nil, nil, errNoRendition
	}
	t.viewed()
	return r, p, release, nil
}

// ownSamples says whether a rendition is made of the source's own samples.
func ownSamples(r rendition) bool {
	switch r := r.(type) {
	case *copyTrack:
		return true
	case *feed:
		return r.brief
	}
	return false
}

func (t *title) find(ref media.Ref) (rendition, bool) {
	switch ref.Kind {
	case media.Video:
		r, ok := t.video[ref.Rendition]
		return r, ok
	case media.Audio:
		for _, a := range t.audio {
			if a.source.track.Index == ref.Track && a.name == ref.Rendition {
				return a.rendition, true
			}
		}
	default:
	}
	return nil, false
}

// audioGroup is the one group of audio renditions.
const audioGroup = "audio"

// multivariant writes the multivariant playlist. It needs no plan: a plan's name is known before it is made.
func (t *title) multivariant(o offer, text []m3u8.Rendition) []byte {
	m := m3u8.Multivariant{IndependentSegments: true}
	subtitles := ""
	if len(text) > 0 {
		subtitles = textGroup
	}
	var audioBitRate int64
	var audioCodec []string
	for i, a := range o.audio {
		tr := a.source.track
		bits, codec := a.peak(), "mp4a.40.2"
		if a.name == plan.Original {
			codec = tr.CodecString
		}
		if !slices.Contains(audioCodec, codec) {
			audioCodec = append(audioCodec, codec)
		}
		audioBitRate = max(audioBitRate, bits)
		uri := fmt.Sprintf("a/%d/%s/%s/media.m3u8", tr.Index, a.name, t.audioPlan(a))
		if len(o.rungs) == 0 { // sound alone: each track is a variant
			m.Variants = append(m.Variants, m3u8.Variant{
				URI: uri, BandwidthBitsPerSecond: max(bits, 32_000), Codecs: []string{codec},
				SubtitlesGroup: subtitles,
			})
			continue
		}
		m.Renditions = append(m.Renditions, m3u8.Rendition{
			Type: m3u8.Audio, GroupID: audioGroup, Name: trackName(tr, i), Language: tr.Language, Default: i == 0,
			Autoselect: true, Channels: a.channels, URI: uri,
		})
	}
	for _, r := range o.rungs {
		v := m3u8.Variant{
			URI:   fmt.Sprintf("v/%s/%s/media.m3u8", r.Name, t.videoPlan(r)),
			Width: r.Width, Height: r.Height, Codecs: append([]string{t.videoCodec(r)}, audioCodec...),
			FrameRate: t.survey.video.track.Video.FrameRate, SubtitlesGroup: subtitles,
		}
		if r.Passthrough {
			v.VideoRange = videoRange(t.survey.video.track.Video)
		}
		v.AverageBandwidthBitsPerSecond, v.BandwidthBitsPerSecond = t.bandwidth(r)
		v.AverageBandwidthBitsPerSecond += audioBitRate
		v.BandwidthBitsPerSecond += audioBitRate
		if len(o.audio) > 0 {
			v.AudioGroup = audioGroup
		}
		m.Variants = append(m.Variants, v)
	}
	m.Renditions = append(m.Renditions, text...)
	return m.Append(nil)
}

// videoRange is the dynamic range of a track's own pictures.
func videoRange(v media.VideoFormat) m3u8.VideoRange {
	switch {
	case v.Transfer == "arib-std-b67":
		return m3u8.HLG
	case v.HighDynamicRange():
		return m3u8.PQ
	}
	return m3u8.UnknownRange
}

// videoPlan is the name of a rung's plan.
func (t *title) videoPlan(r plan.Rung) string {
	if r.Passthrough {
		return plan.Name(plan.KindPassthrough, t.seed())
	}
	return plan.Name(plan.KindTranscode, t.seed())
}

func (t *title) audioPlan(a audioRendition) string {
	seed := fmt.Sprintf("%s track %d", t.seed(), a.source.track.Index)
	if a.name == plan.Original {
		return plan.Name(plan.KindAudioPassthrough, seed)
	}
	return plan.Name(plan.KindAudio, seed)
}

// videoCodec is a rung's codec (RFC 6381).
func (t *title) videoCodec(r plan.Rung) string {
	v := t.survey.video.track
	if r.Passthrough {
		return v.CodecString
	}
	entry := "avc1"
	if isInBand(r) {
		entry = "avc3"
	}
	return fmt.Sprintf("%s.6400%02x", entry, rungLevel(r, v.Video.FrameRate))
}

// bandwidth gives a rung's average and peak bit rates.
func (t *title) bandwidth(r plan.Rung) (average, peak int64) {
	if !r.Passthrough {
		// The encoder may spend a buffer of one second in a segment of one second.
		return r.BitsPerSecond * 2 / 3, r.BitsPerSecond * 9 / 4
	}
	if t.stored != nil {
		return t.stored.average, t.stored.peak
	}
	v := t.survey.video
	if v.scan != nil {
		p, err := t.video[r.Name].Plan()
		if err != nil {
			return 0, 0
		}
		return v.scan.bandwidth(p)
	}
	ms := int64(t.timeline.total / time.Millisecond)
	bytes, _ := v.samples.weigh(int(v.indexed.FirstSample), v.end)
	average = bytes * 8 * 1000 / max(1, ms)
	return average, max(average, t.peak())
}

// peakOf weighs the segments of a passed-through track: the most bits a second that any of them has.
func peakOf(c *copyTrack) int64 {
	p, err := c.plan()
	if err != nil {
		return 0
	}
	if !c.samples.light() {
		bytes, count := c.samples.weigh(p.Cuts[0], c.end)
		average := (bytes + count*sampleOverhead) * 8 * int64(p.Timescale) / max(1, p.Bounds[p.Len()])
		if c.sound {
			return average * 3 / 2 // sound is steady
		}
		return average * 3
	}
	var peak int64
	for n := range p.Len() {
		bytes, count := c.samples.weigh(c.cuts(p, n))
		bytes += segmentOverhead + count*sampleOverhead
		peak = max(peak, bytes*8*int64(p.Timescale)/p.Duration(n))
	}
	return peak * 21 / 20 // frames of silence and rounding are not weighed
}

// What boxes add to a segment and to each of its samples, in bytes.
const (
	segmentOverhead = 160
	sampleOverhead  = 16
)

// trackName is what a track is called: its own title, else its number.
func trackName(t media.Track, i int) string {
	switch {
	case t.Title != "":
		return t.Title
	case t.Language != "":
		return t.Language
	}
	return fmt.Sprintf("Audio %d", i+1)
}
