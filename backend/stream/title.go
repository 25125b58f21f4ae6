package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// title is a source that is open: its timeline and its renditions.
type title struct {
	e        *Engine
	src      media.Source
	file     *os.File
	survey   *survey
	timeline timeline
	rungs    []plan.Rung          // all there are, best first; which of them a viewer gets says offer
	video    map[string]rendition // by rung's name
	audio    []audioRendition     // track by track; of each the best form first
	texts    texts
	damage   damageLog
	thumbs   *thumbs
	later    *laterScan // nil unless a scan would tell more
	stored   *measured  // of one that is played without its source; else nil
	refined  chan media.Probe
	peak     func() int64 // of the passed-through video, bits per second
	wg       sync.WaitGroup
	cancel   context.CancelFunc

	background context.Context //nolint:containedctx // the title's life, ended by cancel
}

// audioRendition is one audio track in one form.
type audioRendition struct {
	source   audioSource
	name     string // "original", or a form's
	channels int
	peak     func() int64 // bits a second
	rendition
}

func (e *Engine) newTitle(ctx context.Context, src media.Source) (*title, error) {
	f, err := os.Open(src.Path)
	if err != nil {
		return nil, fault.Wrap(err, fault.CodeOf(err), "The file is not there any more, or may not be read.")
	}
	t := &title{e: e, src: src, file: f, video: map[string]rendition{}, refined: make(chan media.Probe, 1)}
	if err := t.lay(ctx); err != nil {
		_ = f.Close() // only read from
		return nil, err
	}
	return t, nil
}

// lay surveys the source and lays out its renditions.
func (t *title) lay(ctx context.Context) error {
	if err := t.unchanged(); err != nil {
		return err
	}
	s, complete, err := t.e.surveySource(ctx, t.src, t.file)
	if err != nil {
		return err
	}
	t.survey = s
	spans := make([]span, 0, 1+len(s.audio))
	if s.video != nil {
		spans = append(spans, s.video.span)
	}
	for _, a := range s.audio {
		spans = append(spans, a.span)
	}
	tl, ok := newTimeline(spans)
	if !ok {
		return fault.New(fault.Damaged, "This video has no readable length: nothing in it can be played.")
	}
	t.timeline = tl
	t.layVideo()
	for _, a := range s.audio {
		if err := t.layAudio(a); err != nil {
			return err
		}
	}
	t.layText()
	t.loadDamage(ctx)
	t.background, t.cancel = context.WithCancel(t.e.ctx)
	t.thumbs = newThumbs(t)
	if s.unscanned {
		t.later = newLaterScan(t, s.task)
	}
	if complete || t.e.tools == nil {
		close(t.refined)
		return nil
	}
	t.wg.Add(1)
	go t.refine(t.background)
	return nil
}

// refineAfter leaves the processor to the first segments.
const refineAfter = 3 * time.Second

