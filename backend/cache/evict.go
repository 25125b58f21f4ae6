package cache

import (
	"fmt"

	"dropstream/backend/fault"
)

// makeRoom makes room for a put of r that takes at most need bytes, by evicting. It evicts nothing when that would
// not help. Error: fault.DiskFull, or what asking for the free space gave.
func (w *writer) makeRoom(r *rendition, p *put, need int64) error {
	lack, err := w.c.lack(need)
	if err != nil || lack <= 0 {
		return err
	}
	w.c.mu.Lock()
	var victims []victim
	if p.fill {
		victims = w.c.fillVictims(r.title.id, w.c.pinned(r.title.id))
	} else {
		victims = w.c.victimsOf(r, p.segment)
	}
	w.c.mu.Unlock()
	victims = enough(victims, lack)
	if victims == nil {
		return fault.New(fault.DiskFull, noRoom)
	}
	if err := w.evict(victims, r.title); err != nil {
		return fault.Wrap(err, fault.DiskFull, noRoom)
	}
	// Some file systems give space back later than they say: better no segment than below the floor.
	if lack, err = w.c.lack(need); err != nil || lack <= 0 {
		return err
	}
	return fault.New(fault.DiskFull, noRoom)
}

// lack is how many bytes have to go before need more can be written; not positive when none.
func (c *Cache) lack(need int64) (int64, error) {
	free, err := c.free(c.dir)
	if err != nil {
		return 0, fmt.Errorf("ask free space: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.used+need-c.budget, c.floor+need-free), nil
}

// enough cuts the list where it frees what is lacking; titles nobody watches go whole. Nil when all is not enough.
func enough(victims []victim, lack int64) []victim {
	freed := int64(0)
	for i, v := range victims {
		title := v.pack.rendition.title
		if freed >= lack && (v.live || title != victims[i-1].pack.rendition.title) {
			return victims[:i]
		}
		freed += v.bytes
	}
	if freed < lack {
		return nil
	}
	return victims
}

// evict deletes packs. It stops at the first that cannot be deleted; those before are gone. own is not forgotten
// when it becomes empty, since it is about to be written to.
func (w *writer) evict(victims []victim, own *title) error {
	c := w.c
	told := map[*title]bool{}
	for _, v := range victims {
		if f := w.files[v.pack]; f != nil {
			w.close(f) // Windows deletes no open file
		}
		name := w.nameToTell(v.pack, told)
		// The files first: where they cannot be deleted, nothing was evicted.
		if err := removeFiles(v.pack.path); err != nil {
			return fmt.Errorf("evict: %w", err)
		}
		c.mu.Lock()
		c.detach(v.pack)
		if v.pack.readers == 0 {
			c.used -= v.pack.bytes
			v.pack.bytes = 0
		}
		if t := v.pack.rendition.title; t != own {
			c.tidy(t)
		}
		c.mu.Unlock()
		c.log.Debug("Pack of segments evicted", "pack", v.pack.path)
		if name != "" {
			c.tell(name)
		}
	}
	return nil
}

// nameToTell is the name of a title that is about to lose a pack, "" when nobody wants to know it or was told already.
func (w *writer) nameToTell(p *pack, told map[*title]bool) string {
	t := p.rendition.title
	if w.c.tell == nil || told[t] {
		return ""
	}
	told[t] = true
	w.c.mu.Lock()
	name := t.name
	w.c.mu.Unlock()
	if name == "" {
		name = readTitle(p.path)
	}
	return name
}

// SetBudget changes the budget and the floor, and evicts at once what they do not allow. What is guarded stays, so
// that more than the budget may be in use for a while; nothing is added then. Errors: ErrClosed, or the system's.
func (c *Cache) SetBudget(budgetBytes, floorBytes int64) error {
	var err error
	closed := c.withWriter(func(w *writer) {
		c.mu.Lock()
		c.budget, c.floor = max(0, budgetBytes), max(0, floorBytes)
		c.mu.Unlock()
		err = w.trim()
	})
	if closed != nil {
		return closed
	}
	return err
}

// trim evicts until budget and floor hold, or nothing more may go.
func (w *writer) trim() error {
	lack, err := w.c.lack(0)
	if err != nil || lack <= 0 {
		return err
	}
	w.c.mu.Lock()
	victims := w.c.victims()
	w.c.mu.Unlock()
	if some := enough(victims, lack); some != nil {
		victims = some
	}
	return w.evict(victims, nil)
}
