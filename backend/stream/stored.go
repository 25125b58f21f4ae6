package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
	"dropstream/backend/subtitle"
)

// storedTrack is a rendition that is read from the cache alone.
type storedTrack struct {
	e    *Engine
	key  cache.Key
	plan *plan.Plan
}

// errStoredPart says that a kept copy is not whole any more.
var errStoredPart = fault.New(fault.Missing, "This part is not in the library any more, and the original is not there.")

// Plan gives the boundaries.
func (s *storedTrack) Plan() (*plan.Plan, error) { return s.plan, nil }

// Init gives the init segment.
func (s *storedTrack) Init(ctx context.Context) ([]byte, error) { return s.Segment(ctx, initSegment) }

// Segment gives segment n. Errors: fault.Missing.
func (s *storedTrack) Segment(_ context.Context, n int) ([]byte, error) {
	data, ok := s.e.cached(s.key, n)
	if !ok {
		s.e.fill.lost(s.key.Title)
		return nil, errStoredPart
	}
	s.e.cache.Touch(s.key.Title)
	return data, nil
}

// whole says whether all of it is kept.
func (s *storedTrack) whole() bool {
	return s.e.cache.Has(s.key, initSegment) && len(s.e.cache.Present(s.key)) >= s.plan.Len()
}

// measured is what is known of a stored picture that its source would tell.
type measured struct {
	seed          string
	average, peak int64 // bits a second
	chapters      []media.Chapter
}

// storedTitle lays out an item from its card. Errors: the one given when it is not stored whole.
func (e *Engine) storedTitle(c *card, missing error) (*title, error) {
	done := make(chan media.Probe)
	close(done)
	t := &title{
		e: e, src: c.Source, video: map[string]rendition{}, refined: done, cancel: func() {},
		survey:   &survey{index: &index.Index{}, probe: c.Probe},
		timeline: timeline{origin: moment{c.Origin, c.Scale}, total: time.Duration(c.Total)},
		stored:   &measured{seed: c.Seed, chapters: c.Chapters},
	}
	t.thumbs = newThumbs(t)
	t.thumbs.closed, t.thumbs.key.Rendition = true, c.Sheets // there is nothing to make them from
	t.thumbs.plan = func() *thumbPlan { return &thumbPlan{all: make([]thumb, c.Pictures), total: t.timeline.total} }
	track := func(p *cardPart) *storedTrack {
		return &storedTrack{e: e, key: cache.Key{Title: c.Source.ItemID, Rendition: p.Rendition}, plan: &p.Plan}
	}
	whole := true
	if v := c.Video; v != nil {
		t.survey.video = &videoSource{track: v.Track, verdict: v.Verdict}
		t.rungs = []plan.Rung{v.Rung}
		r := track(&v.cardPart)
		t.video[v.Rung.Name] = r
		t.stored.average, t.stored.peak = v.Average, v.Peak
		whole = whole && r.whole()
	}
	for i := range c.Audio {
		a := &c.Audio[i]
		r := track(&a.cardPart)
		s := audioSource{track: a.Track, verdict: a.Verdict}
		t.survey.audio = append(t.survey.audio, s)
		t.audio = append(t.audio, audioRendition{s, a.Name, a.Channels, func() int64 { return a.Peak }, r})
		whole = whole && r.whole()
	}
	if !whole {
		e.fill.lost(c.Source.ItemID)
		return nil, missing
	}
	for _, x := range c.Text {
		key := cache.Key{Title: c.Source.ItemID, Rendition: x.Rendition}
		track := textTrack{Track: x.Track, drawing: x.Drawing}
		if x.Images {
			track.stored = e.storedImages(key)
		} else {
			track.cues = e.storedCues(key, x.Script)
		}
		t.texts.tracks = append(t.texts.tracks, track)
	}
	return t, nil
}

// adopt has a title take what was stored of it before, even by another version of the encoder: it is whole, so nothing
// is ever added to it. It is called before the title is used.
func (t *title) adopt(c *card) {
	if c.Seed != t.seed() {
		return
	}
	take := func(r rendition, planName string, p *cardPart) {
		f := feedOf(r)
		if f == nil || planName != p.Plan.Hash {
			return
		}
		stored := &storedTrack{e: t.e, key: cache.Key{Title: t.src.ItemID, Rendition: p.Rendition}, plan: &p.Plan}
		if stored.whole() {
			f.key = stored.key
		}
	}
	if v := c.Video; v != nil {
		take(t.video[v.Rung.Name], t.videoPlan(v.Rung), &v.cardPart)
	}
	for i := range c.Audio {
		for _, a := range t.audio {
			if a.name == c.Audio[i].Name && a.source.track.Index == c.Audio[i].Track.Index {
				take(a.rendition, t.audioPlan(a), &c.Audio[i].cardPart)
			}
		}
	}
}

