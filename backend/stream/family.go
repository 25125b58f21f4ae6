package stream

import (
	"context"
	"slices"
	"strings"
	"sync"

	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// inBand is the twin of a transcoded rung that encoders in hardware take part in.
func inBand(r plan.Rung) plan.Rung {
	r.Name += inBandSuffix
	return r
}

// isInBand says whether a rung is of that family.
func isInBand(r plan.Rung) bool { return strings.HasSuffix(r.Name, inBandSuffix) }

// familyFor gives the rungs for a player: where there is an encoder in hardware, and the player takes parameter sets
// in samples, transcoded rungs are those of the family that it makes. The others stay: a playlist that was fetched
// before is as good as ever, whichever family it names.
func (t *title) familyFor(c media.Client, rungs []plan.Rung) []plan.Rung {
	if !c.Can(media.PlaysAVC3) || t.e.hw == nil || !t.e.hw.usable() {
		return rungs
	}
	rungs = slices.Clone(rungs)
	for i, r := range rungs {
		if !r.Passthrough && !isInBand(r) {
			rungs[i] = inBand(r)
		}
	}
	return rungs
}

// takeAnyInit takes the init segment of an encoder whose parameter sets go into the samples too: the first one there
// is serves all, for the rest of it is the same whatever the encoder.
func (f *feed) takeAnyInit(ctx context.Context, data []byte) error {
	f.mu.Lock()
	known := f.init != nil
	f.mu.Unlock()
	if known {
		return nil
	}
	if kept, ok := f.e.cached(f.key, initSegment); ok {
		data = kept
	}
	return f.takeInit(ctx, data)
}

// anyWaited says whether somebody waits for any segment.
func (f *feed) anyWaited() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiters) > 0
}

// framesIn gives the function that knows a source's frames by time, on the presentation's clock: those from somewhere
// before from to somewhere after to. It is nil when they are not known.
func (t *title) framesIn(v *videoSource) func(from, to media.Ticks) []media.Ticks {
	ts := t.transcodeTimescale()
	origin := t.timeline.origin.in(ts)
	keys := sync.OnceValue(func() []media.Ticks {
		out := make([]media.Ticks, len(v.keyframes))
		for i, k := range v.keyframes {
			out[i] = media.Rescale(k, v.timescale, ts) - origin
		}
		return out
	})
	// around gives the frames of all groups that reach into the span.
	around := func(from, to media.Ticks, of func(i int) []media.Ticks) (all []media.Ticks) {
		i, _ := slices.BinarySearch(keys(), from)
		for i = max(0, i-1); i < len(keys()) && (keys()[i] <= to || len(all) == 0); i++ {
			all = append(all, of(i)...)
		}
		return all
	}
	switch {
	case len(v.keyframes) == 0:
	case v.frames != nil:
		return func(from, to media.Ticks) []media.Ticks {
			return around(from, to, func(i int) []media.Ticks { return between(v.frames, v.keyframes, i, origin) })
		}
	case v.indexed != nil && v.indexed.EditsExact && v.keySamples != nil:
		return func(from, to media.Ticks) []media.Ticks {
			return around(from, to, func(i int) []media.Ticks { return v.framesOf(i, ts, origin) })
		}
	}
	return nil
}
