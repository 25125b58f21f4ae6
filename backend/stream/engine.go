package stream

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
)

// Options are what an engine needs.
type Options struct {
	Tools *ffmpeg.Tools // nil when there is no ffmpeg: then only what is passed through plays
	Cache *cache.Cache
	// Source gives an item's source as it is now. Errors: fault.NotFound, fault.Missing.
	Source func(ctx context.Context, itemID string) (media.Source, error)
	// Artifacts keeps what scanning a source told, and what storing an item needs beside its segments; nil: sources
	// are scanned again each time, and items cannot be stored whole.
	Artifacts Artifacts
	// Keeper keeps what is measured of this computer. Without one nothing is measured, and no encoder in hardware used.
	Keeper Keeper
	// Fill says whether what is played is filled in the background; nil: it is not.
	Fill func() bool
	// OnStored is told when all that playing an item needs is in the cache, and when it is not any more. OnProgress is
	// told when the storing of an item has come further, not often. Both may be nil.
	OnStored   func(itemID string, stored bool)
	OnProgress func(itemID string)
	Log        *slog.Logger
	// OnDamage is told of an item in which something turned out to be damaged; may be nil. It must not wait for the
	// engine.
	OnDamage func(itemID string)
}

// Engine plays items. It is safe for use by several goroutines.
type Engine struct {
	tools     *ffmpeg.Tools
	cache     *cache.Cache
	artifacts Artifacts
	source    func(ctx context.Context, itemID string) (media.Source, error)
	onDamage  func(itemID string)
	log       *slog.Logger
	sched     *scheduler
	hw        *hardware
	struggles struggles
	recent    *recent
	fill      *filler
	texts     chan struct{} // holds one for each text that is being read
	threads   int
	keeper    Keeper
	studying  chan struct{}          // holds one while the computer is studied
	studied   atomic.Bool            // it has been
	measured  atomic.Pointer[Pace]   // nil when not known
	speeds    atomic.Pointer[Speeds] // nil when not known
	viewer    atomic.Uint32          // media.Client of the program's own window
	patience  time.Duration          // how long a packet scan may keep a viewer waiting
	idle      time.Duration          // how long a head lives that nobody asks for anything

	thumbsAfter time.Duration // how long after the first question for thumbnails they are begun

	ctx    context.Context // ends with the engine
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	titles map[string]*opening // by item
	order  []string            // least recently used first
	closed bool
}

// opening is a title that is open or being opened. Ready is closed when title or err is set.
type opening struct {
	ready chan struct{}
	title *title
	err   error
	users int // requests that are using it now
	gone  bool
}

// maxTitles is how many titles stay open when nobody uses them.
const maxTitles = 12

// New makes an engine. Close must be called.
func New(o Options) *Engine {
	ctx, cancel := context.WithCancel(context.Background())
	e := &Engine{
		tools: o.Tools, cache: o.Cache, artifacts: o.Artifacts, source: o.Source, log: o.Log,
		sched: newScheduler(), hw: &hardware{log: o.Log}, recent: newRecent(),
		onDamage: o.OnDamage,
		texts:    make(chan struct{}, textReaders),
		ctx:      ctx, cancel: cancel, titles: map[string]*opening{}, threads: runtime.NumCPU(),
		patience: scanTime, idle: idleFor, thumbsAfter: thumbsAfter,
		keeper: o.Keeper, studying: make(chan struct{}, 1),
	}
	e.fill = newFiller(e, o)
	for range e.sched.budget[backgroundSlot] {
		e.wg.Go(func() { e.fill.work(ctx) })
	}
	e.wg.Go(func() { e.fill.tellLosses(ctx) })
	if e.keeper != nil && e.tools != nil {
		e.remember(ctx)
		e.wg.Go(e.studyLater)
	}
	return e
}

// Close ends all heads and waits for them.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	all := make([]*opening, 0, len(e.titles))
	for id := range e.titles {
		all = append(all, e.titles[id])
	}
	clear(e.titles)
	e.order = nil
	e.mu.Unlock()
	e.cancel()
	for _, o := range all {
		<-o.ready
		if o.title != nil {
			o.title.close()
		}
	}
	e.wg.Wait()
}

// Prepare opens a source and says how it will be played. Errors are faults: Damaged, Encrypted, Unsupported, Missing.
func (e *Engine) Prepare(ctx context.Context, src media.Source) (media.Assessment, error) {
	e.drop(src.ItemID) // the source may have changed
	t, release, err := e.open(ctx, src.ItemID, func(context.Context) (media.Source, error) { return src, nil })
	if err != nil {
		return media.Assessment{}, err
	}
	defer release()
	return t.assess(), nil
}