// storedCues reads the text of a stored track, of a script where there is one.
func (e *Engine) storedCues(
	key cache.Key, head []byte,
) func(context.Context, time.Duration, time.Duration) (*subtitle.Cues, error) {
	var script *subtitle.Script
	if len(head) > 0 {
		script = subtitle.ParseScript(head)
	}
	return func(_ context.Context, from, to time.Duration) (*subtitle.Cues, error) {
		var all []subtitle.Cue
		for n := int(from / textSegment); time.Duration(n)*textSegment < to; n++ {
			data, ok := e.cached(key, n)
			if !ok {
				continue // the last segment may be longer than the others
			}
			var cues []subtitle.Cue
			if err := json.Unmarshal(data, &cues); err != nil {
				return nil, fmt.Errorf("read stored text: %w", err)
			}
			all = append(all, cues...)
		}
		return subtitle.NewCues(all).Under(script), nil
	}
}

// storedImages gives the segments of a stored track of images.
func (e *Engine) storedImages(key cache.Key) func(n int) ([]byte, error) {
	return func(n int) ([]byte, error) {
		data, ok := e.cached(key, n)
		if !ok {
			return nil, errStoredPart
		}
		return data, nil
	}
}

// storeText keeps a title's text, and says where.
func (e *Engine) storeText(ctx context.Context, t *title, j *fillJob) ([]cardText, error) {
	t.look(ctx)
	t.lookForStyle()
	var all []cardText
	for _, x := range t.texts.all() {
		key := cache.Key{Title: j.item, Rendition: fmt.Sprintf("text %d %s", x.Index, t.seed())}
		head := e.scriptOf(ctx, x)
		if head != nil {
			key.Rendition = "styled " + key.Rendition
		} else if x.drawing == media.DrawnStyled {
			x.drawing = media.DrawnByPlayer // it could not be read just now
		}
		for n := range textLen(t.timeline.total) {
			if x.Index < firstSidecar && e.cache.Has(key, n) {
				continue
			}
			if err := e.storeTextSegment(ctx, t, j, key, x, n); err != nil {
				return nil, err
			}
		}
		all = append(all, cardText{
			Track: x.Track, Drawing: x.drawing, Images: x.screens != nil, Rendition: key.Rendition, Script: head,
		})
	}
	return all, nil
}

// scriptOf gives the head of a styled track's script; nil when there is none.
func (e *Engine) scriptOf(ctx context.Context, x textTrack) []byte {
	if x.drawing != media.DrawnStyled {
		return nil
	}
	cues, err := x.cues(ctx, 0, textSegment)
	if err != nil || cues.Script() == nil {
		return nil
	}
	head, _ := cues.Script().Segment(nil)
	return head
}

func (e *Engine) storeTextSegment(ctx context.Context, t *title, j *fillJob, key cache.Key, x textTrack, n int) error {
	work, ticket, err := e.sched.background(ctx)
	if err != nil {
		return err
	}
	defer ticket.release()
	from, to := textSpan(n, t.timeline.total)
	data, err := x.toStore(work, from, to)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("encode text: %w", err)
	}
	return e.putFilled(ctx, j, key, n, data)
}

// toStore is one segment as it is kept. What cannot be read is left out, as it is when it is played.
func (x textTrack) toStore(ctx context.Context, from, to time.Duration) ([]byte, error) {
	if x.screens != nil {
		screens, err := x.screens(ctx, from, to)
		if err != nil {
			screens = nil
		}
		data, _, err := subtitle.ImageSegment(screens)
		return data, err
	}
	var shown []subtitle.Cue
	if cues, err := x.cues(ctx, from, to); err == nil {
		shown = cues.During(from, to)
	}
	return json.Marshal(shown)
}

// finishStoring keeps what else playing an item needs without its source: its text and its card.
func (e *Engine) finishStoring(ctx context.Context, t *title, j *fillJob, w wanted) error {
	text, err := e.storeText(ctx, t, j)
	if err != nil {
		return err
	}
	for _, p := range w.parts {
		if !p.whole(e.cache) {
			return errNoRoom // something of it was given up meanwhile
		}
	}
	if e.artifacts == nil {
		return nil
	}
	c := newCard(t, w)
	c.Text = text
	data, err := c.encode()
	if err == nil {
		err = t.unchanged()
	}
	if err == nil {
		err = e.artifacts.PutArtifact(ctx, j.item, cardKey, data)
	}
	if err != nil {
		return fmt.Errorf("keep card: %w", err)
	}
	e.fill.onStored(j.item, true)
	return nil
}
