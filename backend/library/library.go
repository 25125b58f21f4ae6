// Package library turns dropped paths into items and keeps them true: it walks folders, refuses what is no video,
// has the rest assessed and recorded, notices sources that moved, changed or vanished, and makes posters and
// fingerprints when nobody waits for anything.
package library

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dropstream/backend/media"
)

// Engine is the stream engine. Its methods are called by several goroutines.
type Engine interface {
	// Prepare makes a source ready to be played: index, probe, plan, in milliseconds. It replaces what was prepared
	// for the item before, and is not called twice at once for one source. An item is recorded only after its first
	// Prepare, so nothing can be kept with it in the store until then. The assessment is used as far as it goes even
	// when there is an error. The faults Damaged, Encrypted and Unsupported say that the source can never be played
	// as it is.
	Prepare(ctx context.Context, src media.Source) (media.Assessment, error)
	// Forget drops what is cached of an item and stops its heads.
	Forget(ctx context.Context, itemID string) error
	// Keep begins to store an item whole, or says why it cannot be: fault.DiskFull when there is no room for it. What
	// is cached of it is not given up from then on. It does not wait for the item to be stored.
	Keep(ctx context.Context, itemID string) error
	// Unkeep gives up what Keep does. What is cached stays until its room is needed.
	Unkeep(itemID string)
	// UsedBytes is the disk used by cached segments.
	UsedBytes() int64
}

// Posters draws a frame of a source as JPEG, no wider than maxWidth.
type Posters interface {
	Poster(ctx context.Context, src media.Source, p media.Probe, at time.Duration, maxWidth int) ([]byte, error)
}

// Sniffer names the true container of a file by its first bytes, or refuses it with fault.NotVideo.
type Sniffer func(r io.ReaderAt, size int64) (media.Container, error)

// Store remembers items. Its errors are faults; lookups that find nothing give fault.NotFound.
type Store interface {
	AddItem(ctx context.Context, it media.Item) (added bool, err error)
	UpdateItem(ctx context.Context, id string, fn func(*media.Item) error) (media.Item, error)
	Item(ctx context.Context, id string) (media.Item, error)
	ItemByPath(ctx context.Context, path string) (media.Item, error)
	ItemsBySize(ctx context.Context, sizeBytes int64, limit int) ([]media.Item, error)
	Items(ctx context.Context, q media.ItemQuery) (media.ItemPage, error)
	ItemsUnder(ctx context.Context, folder string, limit int) ([]media.Item, error)
	Unfinished(ctx context.Context) (it media.Item, ok bool, err error)
	RemoveItems(ctx context.Context, ids []string) (removed []string, err error)
	RemoveArtifacts(ctx context.Context, itemID string) error
}

// Options are what a library is made of.
type Options struct {
	Store   Store
	Engine  Engine
	Posters Posters // nil: no posters are made
	Sniff   Sniffer
	Dir     string           // the data folder; posters are kept in it
	Now     func() time.Time // time.Now when nil
	Log     *slog.Logger     // discarded when nil
	// OnChange is told of every item that was added or changed, OnRemoved of every item that is gone. They are called
	// after the change is recorded, by several goroutines, and must not block for long. Both may be nil.
	OnChange  func(id string)
	OnRemoved func(id string)
	// Idle is how long nothing must have been asked before background work starts; 0 means 2 s.
	Idle time.Duration
	// Background waits for a turn at work that nobody waits for. The work goes on under the context that it gives,
	// which ends when it must make way; done is called after it. Nil: at once.
	Background func(ctx context.Context) (work context.Context, done func(), err error)
}

// Library keeps the items. Its methods are safe for use by several goroutines.
type Library struct {
	o      Options
	ctx    context.Context //nolint:containedctx // the life of the background work, ended by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	closed bool // no goroutine is started any more
	paths  keyedMutex
	worker *worker
	// refining bounds how many refined probes are waited for at once.
	refining chan struct{}
	mostTold int // maxTold but in tests
}

// New makes a library and starts its background work. Close ends it.
func New(o Options) *Library {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnChange == nil {
		o.OnChange = func(string) {}
	}
	if o.OnRemoved == nil {
		o.OnRemoved = func(string) {}
	}
	if o.Background == nil {
		o.Background = func(ctx context.Context) (context.Context, func(), error) { return ctx, func() {}, ctx.Err() }
	}
	if o.Idle <= 0 {
		o.Idle = 2 * time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Library{o: o, ctx: ctx, cancel: cancel, refining: make(chan struct{}, 256), mostTold: maxTold}
	l.worker = newWorker(o.Idle)
	l.spawn(func() { l.work(ctx) })
	return l
}

// spawn starts a goroutine that Close waits for. It is false after Close.
func (l *Library) spawn(fn func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.wg.Go(fn)
	return true
}

// Close stops the background work and waits for it. It is safe to call twice. Work that was cut short is taken up
// again when the library is next opened.
func (l *Library) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.wg.Wait()
	return nil
}

// Items gives a page of the library, latest first.
func (l *Library) Items(ctx context.Context, q media.ItemQuery) (media.ItemPage, error) {
	return l.o.Store.Items(ctx, q)
}

// Item gives one item. Errors: fault.NotFound.
func (l *Library) Item(ctx context.Context, id string) (media.Item, error) {
	return l.o.Store.Item(ctx, id)
}

// UsedBytes is the disk used by cached segments.
func (l *Library) UsedBytes() int64 { return l.o.Engine.UsedBytes() }

// SavePosition remembers where a viewer of an item is. The position is brought inside the item's length.
func (l *Library) SavePosition(ctx context.Context, id string, position time.Duration) error {
	_, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		it.Position = max(position, 0)
		if it.Duration > 0 {
			it.Position = min(it.Position, it.Duration)
		}
		return nil
	})
	if err == nil {
		l.o.OnChange(id)
	}
	return err
}

// MarkPlayed remembers that an item was played now, and gives it.
func (l *Library) MarkPlayed(ctx context.Context, id string) (media.Item, error) {
	l.worker.touch()
	it, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		it.PlayedAt = l.o.Now()
		return nil
	})
	if err == nil {
		l.o.OnChange(id)
	}
	return it, err
}

// Touch says that somebody waits for something now, so that background work keeps out of the way a while longer.
func (l *Library) Touch() { l.worker.touch() }

// Remove forgets items, their cached segments and their posters, never their sources. It gives the IDs of those that
// were there.
func (l *Library) Remove(ctx context.Context, ids []string) ([]string, error) {
	removed, err := l.o.Store.RemoveItems(ctx, ids)
	if err != nil {
		return nil, err
	}
	// The items are gone for good now: what is left of them is cleared even when the asker goes away.
	for _, id := range removed {
		if err := l.o.Engine.Forget(l.ctx, id); err != nil {
			l.o.Log.WarnContext(ctx, "Cached segments not dropped", slog.String("item", id), slog.Any("error", err))
		}
		l.dropPoster(ctx, id)
		l.o.OnRemoved(id)
	}
	return removed, nil
}

func (l *Library) posterPath(id string) string { return filepath.Join(l.o.Dir, "posters", id+".jpg") }

func (l *Library) dropPoster(ctx context.Context, id string) {
	if err := os.Remove(l.posterPath(id)); err != nil && !os.IsNotExist(err) {
		l.o.Log.WarnContext(ctx, "Poster not removed", slog.String("item", id), slog.Any("error", err))
	}
}
