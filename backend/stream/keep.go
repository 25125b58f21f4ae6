package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Keep begins to store an item whole; what is cached of it is not given up from then on. It does not wait for the
// item to be stored. Errors: fault.DiskFull when it would cross the budget or the floor, those of opening it.
func (e *Engine) Keep(ctx context.Context, itemID string) error {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return err
	}
	defer release()
	if t.file != nil {
		w, err := e.wanted(t, &fillJob{item: itemID, kept: true})
		if err != nil {
			return err
		}
		var need int64
		for _, p := range w.parts {
			need += p.bytes(p.left(e.cache))
		}
		ok, err := e.cache.Room(itemID, need, true)
		if err != nil {
			return fmt.Errorf("ask for room: %w", err)
		}
		if !ok {
			return fault.New(fault.DiskFull, fmt.Sprintf("Keeping this video takes about %s, and there is not so much "+
				"room within the space for converted video.", size(need)))
		}
	}
	e.cache.Pin(itemID)
	e.fill.mu.Lock()
	defer e.fill.mu.Unlock()
	j := e.fill.job(itemID)
	j.kept, j.done, j.more, j.problem = true, t.file == nil, true, nil
	e.fill.kick()
	return nil
}

// size is a number of bytes as people say it.
func size(n int64) string {
	const mega, giga = 1_000_000, 1_000_000_000
	if n < giga {
		return fmt.Sprintf("%d MB", max(1, n/mega))
	}
	return fmt.Sprintf("%d.%d GB", n/giga, n%giga*10/giga)
}

// Unkeep lets an item be given up like any other, and ends the storing of it.
func (e *Engine) Unkeep(itemID string) {
	e.cache.Unpin(itemID)
	e.fill.mu.Lock()
	defer e.fill.mu.Unlock()
	j := e.fill.jobs[itemID]
	if j == nil {
		return
	}
	j.kept, j.problem = false, nil
	if j.cancel != nil {
		j.cancel()
	}
	e.fill.kick() // there may be room for others
}

// Progress is how far the storing of an item is.
type Progress struct {
	Fraction  float64       // 0 to 1; -1 when not known yet
	Remaining time.Duration // -1 when not known yet
	Problem   error         // why it does not go on; nil while it does
}

// Progress says how far the storing of an item that is kept is; ok is false when it is not being stored.
func (e *Engine) Progress(itemID string) (p Progress, ok bool) {
	e.fill.mu.Lock()
	defer e.fill.mu.Unlock()
	j := e.fill.jobs[itemID]
	if j == nil || !j.kept || j.done {
		return Progress{}, false
	}
	p = Progress{Fraction: -1, Remaining: -1, Problem: j.problem}
	s := j.share
	if s.total <= 0 {
		return p, true
	}
	p.Fraction = min(1, max(0, 1-float64(s.left)/float64(s.total)))
	if s.made > 0 {
		p.Remaining = time.Duration(float64(s.worked) * float64(s.left) / float64(s.made))
	}
	return p, true
}

// Resume takes up what an earlier run of the program left undone: kept items are pinned, those of them that are not
// stored are stored, and what was played last is filled on. It is called once, before anything is played.
func (e *Engine) Resume(ctx context.Context, kept, played []media.Item) {
	for i := range kept {
		e.cache.Pin(kept[i].ItemID)
	}
	f := e.fill
	for i := range played {
		it := &played[i]
		if it.Stored || it.SourceMissing || it.ProblemCode != "" {
			continue
		}
		refs := e.savedSeen(ctx, it.ItemID)
		if len(refs) == 0 {
			continue
		}
		f.mu.Lock()
		j := f.job(it.ItemID)
		j.seenAt = it.PlayedAt
		for _, r := range refs {
			if r.Kind == media.Video {
				j.picture = r
			} else {
				j.sound[r] = true
			}
		}
		f.mu.Unlock()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range kept {
		j := f.job(kept[i].ItemID)
		j.kept, j.done = true, kept[i].Stored
		j.seenAt = kept[i].PlayedAt
	}
	f.kick()
}

// seenKey names the artifact that says what was played of an item.
const seenKey = "played"

// saveSeen remembers what was played of an item, for the next run of the program.
func (e *Engine) saveSeen(ctx context.Context, j *fillJob) {
	now := e.fill.look(j)
	refs := make([]media.Ref, 0, 1+len(now.sound))
	for r := range now.sound {
		refs = append(refs, r)
	}
	if now.picture.Rendition != "" {
		refs = append(refs, now.picture)
	}
	if e.artifacts == nil || len(refs) == 0 {
		return
	}
	data, err := json.Marshal(refs)
	if err == nil {
		err = e.artifacts.PutArtifact(ctx, j.item, seenKey, data)
	}
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Played renditions not remembered", slog.Any("error", err))
	}
}

// savedSeen gives what saveSeen remembered.
func (e *Engine) savedSeen(ctx context.Context, itemID string) (refs []media.Ref) {
	if e.artifacts == nil {
		return nil
	}
	data, err := e.artifacts.GetArtifact(ctx, itemID, seenKey)
	if err != nil {
		return nil // nothing was played of it
	}
	if err := json.Unmarshal(data, &refs); err != nil || len(refs) > 2*maxAudioTracks {
		return nil
	}
	for i := range refs {
		refs[i].Item = itemID
	}
	return refs
}

// Evicted is to be told of items of which something was given up for room. It does not wait.
func (e *Engine) Evicted(itemID string) { e.fill.lost(itemID) }

// Refill is to be told when there may be more room, or filling was switched on.
func (e *Engine) Refill() {
	e.fill.mu.Lock()
	defer e.fill.mu.Unlock()
	for _, j := range e.fill.jobs {
		j.retryAt = time.Time{}
	}
	e.fill.kick()
}
