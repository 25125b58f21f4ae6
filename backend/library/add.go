package library

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Added is what became of one file of a drop: an item, or an error that is a fault. A dropped folder in which there
// is nothing to add, or too much, has an entry of its own with an error.
type Added struct {
	Path string     // as it was found
	New  bool       // false when the library had it already
	Item media.Item // zero when Err is set
	Err  error
}

// Drop is what became of a drop.
type Drop struct {
	Added   []Added // in the order of the paths, folders by name
	Skipped int     // files in dropped folders that are no videos
}

// Add takes dropped paths: files and folders, which are walked. One Added comes back for each file, in order; files
// in folders that are no videos are only counted. It ends early, with what it has, when ctx ends.
func (l *Library) Add(ctx context.Context, paths []string) (Drop, error) {
	var d Drop
	skipped, err := l.AddEach(ctx, paths, func(a Added) { d.Added = append(d.Added, a) })
	d.Skipped = skipped
	return d, err
}

// maxTold bounds what is told of one drop, and so what it takes in: the answer is held in memory whole.
const maxTold = 10_000

// inFlight is one file being handled; what became of it comes on done.
type inFlight struct {
	candidate candidate
	done      chan outcome
}

type outcome struct {
	added   Added
	refused bool // at the gate: it is no video
}

// AddEach is Add that tells of each file as soon as it and all before it are done. The first video has the machine
// to itself: it is the one somebody waits for. It gives how many files in folders were skipped.
func (l *Library) AddEach(ctx context.Context, paths []string, each func(Added)) (skipped int, err error) {
	l.worker.begin()
	defer l.worker.end()

	asked := ctx
	ctx, cancel := context.WithCancel(asked)
	parallel := max(2, min(runtime.NumCPU(), 4))
	queue := make(chan inFlight, parallel-1) // with the one being waited for: parallel in all
	walked := make(chan struct{})
	defer func() { <-walked }()
	defer cancel()
	go func() {
		defer close(walked)
		defer close(queue)
		l.produce(ctx, paths, queue)
	}()

	told := 0
	for f := range queue {
		out := <-f.done
		if f.candidate.closes {
			skipped += f.candidate.folder.skipped + f.candidate.folder.refused
		}
		a, tell := settle(&f.candidate, out)
		switch {
		case !tell:
		case told < l.mostTold:
			each(a)
			told++
		case told == l.mostTold:
			each(Added{Path: a.Path, Err: fault.New(fault.Invalid,
				"These are too many files at once. Drop what is left in parts.")})
			told++
			cancel() // what was begun is still waited for
		}
	}
	return skipped, asked.Err()
}

// settle is what to tell of a candidate, if anything: files in folders that are no videos are only counted.
func settle(c *candidate, out outcome) (a Added, tell bool) {
	switch {
	case c.closes:
		err := c.folder.verdict()
		return Added{Path: c.shown, Err: err}, err != nil
	case c.folder == nil:
		return out.added, true
	case out.refused:
		c.folder.refused++
		return Added{}, false
	case out.added.Err == nil:
		c.folder.videos++
	}
	return out.added, true
}

// produce walks the drop and starts its files, one at a time until the first is a video. The queue bounds the rest.
func (l *Library) produce(ctx context.Context, paths []string, queue chan<- inFlight) {
	alone := true
	for c := range walk(ctx, paths, maxEntries) {
		f := inFlight{candidate: c, done: make(chan outcome, 1)}
		handled := alone
		if alone {
			out := l.handle(ctx, c)
			alone = out.added.Err != nil || c.closes
			f.done <- out
		}
		select {
		case queue <- f:
		case <-ctx.Done():
			return
		}
		if !handled {
			go func() { f.done <- l.handle(ctx, c) }() // waited for by whoever takes it from the queue
		}
	}
}

// handle takes one file through. A panic over a hostile file costs that file only.
func (l *Library) handle(ctx context.Context, c candidate) (out outcome) {
	out.added.Path = c.shown
	if c.closes {
		return out
	}
	defer func() {
		if p := recover(); p != nil {
			l.o.Log.ErrorContext(ctx, "Adding a file panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			out.added = Added{Path: c.shown, Err: fault.Wrap(fmt.Errorf("panic: %v", p), fault.Internal,
				"This file could not be taken in. The log has the details.")}
		}
	}()
	if c.err != nil {
		out.added.Err = c.err
		return out
	}
	src, err := l.gate(ctx, c.path, c.info)
	if err != nil {
		out.refused = true
		out.added.Err = err
		return out
	}
	out.added.Item, out.added.New, out.added.Err = l.take(ctx, src)
	if out.added.Err != nil {
		out.added.Item = media.Item{}
		l.o.Log.WarnContext(ctx, "File not added", slog.String("name", filepath.Base(c.path)),
			slog.Any("error", out.added.Err))
	}
	return out
}
