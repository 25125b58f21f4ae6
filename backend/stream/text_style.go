package stream

import (
	"context"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// Of the look at whether scripts are styled whose heads do not say so.
const (
	styleLook = 150 * time.Millisecond // it may take so long: a player waits for it
	styleSpan = 3 * time.Minute        // from the beginning
)

// lookForStyle looks once at the first events of the scripts in a Matroska source whose styles are all alike, for such
// that are more than text.
func (t *title) lookForStyle() {
	x := &t.texts
	if x.reel == nil || len(x.reel.scripts) == 0 {
		return
	}
	x.looked.Do(func() {
		ctx, cancel := context.WithTimeout(t.e.ctx, styleLook)
		defer cancel()
		left := map[*index.Track]*subtitle.Script{}
		for track, script := range x.reel.scripts {
			if !script.Differs() {
				left[track] = script
			}
		}
		found := x.reel.styledEvents(ctx, left)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.styled = found
	})
}

// styledEvents reads from the beginning until each of some tracks has an event that matters, or time is up, and gives
// those that have by their numbers.
func (r *reel) styledEvents(ctx context.Context, left map[*index.Track]*subtitle.Script) (found map[int]bool) {
	found = map[int]bool{}
	if len(left) == 0 {
		return found
	}
	release, err := r.e.readText(ctx)
	if err != nil {
		return found
	}
	defer release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ts := r.index.Tracks[0].Timescale
	from := r.origin.in(ts)
	// Where time is up, or all are found, what was found counts.
	_ = r.index.TextBlocks(ctx, from, from+media.FromDuration(styleSpan, ts),
		func(t *index.Track) bool { return left[t] != nil },
		func(b index.Block) {
			script := left[b.Track]
			if script == nil || !subtitle.Matters(script.Event(b.Data)) {
				return
			}
			found[b.Track.Index] = true
			delete(left, b.Track)
			if len(left) == 0 {
				cancel()
			}
		})
	return found
}
