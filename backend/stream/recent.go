package stream

import (
	"container/list"
	"context"
	"log/slog"
	"sync"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// recentBytes is how much of what was made last is kept in memory, so that it can be sent before it is on disk and
// when there is no disk to put it on.
const recentBytes = 48 << 20

// recent keeps the segments that were made or asked for last.
type recent struct {
	mu    sync.Mutex
	bytes int
	list  *list.List // of *recentEntry, the latest in front
	byKey map[recentKey]*list.Element
}

type recentKey struct {
	key cache.Key
	n   int
}

type recentEntry struct {
	key  recentKey
	data []byte
	sum  func() uint32 // CRC-32C of data, computed when it is first asked for
}

func newRecent() *recent { return &recent{list: list.New(), byKey: map[recentKey]*list.Element{}} }

func (r *recent) get(k recentKey) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	el, ok := r.byKey[k]
	if !ok {
		return nil, false
	}
	r.list.MoveToFront(el)
	return el.Value.(*recentEntry).data, true //nolint:forcetypeassert // the list holds nothing else
}

// body is get, to be sent.
func (r *recent) body(k recentKey) (media.Body, bool) {
	r.mu.Lock()
	el, ok := r.byKey[k]
	if !ok {
		r.mu.Unlock()
		return nil, false
	}
	r.list.MoveToFront(el)
	e := el.Value.(*recentEntry) //nolint:forcetypeassert // the list holds nothing else
	r.mu.Unlock()
	return media.InMemory(e.data, e.sum()), true
}

func (r *recent) put(k recentKey, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byKey[k]; ok {
		return
	}
	sum := sync.OnceValue(func() uint32 { return media.Checksum(data) })
	r.byKey[k] = r.list.PushFront(&recentEntry{k, data, sum})
	r.bytes += len(data)
	for r.bytes > recentBytes && r.list.Len() > 1 {
		r.remove(r.list.Back())
	}
}

func (r *recent) forget(title string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, el := range r.byKey {
		if k.key.Title == title {
			r.remove(el)
		}
	}
}

func (r *recent) remove(el *list.Element) {
	e := el.Value.(*recentEntry) //nolint:forcetypeassert // the list holds nothing else
	r.list.Remove(el)
	delete(r.byKey, e.key)
	r.bytes -= len(e.data)
}

// cached gives a segment that was made before.
func (e *Engine) cached(k cache.Key, n int) ([]byte, bool) {
	if data, ok := e.recent.get(recentKey{k, n}); ok {
		return data, true
	}
	data, ok, err := e.cache.Get(k, n)
	if err != nil {
		e.log.LogAttrs(e.ctx, slog.LevelWarn, "Cached segment unreadable", slog.Int("segment", n),
			slog.Any("error", err))
		return nil, false
	}
	if ok {
		e.recent.put(recentKey{k, n}, data)
	}
	return data, ok
}

// has says whether a segment was made before, without reading it.
func (e *Engine) has(k cache.Key, n int) bool {
	if e.cache.Has(k, n) {
		return true
	}
	_, ok := e.recent.get(recentKey{k, n})
	return ok
}

// putTimeout bounds how long a head waits for the disk.
const putTimeout = 30 * time.Second

// keep puts a segment into memory and then, in the head's own time, on disk. A disk that is full or broken costs
// nothing but having to make the segment again one day.
func (e *Engine) keep(ctx context.Context, k cache.Key, n int, data []byte) {
	e.recent.put(recentKey{k, n}, data)
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if err := e.cache.Put(ctx, k, n, data); err != nil && fault.CodeOf(err) != fault.Canceled {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Segment not stored", slog.Int("segment", n), slog.Any("error", err))
	}
}
