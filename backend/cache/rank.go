package cache

import (
	"cmp"
	"math"
	"slices"
)

// rank is what decides when a pack is evicted, and whom a segment being put may displace.
type rank struct {
	live     bool   // its title has a guard
	used     uint64 // of its title
	watched  bool   // its rendition has a guard
	init     bool   // holds init segments
	behind   bool   // all of it lies before the nearest guard
	distance int64  // segments to the nearest guard
}

// compare orders ranks: titles nobody watches, least recently used first; then, of those that are watched,
// renditions nobody watches; then what lies behind the viewers, farthest first; then what lies ahead of them,
// farthest first. Init segments go after all the rest of their title.
func (r rank) compare(o rank) int {
	byUse := cmp.Compare(r.used, o.used)
	if r.live {
		byUse = 0 // all viewers are equal
	}
	return cmp.Or(
		first(!r.live, !o.live),
		byUse,
		first(!r.watched, !o.watched),
		first(!r.init, !o.init),
		first(r.behind, o.behind),
		cmp.Compare(o.distance, r.distance),
	)
}

// first puts true before false.
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

// victim is a pack that may be evicted.
type victim struct {
	rank
	pack  *pack
	bytes int64 // what deleting it frees
}

// titleGuards gives the guards by title. The caller holds mu.
func (c *Cache) titleGuards() map[string][]*guard {
	all := map[string][]*guard{}
	for g := range c.guards {
		all[g.title] = append(all[g.title], g)
	}
	return all
}

// victims lists, in order, what may be evicted. Packs being read are left out, since deleting them frees nothing,
// and so are those being written, and pinned titles. The caller holds mu.
func (c *Cache) victims() []victim {
	guards := c.titleGuards()
	var all []victim
	for _, t := range c.titles {
		if c.pinned(t.id) {
			continue
		}
		for _, r := range t.renditions {
			ranges := r.ranges(guards[t.id])
			near := r.distances(ranges)
			for _, p := range r.packs {
				d := near[p]
				if p.readers > 0 || p.dirty || d.guarded {
					continue
				}
				all = append(all, victim{pack: p, bytes: p.bytes, rank: rank{
					live: len(guards[t.id]) > 0, used: t.used, watched: len(ranges) > 0,
					init: p.inits, behind: d.behind, distance: d.segments,
				}})
			}
		}
	}
	slices.SortFunc(all, func(a, b victim) int {
		return cmp.Or(a.compare(b.rank), cmp.Compare(a.pack.seq, b.pack.seq))
	})
	return all
}

// victimsOf lists what may be evicted for a segment of r. What is guarded displaces anything; the rest, which is
// fill, displaces only what would have gone before it: neither what people watch, nor titles used since, nor what a
// viewer will come to sooner. The caller holds mu.
func (c *Cache) victimsOf(r *rendition, segment int32) []victim {
	all := c.victims()
	guards := c.titleGuards()[r.title.id]
	ranges := r.ranges(guards)
	d := ranges.distance(segment)
	if len(ranges) > 0 && (d.guarded || segment < 0) {
		return all
	}
	own := rank{
		live: len(guards) > 0, used: r.title.used, watched: len(ranges) > 0,
		init: segment < 0, behind: d.behind, distance: d.segments,
	}
	return slices.DeleteFunc(all, func(v victim) bool {
		return v.compare(own) >= 0 || (!own.live && v.pack.rendition.title == r.title)
	})
}

// distance is how far a segment or a pack is from the nearest guard.
type distance struct {
	guarded  bool // a guard covers it, or some of it
	behind   bool // it lies before the nearest guard
	segments int64
}

// distances gives the distance of every pack of a watched rendition; nothing for one that is not watched. The caller
// holds mu.
func (r *rendition) distances(ranges ranges) map[*pack]distance {
	if len(ranges) == 0 {
		return nil
	}
	nearest := make(map[*pack]distance, len(r.packs))
	for _, p := range r.packs {
		// Of a pack that is not loaded nothing is known, so it may hold what is guarded.
		nearest[p] = distance{guarded: p.inits || !p.known, segments: math.MaxInt64}
	}
	for n, s := range r.segments {
		d, near := ranges.distance(n), nearest[s.pack]
		near.guarded = near.guarded || d.guarded
		if d.segments < near.segments {
			near.segments, near.behind = d.segments, d.behind
		}
		nearest[s.pack] = near
	}
	return nearest
}

// ranges are guarded ranges that do not overlap, ascending.
type ranges []guard

// ranges merges the guards on a rendition.
func (r *rendition) ranges(guards []*guard) ranges {
	var all ranges
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

// distance is that of one segment.
func (rs ranges) distance(segment int32) distance {
	d := distance{segments: math.MaxInt64}
	// The first range that ends at the segment or after it, and the one before that.
	i, _ := slices.BinarySearchFunc(rs, int(segment), func(g guard, n int) int { return cmp.Compare(g.to, n) })
	if i > 0 {
		d.segments = int64(segment) - int64(rs[i-1].to)
	}
	if i < len(rs) {
		before := int64(rs[i].from) - int64(segment)
		switch {
		case before <= 0:
			return distance{guarded: true}
		case before < d.segments:
			d.segments, d.behind = before, true
		}
	}
	return d
}
