package stream

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Of filling.
const (
	fillRetry   = 10 * time.Minute // a job that could not go on is tried again after so long
	maxFillJobs = 256              // that are remembered
	tellEvery   = time.Second      // how often others are told how far a job is
)

// filler completes in the background what viewers play converted, and what the user keeps.
type filler struct {
	e         *Engine
	automatic func() bool // whether what is played is filled
	onStored  func(itemID string, stored bool)
	onShare   func(itemID string)

	mu      sync.Mutex
	jobs    map[string]*fillJob
	changed chan struct{} // closed and replaced when there may be something to do
	told    map[string]time.Time
	losses  map[string]struct{} // items of which something is gone, and nobody was told yet

	lostSome chan struct{} // holds one when there are losses
}

func newFiller(e *Engine, o Options) *filler {
	f := &filler{
		e: e, automatic: o.Fill, onStored: o.OnStored, onShare: o.OnProgress, jobs: map[string]*fillJob{},
		changed: make(chan struct{}), told: map[string]time.Time{},
		losses: map[string]struct{}{}, lostSome: make(chan struct{}, 1),
	}
	if f.automatic == nil {
		f.automatic = func() bool { return false }
	}
	if f.onStored == nil {
		f.onStored = func(string, bool) {}
	}
	if f.onShare == nil {
		f.onShare = func(string) {}
	}
	return f
}

// kick has the jobs looked at again. The lock is held.
func (f *filler) kick() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// job finds or makes an item's job. The lock is held.
func (f *filler) job(item string) *fillJob {
	j := f.jobs[item]
	if j == nil {
		j = &fillJob{item: item, sound: map[media.Ref]bool{}}
		f.jobs[item] = j
		f.prune()
	}
	return j
}

// prune forgets the oldest job that has nothing to do when there are too many. The lock is held.
func (f *filler) prune() {
	if len(f.jobs) <= maxFillJobs {
		return
	}
	var oldest *fillJob
	for _, j := range f.jobs {
		if !j.kept && !j.running && (oldest == nil || j.seenAt.Before(oldest.seenAt)) {
			oldest = j
		}
	}
	if oldest != nil {
		delete(f.jobs, oldest.item)
		delete(f.told, oldest.item)
	}
}

// seen notes that a viewer plays a rendition.
func (f *filler) seen(ref media.Ref) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.job(ref.Item)
	j.seenAt = time.Now()
	if ref.Kind == media.Video && j.picture != ref || ref.Kind == media.Audio && !j.sound[ref] {
		j.done, j.more, j.problem = false, true, nil
		f.kick()
	}
	if ref.Kind == media.Video {
		j.picture = ref
	} else {
		j.sound[ref] = true
	}
}

// work runs jobs, one after the other, until the engine ends.
func (f *filler) work(ctx context.Context) {
	for ctx.Err() == nil {
		f.mu.Lock()
		j, wait := f.next(time.Now())
		changed := f.changed
		var work context.Context
		if j != nil {
			work, j.cancel = context.WithCancel(ctx)
			j.running, j.more = true, false
		}
		f.mu.Unlock()
		if j == nil {
			var due <-chan time.Time
			timer := time.NewTimer(wait)
			if wait > 0 {
				due = timer.C
			}
			select {
			case <-changed:
			case <-due:
			case <-ctx.Done():
			}
			timer.Stop()
			continue
		}
		f.e.saveSeen(work, j)
		err := f.e.runJob(work, j)
		j.cancel()
		f.ended(ctx, j, err)
	}
}

// ended notes what became of a job.
func (f *filler) ended(ctx context.Context, j *fillJob, err error) {
	f.mu.Lock()
	j.running = false
	stopped := err != nil && ctx.Err() == nil && fault.CodeOf(err) != fault.Canceled
	switch {
	case fault.CodeOf(err) == fault.NotFound: // the item was removed
		if f.jobs[j.item] == j {
			delete(f.jobs, j.item)
			delete(f.told, j.item)
			f.e.cache.Unpin(j.item)
		}
	case stopped:
		j.problem, j.retryAt = err, time.Now().Add(fillRetry)
	case err == nil:
		j.done, j.problem = !j.more, nil
	}
	f.mu.Unlock()
	if stopped {
		f.e.log.LogAttrs(ctx, slog.LevelInfo, "Filling stopped", slog.String("item", j.item), slog.Any("error", err))
	}
	f.onShare(j.item)
}

// next is the job to do now: what is being watched first, then what is kept, then what was played last. When there is
// none it says how long to wait for the next try, 0 for until something changes. The lock is held.
func (f *filler) next(now time.Time) (best *fillJob, wait time.Duration) {
	automatic := f.automatic()
	rank := func(j *fillJob) int {
		switch {
		case !j.seenAt.IsZero() && now.Sub(j.seenAt) < guardFor:
			return 2
		case j.kept:
			return 1
		}
		return 0
	}
	for _, id := range slices.Sorted(maps.Keys(f.jobs)) {
		j := f.jobs[id]
		if j.running || j.done || !j.kept && !automatic {
			continue
		}
		if j.problem != nil && now.Before(j.retryAt) {
			if d := j.retryAt.Sub(now); wait == 0 || d < wait {
				wait = d
			}
			continue
		}
		if best == nil || rank(j) > rank(best) || rank(j) == rank(best) && j.seenAt.After(best.seenAt) {
			best = j
		}
	}
	return best, wait
}

// jobState is what a job wants, as it is now.
type jobState struct {
	kept    bool
	sound   map[media.Ref]bool
	picture media.Ref
}

func (f *filler) look(j *fillJob) jobState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return jobState{kept: j.kept, sound: maps.Clone(j.sound), picture: j.picture}
}

// tell changes how far a job is and, not too often, tells others.
func (f *filler) tell(j *fillJob, change func(*share)) {
	f.mu.Lock()
	change(&j.share)
	tell := j.kept && time.Since(f.told[j.item]) >= tellEvery
	if tell {
		f.told[j.item] = time.Now()
	}
	f.mu.Unlock()
	if tell {
		f.onShare(j.item)
	}
}

// drop ends an item's job and waits until it writes nothing more: its source changed, or it is gone. What is kept is
// begun again.
func (f *filler) drop(item string) {
	f.mu.Lock()
	j := f.jobs[item]
	f.kick() // there may be room now, for this or for another
	if j == nil {
		f.mu.Unlock()
		return
	}
	if j.cancel != nil {
		j.cancel()
	}
	delete(f.jobs, item)
	delete(f.told, item)
	if j.kept {
		f.job(item).kept = true
	}
	f.mu.Unlock()
	j.putting.Lock()
	j.dropped = true
	j.putting.Unlock()
}

// lost notes that something of an item is not in the cache any more: it was given up for room, or is damaged.
func (f *filler) lost(item string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j := f.jobs[item]; j != nil && j.kept && j.done {
		j.done = false
		f.kick()
	}
	f.losses[item] = struct{}{}
	select {
	case f.lostSome <- struct{}{}:
	default:
	}
}

// tellLosses tells others of items that are not whole any more, until the engine ends. The cache must not be kept
// waiting by that.
func (f *filler) tellLosses(ctx context.Context) {
	for {
		select {
		case <-f.lostSome:
		case <-ctx.Done():
			return
		}
		f.mu.Lock()
		items := slices.Sorted(maps.Keys(f.losses))
		clear(f.losses)
		f.mu.Unlock()
		for _, item := range items {
			f.onStored(item, false)
		}
	}
}
