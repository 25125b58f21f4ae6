package cache

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"dropstream/backend/fault"
)

// Options are what a cache is opened with. Budget and floor are literal: the zero budget keeps nothing.
type Options struct {
	BudgetBytes int64                           // most that the folder may hold
	FloorBytes  int64                           // least free space to leave on its disk
	PackBytes   int64                           // size at which a pack is closed; 0 for one that suits the budget
	Free        func(dir string) (int64, error) // free bytes at dir for this user; nil asks the system
	Now         func() time.Time                // nil is time.Now
	Log         *slog.Logger                    // nil logs nothing
	// OnEvict is told of titles of which something was given up to make room. It is called by the committer, so it
	// must not wait for the cache; nil tells nobody.
	OnEvict  func(title string)
	openFile func(string, int) (diskFile, error) // tests break disks through it; nil is the real one
}

// ErrClosed is what a closed cache answers.
var ErrClosed = fault.Wrap(fs.ErrClosed, fault.Unavailable, "The cache of segments is closed.")

// Cache is a folder of packs. It is safe for concurrent use. One process may have a folder open at a time; who sees
// to that is the caller.
type Cache struct {
	dir  string
	free func(string) (int64, error)
	now  func() time.Time
	log  *slog.Logger
	open func(path string, flag int) (diskFile, error)
	tell func(title string) // Options.OnEvict

	puts  chan *put          // to the committer; unbuffered, so that whoever is not taken yet can still leave
	calls chan func(*writer) // to the committer: whatever else changes files
	quit  chan struct{}
	done  chan struct{} // closed when the committer has ended
	once  sync.Once

	mu        sync.Mutex
	titles    map[string]*title // by id.title
	guards    map[*guard]struct{}
	pins      map[string]struct{} // by id.title
	used      int64               // bytes of all files, those of removed packs that are still being read included
	budget    int64
	floor     int64
	packBytes int64
	nextSeq   uint32 // number of the next pack: none is given twice, since a deleted one may still be read
	clock     uint64 // counts uses of titles: an order that no jump of the wall clock disturbs
}

// title is what is kept of one item.
type title struct {
	id         string
	name       string // "" until a pack has been read or written
	renditions map[string]*rendition
	used       uint64    // Cache.clock at its last use
	usedAt     time.Time // the same for people
	touchedAt  time.Time // when that was last written to disk
}

// rendition is what is kept of one Key.
type rendition struct {
	id    id
	title *title

	loading sync.Mutex // held while packs are read for the first time; taken before Cache.mu
	loaded  bool       // guarded by loading

	packs    []*pack // guarded by Cache.mu, like all below
	segments map[int32]*slot
}

// slot is where a segment is. Slots do not change once they are published, except for verified.
type slot struct {
	entry
	pack     *pack
	verified bool // the payload's checksum held once since the cache was opened; guarded by Cache.mu
}

// pack is one pack and its index log. All of it is guarded by Cache.mu.
type pack struct {
	rendition *rendition
	path      string // without the ends of the two names
	seq       uint32
	nonce     nonce
	end       int64 // after the last durable record
	indexSize int64
	bytes     int64 // of disk, as counted in Cache.used
	last      int32 // segment written last
	inits     bool  // holds init segments, which go with the last of their rendition only
	known     bool  // loaded or made by this process: Cache knows its segments
	sealed    bool  // never append
	dead      bool  // given back: not in rendition.packs any more
	dirty     bool  // holds records that are not durable yet; set and cleared by the committer
	readers   int
}

// Open opens the cache in dir, making the folder where it is missing. It lists the folder and reads no file: packs
// are recovered when their rendition is first asked for. Nothing is evicted before the first Put or SetBudget, so
// that the caller can set its guards.
func Open(ctx context.Context, dir string, o Options) (*Cache, error) {
	c := &Cache{
		dir: dir, free: o.Free, now: o.Now, log: o.Log, open: o.openFile,
		puts: make(chan *put), calls: make(chan func(*writer)), quit: make(chan struct{}), done: make(chan struct{}),
		titles: map[string]*title{}, guards: map[*guard]struct{}{}, pins: map[string]struct{}{}, tell: o.OnEvict,
		budget: max(0, o.BudgetBytes), floor: max(0, o.FloorBytes), packBytes: o.PackBytes,
	}
	if c.free == nil {
		c.free = freeBytes
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.open == nil {
		c.open = openDiskFile
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the caller's choice of folder
		return nil, fmt.Errorf("make cache folder: %w", err)
	}
	if err := c.list(); err != nil {
		return nil, err
	}
	go c.commit()
	return c, nil
}

// rendition finds, or makes, what is kept under an id. Made ones count as loaded when the folder was listed: what is
// not there then has no packs. The caller holds mu, or is Open.
func (c *Cache) rendition(of id, create bool) *rendition {
	t := c.titles[of.title]
	if t == nil {
		if !create {
			return nil
		}
		t = &title{id: of.title, renditions: map[string]*rendition{}}
		c.titles[of.title] = t
		c.use(t)
	}
	r := t.renditions[of.rendition]
	if r == nil && create {
		r = &rendition{id: of, title: t, segments: map[int32]*slot{}}
		t.renditions[of.rendition] = r
	}
	return r
}

// use makes the title the most recently used one. The caller holds mu, or is Open.
func (c *Cache) use(t *title) {
	c.clock++
	t.used, t.usedAt = c.clock, c.now()
}

// Close waits for what is being written and gives the folder back. Sections that are open can be read to their end.
// It is safe to call twice.
func (c *Cache) Close() error {
	c.once.Do(func() { close(c.quit) })
	<-c.done
	return nil
}

func (c *Cache) isClosed() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

// withWriter has the committer run f and waits for it. Error: ErrClosed.
func (c *Cache) withWriter(f func(*writer)) error {
	ran := make(chan struct{})
	select {
	case c.calls <- func(w *writer) { defer close(ran); f(w) }:
		<-ran
		return nil
	case <-c.done:
		return ErrClosed
	}
}

// Has says whether a segment is kept. A damaged one is only found out when it is read.
func (c *Cache) Has(k Key, segment int) bool {
	r := c.load(k.id())
	if r == nil || int64(segment) != int64(int32(segment)) { //nolint:gosec // the comparison is the check
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.segments[int32(segment)] != nil //nolint:gosec // checked above
}

// Present lists the numbers of the segments that are kept, ascending, the init segment left out.
func (c *Cache) Present(k Key) []int {
	r := c.load(k.id())
	if r == nil {
		return nil
	}
	c.mu.Lock()
	numbers := make([]int, 0, len(r.segments))
	for n := range r.segments {
		if n >= 0 {
			numbers = append(numbers, int(n))
		}
	}
	c.mu.Unlock()
	slices.Sort(numbers)
	return numbers
}
