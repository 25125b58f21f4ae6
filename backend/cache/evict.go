package cache

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"dropstream/backend/fault"
)

// victim is a pack that may be evicted, with what decides when.
type victim struct {
	pack     *pack
	live     bool   // its title has a guard
	used     uint64 // of its title
	watched  bool   // its rendition has a guard
	behind   bool   // all of it lies before the nearest guard
	init     bool
	distance int64 // segments to the nearest guard
	bytes    int64 // what deleting it frees
}

// before orders victims: titles nobody watches, least recently used first; then, of those that are watched,
// renditions nobody watches; then what lies behind the viewers, farthest first; then what lies ahead of them,
// farthest first. An init segment goes after all the rest of its title.
func (v victim) before(o victim) int {
	return cmp.Or(
		first(!v.live, !o.live),
		byUse(v, o),
		first(!v.watched, !o.watched),
		first(!v.init, !o.init),
		first(v.behind, o.behind),
		cmp.Compare(o.distance, v.distance),
		cmp.Compare(v.pack.seq, o.pack.seq),
	)
}

func byUse(v, o victim) int {
	if v.live {
		return 0 // all viewers are equal
	}
	return cmp.Compare(v.used, o.used)
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// victims lists what may be evicted for a put to own, in order; for own nil, all that may be evicted at all. The
// title being written to is never its own victim unless it is watched, and nothing that was used later than it goes
// for it: fill does not displace what people watch. Packs being read are left out, since deleting them frees
// nothing, and so are those being written. The caller holds mu.
func (c *Cache) victims(own *title) []victim {
	guards := map[string][]*guard{}
	for g := range c.guards {
		guards[g.title] = append(guards[g.title], g)
	}
	var all []victim
	for _, t := range c.titles {
		live := len(guards[t.id]) > 0
		if own != nil && len(guards[own.id]) == 0 && (live || t.used >= own.used) {
			continue
		}
		if t == own && !live {
			continue
		}
		for _, r := range t.renditions {
			distances := r.distances(guards[t.id])
			for _, p := range r.packs {
				if p.readers > 0 || p.dirty {
					continue
				}
				v := victim{pack: p, live: live, used: t.used, init: p.inits, bytes: p.bytes}
				if d, ok := distances[p]; ok {
					if d.guarded {
						continue
					}
					v.watched, v.behind, v.distance = d.watched, d.behind, d.segments
				}
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, victim.before)
	return all
}

// distance is how far a pack is from the nearest guard.
type distance struct {
	watched  bool // there is a guard on the rendition
	guarded  bool // a guard covers some of the pack
	behind   bool
	segments int64
}

// distances gives the distance of every pack of a watched rendition; nothing for one that is not. Guards are those
// on the rendition's title. The caller holds mu.
func (r *rendition) distances(guards []*guard) map[*pack]distance {
	ranges := r.ranges(guards)
	if len(ranges) == 0 {
		return nil
	}
	nearest := make(map[*pack]distance, len(r.packs))
	for _, p := range r.packs {
		// Of a pack that is not loaded nothing is known, so it may hold what is guarded.
		nearest[p] = distance{watched: true, guarded: p.inits || !p.known, segments: math.MaxInt64}
	}
	for n, s := range r.segments {
		d := nearest[s.pack]
		// The first range that ends at the segment or after it, and the one before that.
		i, _ := slices.BinarySearchFunc(ranges, int(n), func(g guard, n int) int { return cmp.Compare(g.to, n) })
		if i < len(ranges) {
			if before := int64(ranges[i].from) - int64(n); before <= 0 {
				d.guarded = true
			} else if before < d.segments {
				d.segments, d.behind = before, true
			}
		}
		if i > 0 {
			if after := int64(n) - int64(ranges[i-1].to); after < d.segments {
				d.segments, d.behind = after, false
			}
		}
		nearest[s.pack] = d
	}
	return nearest
}

// ranges merges the guards on a rendition into ranges that do not overlap, ascending.
func (r *rendition) ranges(guards []*guard) []guard {
	var all []guard
	for _, g := range guards {
		if (g.rendition == "" || g.rendition == r.id.rendition) && g.from <= g.to {
			all = append(all, *g)
		}
	}
	slices.SortFunc(all, func(a, b guard) int { return cmp.Compare(a.from, b.from) })
	merged := all[:0]
	for _, g := range all {
		if last := len(merged) - 1; last >= 0 && g.from <= merged[last].to {
			merged[last].to = max(merged[last].to, g.to)
			continue
		}
		merged = append(merged, g)
	}
	return merged
}

// makeRoom makes room for a put of at most need bytes to own, by evicting. It evicts nothing when that would not
// help. Error: fault.DiskFull, or what asking for the free space gave.
func (w *writer) makeRoom(own *title, need int64) error {
	lack, err := w.lack(need)
	if err != nil || lack <= 0 {
		return err
	}
	w.c.mu.Lock()
	victims := w.c.victims(own)
	w.c.mu.Unlock()
	victims = enough(victims, lack)
	if victims == nil {
		return fault.New(fault.DiskFull, noRoom)
	}
	if err := w.evict(victims, own); err != nil {
		return fault.Wrap(err, fault.DiskFull, noRoom)
	}
	// Some file systems give space back later than they say: better no segment than below the floor.
	if lack, err = w.lack(need); err != nil || lack <= 0 {
		return err
	}
	return fault.New(fault.DiskFull, noRoom)
}

// lack is how many bytes have to go before need more can be written; not positive when none.
func (w *writer) lack(need int64) (int64, error) {
	c := w.c
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
	for _, v := range victims {
		if f := w.files[v.pack]; f != nil {
			w.close(f) // Windows deletes no open file
		}
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
	}
	return nil
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
	lack, err := w.lack(0)
	if err != nil || lack <= 0 {
		return err
	}
	w.c.mu.Lock()
	victims := w.c.victims(nil)
	w.c.mu.Unlock()
	if some := enough(victims, lack); some != nil {
		victims = some
	}
	return w.evict(victims, nil)
}