// Forget closes an item and drops what is cached of it.
func (e *Engine) Forget(_ context.Context, itemID string) error {
	e.fill.drop(itemID)
	e.drop(itemID)
	e.recent.forget(itemID)
	return e.cache.RemoveTitle(itemID)
}

// Background waits until no viewer needs the machine, and for a turn at work that nobody waits for. The work goes on
// under the context that it gives, which ends when a viewer needs the machine for more than can go on beside it. Done
// must be called. Errors: the context's.
func (e *Engine) Background(ctx context.Context) (work context.Context, done func(), err error) {
	work, t, err := e.sched.background(ctx)
	if err != nil {
		return nil, nil, err
	}
	return work, t.release, nil
}

// UsedBytes is the disk space that cached segments take.
func (e *Engine) UsedBytes() int64 { return e.cache.UsedBytes() }

// Heads is how many children encode now.
func (e *Engine) Heads() int { return e.sched.running() }

// title gives an item's open title, opening it when it is not. Release must be called.
func (e *Engine) title(ctx context.Context, itemID string) (*title, func(), error) {
	return e.open(ctx, itemID, func(ctx context.Context) (media.Source, error) { return e.source(ctx, itemID) })
}

func (e *Engine) open(ctx context.Context, itemID string, source func(context.Context) (media.Source, error)) (
	*title, func(), error,
) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, nil, fault.New(fault.Unavailable, "drop.stream is closing.")
	}
	o := e.titles[itemID]
	if o == nil {
		o = &opening{ready: make(chan struct{})}
		e.titles[itemID] = o
		e.wg.Add(1)
		go e.openTitle(o, itemID, source)
	}
	o.users++
	e.use(itemID)
	e.mu.Unlock()
	release := sync.OnceFunc(func() { e.leave(o) })
	select {
	case <-o.ready:
	case <-ctx.Done():
		release()
		return nil, nil, ctx.Err()
	}
	if o.err != nil {
		release()
		return nil, nil, o.err
	}
	return o.title, release, nil
}

// openTitle does the work of opening for all who wait for it; it belongs to the engine, not to the first who asked.
func (e *Engine) openTitle(o *opening, itemID string, source func(context.Context) (media.Source, error)) {
	defer e.wg.Done()
	defer close(o.ready)
	src, err := source(e.ctx)
	if err == nil {
		o.title, err = e.newTitle(e.ctx, src)
	}
	if err == nil && o.title.survey.fresh {
		s := o.title.survey
		e.wg.Go(func() { e.keepScan(e.ctx, src, s.task, s.found) })
	}
	if c := e.readCard(e.ctx, itemID); c != nil {
		switch {
		case err == nil:
			o.title.adopt(c)
		case fault.CodeOf(err) == fault.Missing:
			o.title, err = e.storedTitle(c, err)
		}
	}
	if err != nil {
		o.err = err
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.titles[itemID] == o {
			delete(e.titles, itemID) // so that the next one tries again
		}
	}
}

// use moves an item to the end of the order and closes what is open too long. The lock is held.
func (e *Engine) use(itemID string) {
	for i, id := range e.order {
		if id == itemID {
			e.order = append(e.order[:i], e.order[i+1:]...)
			break
		}
	}
	e.order = append(e.order, itemID)
	for i := 0; len(e.order) > maxTitles && i < len(e.order); {
		id := e.order[i]
		o := e.titles[id]
		if o != nil && o.users > 0 {
			i++
			continue
		}
		e.order = append(e.order[:i], e.order[i+1:]...)
		if o != nil {
			delete(e.titles, id)
			e.retire(o)
		}
	}
}

// drop takes a title out, so that the next request opens it anew. Requests that use it may finish.
func (e *Engine) drop(itemID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if o := e.titles[itemID]; o != nil {
		delete(e.titles, itemID)
		e.retire(o)
	}
}

// retire closes a title when the last request that uses it is done. The lock is held.
func (e *Engine) retire(o *opening) {
	o.gone = true
	if o.users == 0 {
		e.closeLater(o)
	}
}

func (e *Engine) leave(o *opening) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if o.users--; o.users == 0 && o.gone {
		e.closeLater(o)
	}
}

func (e *Engine) closeLater(o *opening) {
	e.wg.Go(func() {
		<-o.ready
		if o.title != nil {
			o.title.close()
		}
	})
}
