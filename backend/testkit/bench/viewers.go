package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Of a viewer who drags along the timeline.
const (
	scrubTargets = 50
	scrubTime    = 10 * time.Second
)

// scrub measures a storm of seeks in a file that has to be transcoded: every target is asked for when the one before it
// is given up. It counts the children that ran at once, and times how long the last target takes.
func (b *bench) scrub() error {
	path, err := b.clip("10-minutes.mkv")
	if err != nil {
		return err
	}
	var last []time.Duration
	most, started := 0, 0
	for run := range b.runs {
		it, _, err := b.fresh(path)
		if err != nil {
			return err
		}
		r := it.best()
		random := rand.New(rand.NewPCG(uint64(run), 1))
		watch := b.watchChildren()
		for range scrubTargets - 1 {
			ctx, cancel := context.WithTimeout(b.ctx, scrubTime/scrubTargets)
			_, _, err := getOnce(ctx, r.segments[random.IntN(len(r.segments))])
			if err == nil { // it was there already: the rest of its turn
				<-ctx.Done()
			}
			cancel()
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
		}
		_, took, err := b.timed(r.segments[random.IntN(len(r.segments))])
		if err != nil {
			return err
		}
		last = append(last, took)
		atOnce, all := watch()
		most, started = max(most, atOnce), max(started, all)
		if err := b.forget(it); err != nil {
			return err
		}
		if err := b.quiet(); err != nil {
			return err
		}
	}
	b.add(row{
		fmt.Sprintf("%d seeks in %v, 720p MPEG-4: until the last target is there", scrubTargets, scrubTime),
		ms(median(last)), fmt.Sprintf("%d children at once, %d in all", most, started), "", "",
	})
	return nil
}

// watchChildren counts the program's children until the function it gives is called: the most at once, and all.
func (b *bench) watchChildren() (stop func() (atOnce, all int)) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	atOnce := 0
	known := map[int]bool{}
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			children := b.program.Children()
			atOnce = max(atOnce, len(children))
			for _, pid := range children {
				known[pid] = true
			}
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() (int, int) {
		close(done)
		wg.Wait()
		return atOnce, len(known)
	}
}

// mixed is a while of what people do: viewers who open, watch, seek and leave items of every kind. It gives the
// program's own memory at the end, and how long segments were waited for.
func (b *bench) mixed() error {
	const people = 3
	var paths []string
	for _, name := range []string{
		"1080p-h264.mp4", "10-hours.mp4", "1080p-h264.mkv", "720p-h264.ts", "1080p-hevc.mkv", "720p-vp9.webm",
		"720p-mpeg4.avi", "10-minutes.mkv",
	} {
		path, err := b.clip(name)
		if err != nil {
			return err
		}
		paths = append(paths, path)
	}
	until := time.Now().Add(b.mixedFor)
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	half := int64(0)
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			for time.Now().Before(until) && b.ctx.Err() == nil {
				took, err := b.watchSome(paths[random.IntN(len(paths))], random)
				mu.Lock()
				waits = append(waits, took...)
				failed = errors.Join(failed, err)
				if half == 0 && time.Until(until) < b.mixedFor/2 {
					half = b.program.ResidentBytes()
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	mb := func(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
	b.add(row{
		fmt.Sprintf("memory after %v of %d people opening, watching and seeking", b.mixedFor, people),
		mb(b.program.ResidentBytes()), fmt.Sprintf("half way %s, peak %s", mb(half), mb(b.program.PeakBytes())), "",
		"150 MB",
	})
	b.add(row{
		fmt.Sprintf("a segment meanwhile, the slowest in a hundred of %d", len(waits)), ms(percentile(waits, 99)),
		"median " + ms(median(waits)), "", "",
	})
	return nil
}

// watchSome opens an item, watches some of it, with seeks, and leaves it.
func (b *bench) watchSome(path string, random *rand.Rand) ([]time.Duration, error) {
	it, _, err := b.fresh(path) // the library has it already from the second time on
	if err != nil {
		return nil, err
	}
	r := it.best()
	var waits []time.Duration
	for range 3 {
		from := random.IntN(len(r.segments))
		for n := from; n < min(from+4, len(r.segments)); n++ {
			started := time.Now()
			_, status, err := getOnce(b.ctx, r.segments[n])
			if err != nil {
				return nil, err
			}
			if status != http.StatusOK && status != http.StatusServiceUnavailable {
				return nil, fmt.Errorf("%s: HTTP %d", r.segments[n], status)
			}
			waits = append(waits, time.Since(started))
			timer := time.NewTimer(500 * time.Millisecond)
			select {
			case <-timer.C:
			case <-b.ctx.Done():
				timer.Stop()
				return nil, b.ctx.Err()
			}
		}
	}
	return waits, nil
}
