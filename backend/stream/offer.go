package stream

import (
	"context"

	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// offer is what one player gets of a title, and why.
type offer struct {
	rungs    []plan.Rung      // the best first
	audio    []audioRendition // one for each track
	kinds    []media.TrackKind
	tracks   []int
	verdicts []plan.Verdict // how the tracks reach the player: the picture first, then each audio track
}

// offer chooses among a title's renditions those for a player.
func (t *title) offer(c media.Client) offer {
	var o offer
	add := func(track *media.Track, v plan.Verdict, passthrough bool) {
		if v.Passthrough = passthrough; !passthrough && v.Reason == "" {
			v.Reason = "it cannot be taken out of the file as it is, so it is converted"
		}
		o.kinds, o.tracks = append(o.kinds, track.Kind), append(o.tracks, track.Index)
		o.verdicts = append(o.verdicts, v)
	}
	if v := t.survey.video; v != nil && len(t.rungs) > 0 {
		verdict := plan.For(c, &v.track, v.verdict)
		o.rungs = t.familyFor(c, t.rungsFor(verdict.Passthrough))
		add(&v.track, verdict, o.rungs[0].Passthrough)
	}
	for i := 0; i < len(t.audio); {
		track := &t.audio[i].source.track
		j := i + 1
		for j < len(t.audio) && t.audio[j].source.track.Index == track.Index {
			j++
		}
		verdict := plan.For(c, track, t.audio[i].source.verdict)
		best := bestForm(c, t.audio[i:j], verdict.Passthrough)
		add(track, verdict, best.name == plan.Original)
		o.audio = append(o.audio, best)
		i = j
	}
	return o
}

// rungsFor gives the rungs for a player that can play the picture's own samples, or cannot. One that cannot gets them
// all the same where nothing else can be made.
func (t *title) rungsFor(passthrough bool) []plan.Rung {
	rungs := t.rungs
	if !rungs[0].Passthrough {
		return rungs
	}
	own, rest := rungs[0], rungs[1:]
	switch {
	case !passthrough && len(rest) > 0:
		return rest
	case len(rest) == 0:
		return rungs
	}
	// A transcode of the same size is worth its while only where the original is much heavier.
	if average, _ := t.bandwidth(own); average < rest[0].BitsPerSecond*3/2 {
		for len(rest) > 0 && min(rest[0].Width, rest[0].Height) >= min(own.Width, own.Height)&^1 {
			rest = rest[1:]
		}
	}
	return append([]plan.Rung{own}, rest...)
}

// bestForm gives the best form of an audio track that a player can play.
func bestForm(c media.Client, forms []audioRendition, passthrough bool) audioRendition {
	for _, f := range forms {
		switch {
		case f.name == plan.Original && !passthrough, f.name == surround.name && !c.Can(media.PlaysSurround):
			continue
		}
		return f
	}
	return forms[0]
}

// SetViewer says what the program's own window can play. Items are assessed for it.
func (e *Engine) SetViewer(c media.Client) { e.viewer.Store(uint32(c)) }

// Deliveries says how an item's tracks reach a player, and why: the picture first, then each audio track.
func (e *Engine) Deliveries(ctx context.Context, itemID string, c media.Client) ([]media.TrackDelivery, error) {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return nil, err
	}
	defer release()
	o := t.offer(c)
	out := make([]media.TrackDelivery, len(o.verdicts))
	for i, v := range o.verdicts {
		out[i] = media.TrackDelivery{
			Kind: o.kinds[i], Track: o.tracks[i], Passthrough: v.Passthrough, Why: "It is sent as it is.",
		}
		if !v.Passthrough {
			out[i].Why = sentence(v.Reason)
		}
	}
	return out, nil
}