// refine asks ffprobe for what the index did not say, when nothing waits for it.
func (t *title) refine(ctx context.Context) {
	defer t.wg.Done()
	defer close(t.refined)
	timer := time.NewTimer(refineAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	ctx, done, err := t.e.Background(ctx)
	if err != nil {
		return
	}
	defer done()
	p, err := t.e.tools.Probe(ctx, t.src)
	if err != nil {
		t.e.log.LogAttrs(ctx, slog.LevelDebug, "Probe not refined", slog.String("item", t.src.ItemID),
			slog.Any("error", err))
		return
	}
	p.Duration = t.timeline.total
	t.refined <- *p
}

// seed names the source's content, and how much is known of it, in the hashes of plans.
func (t *title) seed() string {
	if t.stored != nil {
		return t.stored.seed
	}
	how := "grid"
	if v := t.survey.video; v != nil && (v.indexed != nil || v.keyframes != nil) {
		how = t.survey.index.Precision.String()
		if v.scan != nil {
			how = "scan"
		}
	}
	return fmt.Sprintf("%d %d %s %d %d", t.src.SizeBytes, t.src.ModTime.UnixNano(), how,
		t.timeline.origin.duration(), t.timeline.total)
}

func (t *title) layVideo() {
	v := t.survey.video
	if v == nil {
		return
	}
	t.rungs = plan.Ladder(v.track.Video, t.e.struggles.most(t.src.ItemID, t.e.largestSide(v.track.Video)))
	if v.verdict.Passthrough {
		t.rungs = slices.Insert(t.rungs, 0, plan.AsItIs(v.track.Video))
	}
	transcode := sync.OnceValues(func() (*plan.Plan, error) { return t.transcodePlan(v), nil })
	kept := t.rungs[:0:0]
	for _, r := range t.rungs {
		switch {
		case r.Passthrough && v.scan != nil:
			f, err := t.remuxVideo(v)
			if err != nil {
				continue
			}
			t.video[r.Name] = f
		case r.Passthrough:
			c := newCopyVideo(v, t.file, t.timeline, t.seed())
			t.video[r.Name] = c
			t.peak = sync.OnceValue(func() int64 { return peakOf(c) })
		case t.e.tools != nil:
			t.video[r.Name] = t.videoFeed(v, r, transcode)
			t.video[inBand(r).Name] = t.videoFeed(v, inBand(r), transcode)
		default:
			continue // nothing can be encoded here
		}
		kept = append(kept, r)
	}
	t.rungs = kept
}

// transcodeTimescale is the timescale of transcoded video.
func (t *title) transcodeTimescale() uint32 {
	v := t.survey.video
	if v.verdict.Passthrough {
		return timescaleOf(media.Rational{Num: 1, Den: int64(v.timescale)})
	}
	return v.timescale
}

// transcodePlan lays the boundaries of the transcoded rungs.
func (t *title) transcodePlan(v *videoSource) *plan.Plan {
	ts := t.transcodeTimescale()
	origin := t.timeline.origin.in(ts)
	in := plan.Video{
		Seed: t.seed(), Timescale: ts, Total: media.FromDuration(t.timeline.total, ts),
		FrameRate: v.track.Video.FrameRate,
	}
	for _, k := range v.keyframes {
		in.Keyframes = append(in.Keyframes, media.Rescale(k, v.timescale, ts)-origin)
	}
	switch {
	case len(in.Keyframes) == 0:
	case v.frames != nil:
		in.Frames = func(i int) []media.Ticks { return between(v.frames, v.keyframes, i, origin) }
	case v.indexed != nil && v.indexed.EditsExact && v.keySamples != nil:
		in.Frames = func(i int) []media.Ticks { return v.framesOf(i, ts, origin) }
	}
	return plan.Transcode(in)
}

func (t *title) videoFeed(v *videoSource, r plan.Rung, p func() (*plan.Plan, error)) *feed {
	m := &videoMaker{
		e: t.e, src: t.src, video: v.in(t.transcodeTimescale()), rung: r, plan: p,
		origin: t.timeline.origin.in(t.transcodeTimescale()),
	}
	f := newFeed(t.e, t.key(plan.KindTranscode, fmt.Sprint(r)), p, t.e.log)
	f.maker, f.gone, f.spoiled = m, t.gone, t.spoiled(media.Video)
	m.spoiled = f.spoiled
	f.side = min(r.Width, r.Height)
	m.init = f.takeInit
	if isInBand(r) {
		m.init = f.takeAnyInit
	}
	m.near, m.waited, m.frames = f.near, f.anyWaited, t.framesIn(v)
	return f
}

func (t *title) layAudio(a audioSource) error {
	seed := fmt.Sprintf("%s track %d", t.seed(), a.track.Index)
	if a.scan != nil {
		t.audio = append(t.audio, t.remuxAudio(a, seed))
		if plan.Needs(&a.track) == 0 {
			return nil
		}
	} else if a.verdict.Passthrough {
		c, err := newCopyAudio(a, t.file, t.timeline, seed)
		if err == nil {
			peak := sync.OnceValue(func() int64 { return peakOf(c) })
			t.audio = append(t.audio, audioRendition{a, plan.Original, a.track.Audio.Channels, peak, c})
			if plan.Needs(&a.track) == 0 {
				return nil // every player can play it
			}
		}
	}
	if t.e.tools == nil {
		return nil
	}
	p := sync.OnceValues(func() (*plan.Plan, error) {
		return plan.Audio(seed, ffmpeg.AudioRate, media.FromDuration(t.timeline.total, ffmpeg.AudioRate)), nil
	})
	forms := []audioForm{stereo}
	if a.track.Audio.Channels >= surround.channels {
		forms = []audioForm{surround, stereo}
	}
	for _, form := range forms {
		m := &audioMaker{
			e: t.e, src: t.src, audio: a, form: form, origin: t.timeline.origin.in(ffmpeg.AudioRate), plan: p,
		}
		f := newFeed(t.e, t.key(plan.KindAudio, fmt.Sprint(a.track.Index, form.channels, form.bits)), p, t.e.log)
		f.maker, f.gone, f.spoiled = m, t.gone, t.spoiled(media.Audio)
		peak := func() int64 { return form.bits * 9 / 8 }
		t.audio = append(t.audio, audioRendition{a, form.name, form.channels, peak, &audioFeed{f, form}})
	}
	return nil
}

// key names a rendition in the cache: everything that what is stored depends on.
func (t *title) key(kind plan.Kind, settings string) cache.Key {
	parts := []string{plan.Name(kind, t.seed()), settings, ffmpeg.Recipe, t.e.tools.Version}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return cache.Key{Title: t.src.ItemID, Rendition: base64.RawURLEncoding.EncodeToString(sum[:15])}
}

// unchanged says whether the source still is what it was when it was sniffed.
func (t *title) unchanged() error {
	if t.stored != nil {
		return nil
	}
	st, err := t.file.Stat()
	if err != nil {
		return fault.Wrap(err, fault.Missing, "The file cannot be read any more.")
	}
	if st.Size() != t.src.SizeBytes || !st.ModTime().Equal(t.src.ModTime) {
		return fault.New(fault.Missing, "The file has changed since it was opened. Drop it again to play it.")
	}
	return nil
}

// present says whether the source is where it was, and what it was: for who opens it by its name.
func (t *title) present() error {
	st, err := os.Stat(t.src.Path)
	if err != nil {
		return fault.Wrap(err, fault.Missing, "The original is not where it was.")
	}
	if st.Size() != t.src.SizeBytes || !st.ModTime().Equal(t.src.ModTime) {
		return fault.New(fault.Missing, "The original has changed.")
	}
	return nil
}

func (t *title) close() {
	t.thumbs.close()
	if t.later != nil {
		t.later.close()
	}
	t.cancel()
	for _, r := range t.video {
		if f, ok := r.(*feed); ok {
			f.close()
		}
	}
	for _, a := range t.audio {
		switch f := a.rendition.(type) {
		case *audioFeed:
			f.close()
		case *feed:
			f.close()
		}
	}
	t.wg.Wait()
	if t.file != nil {
		_ = t.file.Close() // only read from
	}
}

// assess says how the title is played in the program's own window.
func (t *title) assess() media.Assessment {
	a := media.Assessment{Probe: t.survey.probe, Plays: media.AsItIs, Refined: t.refined}
	a.Probe.Duration = t.timeline.total
	o := t.offer(media.Client(t.e.viewer.Load()))
	var why []string
	for i, v := range o.verdicts {
		first := i == 0 || o.kinds[i] != o.kinds[i-1]
		if first && !v.Passthrough {
			why = append(why, v.Reason)
		}
	}
	if len(why) == 0 {
		a.Why = "Nothing is converted: picture and sound are sent as they are."
		return a
	}
	a.Plays = media.Converted
	a.Why = sentence(strings.Join(why, ", and "))
	return a
}

// sentence makes a clause a sentence.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
