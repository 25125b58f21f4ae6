package cache

import (
	"context"
	"fmt"
	"math"

	"dropstream/backend/fault"
)

// A batch is what is written between two waits for the disk.
const (
	maxBatchPuts  = 64
	maxBatchBytes = 256 << 20
)

// put is a segment on its way to the disk.
type put struct {
	key     Key
	of      id
	segment int32
	data    []byte
	fill    bool       // see Cache.Fill
	answer  chan error // holds one
	pack    *pack      // where the committer wrote it; nil where it did not
}

// Put keeps a segment. When it returns nil the segment is durable: it survives kill -9 and a power cut. A segment
// that is kept already stays as it is. Put does not hold on to data. Errors: fault.DiskFull when neither budget nor
// free space allow it and nothing can be evicted (the caller goes on from memory), fault.Invalid for what can never
// be kept, ErrClosed, the context's when it ended before writing began, or the system's. After any error the cache
// is as it was.
func (c *Cache) Put(ctx context.Context, k Key, segment int, data []byte) error {
	return c.put(ctx, k, segment, data, false)
}

func (c *Cache) put(ctx context.Context, k Key, segment int, data []byte, fill bool) error {
	if err := k.check(segment, len(data)); err != nil {
		return err
	}
	if c.isClosed() {
		return ErrClosed
	}
	if c.Has(k, segment) {
		return nil
	}
	p := &put{key: k, of: k.id(), segment: int32(segment), data: data, fill: fill, //nolint:gosec // checked
		answer: make(chan error, 1)}
	select {
	case c.puts <- p:
		return <-p.answer // no way out by ctx: data is being read until the answer comes
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return ErrClosed
	}
}

// commit is the committer. It ends when the cache is closed.
func (c *Cache) commit() {
	w := &writer{c: c, files: map[*pack]*packFiles{}}
	defer close(c.done)
	defer w.closeAll()
	for {
		select {
		case <-c.quit:
			return
		case f := <-c.calls:
			w.closeDead()
			f(w)
		case p := <-c.puts:
			w.write(c.gather(p))
		}
	}
}

// gather takes the puts that are waiting already.
func (c *Cache) gather(first *put) []*put {
	batch, size := []*put{first}, len(first.data)
	for len(batch) < maxBatchPuts && size < maxBatchBytes {
		select {
		case p := <-c.puts:
			batch = append(batch, p)
			size += len(p.data)
		default:
			return batch
		}
	}
	return batch
}

// write appends a batch, waits for the disk once per pack, makes the segments known and answers.
func (w *writer) write(batch []*put) {
	w.closeDead()
	type place struct {
		of      id
		segment int32
	}
	first := make(map[place]*put, len(batch))
	answers := make(map[*put]error, len(batch))
	for _, p := range batch {
		if at := (place{p.of, p.segment}); first[at] == nil {
			first[at] = p
			answers[p] = w.append(p)
		}
	}
	failed := w.sync()
	for _, p := range batch {
		did := first[place{p.of, p.segment}]
		err := answers[did]
		if err == nil && did.pack != nil {
			err = failed[did.pack]
		}
		p.answer <- err
	}
	w.c.mu.Lock()
	for _, p := range batch {
		if t := w.c.titles[p.of.title]; t != nil {
			w.c.tidy(t)
		}
	}
	w.c.mu.Unlock()
}

// append writes one record, after making room for it.
func (w *writer) append(p *put) error {
	c := w.c
	c.mu.Lock()
	r := c.rendition(p.of, true)
	c.mu.Unlock()
	c.loadPacks(r)
	c.mu.Lock()
	r.title.name = p.key.Title
	known := r.segments[p.segment] != nil
	c.mu.Unlock()
	if known {
		return nil
	}
	// At most: a record, its entry, and what rounding both files and two headers up to blocks can add.
	need := recordHeadLen + int64(len(p.data)) + indexEntryLen + maxPackHeader + 4*blockBytes
	if err := w.makeRoom(r, p, need); err != nil {
		return err
	}
	e := entry{segment: p.segment, length: uint32(len(p.data)), crc: checksum(p.data)} //nolint:gosec // checked
	files, err := w.choose(r, p.key, p.segment)
	if err != nil {
		return diskError(fmt.Errorf("open pack for segment %d: %w", p.segment, err))
	}
	p.pack = files.pack
	if err := w.record(files, e, p.data); err != nil {
		w.cutTail(files)
		return diskError(fmt.Errorf("write segment %d: %w", p.segment, err))
	}
	return nil
}

// diskError gives a full disk its code.
func diskError(err error) error {
	if isFull(err) {
		return fault.Wrap(err, fault.DiskFull, noRoom)
	}
	return err
}

const noRoom = "There is no room on the disk for more converted video."

// near is how far apart two puts of one run of a player or a head may be, in segments.
const near = 16

// maxOpenPacks is how many packs of a rendition are appended to side by side.
const maxOpenPacks = 8

// choose finds the pack to append a segment to. Runs of neighbouring segments lie in one pack, so that a range can
// be given back without the others; init segments, which every range needs, lie in one of their own.
func (w *writer) choose(r *rendition, k Key, segment int32) (*packFiles, error) {
	for {
		p := w.bestPack(r, segment)
		if p == nil {
			return w.create(r, k, segment < 0)
		}
		files, err := w.opened(p)
		if err != nil {
			return nil, err
		}
		if files != nil {
			return files, nil
		}
		// The pack is not there any more: it was detached, try the next one.
	}
}

func (w *writer) bestPack(r *rendition, segment int32) *pack {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	limit := w.c.packLimit()
	var best *pack
	open, distance := 0, int64(math.MaxInt64)
	for _, p := range r.packs {
		end := p.end
		if files := w.files[p]; files != nil {
			end = files.end
		}
		if p.sealed || p.inits != (segment < 0) || end >= limit {
			continue
		}
		open++
		d := int64(segment) - int64(p.last)
		if d < 0 {
			d = near - d // going on forwards is better than going back
		}
		if d < distance {
			best, distance = p, d
		}
	}
	if distance > near && open < maxOpenPacks && segment >= 0 {
		return nil
	}
	return best
}

// packLimit is the size at which a pack is closed: small enough that evicting one does not empty a small budget.
func (c *Cache) packLimit() int64 {
	const smallest, largest, parts = 1 << 20, 64 << 20, 32
	if c.packBytes > 0 {
		return c.packBytes
	}
	return min(largest, max(smallest, c.budget/parts))
}
