package stream

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"dropstream/backend/fmp4"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// remuxFeed is a feed whose init segment is known from a scan.
func (t *title) remuxVideo(v *videoSource) (rendition, error) {
	w, h := v.track.Video.DisplaySize()
	init, err := fmp4.Init{Timescale: v.scan.timescale, Width: w, Height: h, SampleEntry: v.entry}.Bytes()
	if err != nil {
		return nil, err
	}
	origin := t.timeline.origin.in(v.scan.timescale)
	p := sync.OnceValues(func() (*plan.Plan, error) {
		total := media.FromDuration(t.timeline.total, v.scan.timescale)
		return newRemuxPlan(v.scan, t.seed(), total, origin), nil
	})
	f := newFeed(t.e, t.key(plan.KindPassthrough, "remux"), p, t.e.log)
	f.ahead, f.brief = remuxAhead, true
	f.init = init
	close(f.gotInit)
	f.maker = &remuxMaker{
		e: t.e, src: t.src, video: v, scan: v.scan, origin: origin, plan: p,
		giveUp: func(ctx context.Context) { t.giveUp(ctx, media.Video) },
	}
	return f, nil
}

func (t *title) remuxAudio(a audioSource, seed string) audioRendition {
	m := &remuxSound{
		e: t.e, src: t.src, track: a.track, scan: a.scan, origin: t.timeline.origin.in(a.scan.rate),
		silent: fmp4.SilentAAC(a.track.Audio.Channels),
		giveUp: func(ctx context.Context) { t.giveUp(ctx, media.Audio) },
	}
	m.plan = sync.OnceValues(func() (*plan.Plan, error) {
		return m.newPlan(seed, media.FromDuration(t.timeline.total, a.scan.rate)), nil
	})
	f := newFeed(t.e, t.key(plan.KindAudioPassthrough, fmt.Sprint("remux ", a.track.Index)), m.plan, t.e.log)
	f.ahead, f.brief = readAhead, true
	f.maker, m.init = m, f.takeInit
	peak := func() int64 { return a.scan.peak * 21 / 20 }
	return audioRendition{a, plan.Original, a.track.Audio.Channels, peak, f}
}

// giveUp makes a title be opened anew without sending its own samples: they turned out not to be what a scan saw.
func (t *title) giveUp(ctx context.Context, kind media.TrackKind) {
	found := *t.survey.found
	if kind == media.Video {
		found.video.refused = unsteady
	} else {
		found.audio = nil
	}
	t.e.log.LogAttrs(ctx, slog.LevelWarn, "Remux given up", slog.String("item", t.src.ItemID),
		slog.String("kind", string(kind)))
	t.e.keepScan(ctx, t.src, t.survey.task, &found)
	t.e.drop(t.src.ItemID)
}
