package index

import (
	"context"
	"fmt"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Bounds of looking for the start of one group.
const (
	maxGroupWalk = 1 << 12 // elements
	maxLeading   = 64      // pictures that are shown before their keyframe
)

// GroupStart gives when the earliest is presented of the samples of a Matroska video track that are decoded from
// keyframe i up to the next one. It reads the heads of the blocks from the keyframe on, up to the first that is shown
// after it: what is shown before a keyframe is decoded before all else that follows it (ITU-T H.265 8.3.1). ok is false
// where the keyframe is not where its cue says, or is followed by something that cannot be read.
//
// Errors: the context's, and the reader's own, wrapped.
func (t *Track) GroupStart(ctx context.Context, i int) (first media.Ticks, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			first, ok, err = 0, false, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	if err := ctx.Err(); err != nil || !t.Readable || i < 0 || i >= len(t.cues) {
		return 0, false, err
	}
	w := groupWalk{t: t, w: newWindow(t.blocks.src, groupBytes), key: t.Keyframes[i].PTS, first: t.Keyframes[i].PTS}
	first, ok, err = w.run(t.cues[i])
	if err != nil {
		return 0, false, fmt.Errorf("read the start of group %d: %w", i, err)
	}
	return first, ok, nil
}

// groupBytes are read at once: the heads of blocks are far apart.
const groupBytes = 512

// groupWalk is the state of one walk over the blocks at the start of a group.
type groupWalk struct {
	t       *Track
	w       *window
	end     int64 // of the Cluster
	stamp   int64 // its Timestamp, -1 before it was read
	key     media.Ticks
	first   media.Ticks
	found   bool // the keyframe
	leading int
	scratch cluster
}

// run walks from where a cue says that the keyframe is.
func (g *groupWalk) run(place cuePlace) (first media.Ticks, ok bool, err error) {
	b := g.t.blocks
	at, err := g.enter(place.cluster)
	if err != nil || at < 0 {
		return 0, false, err
	}
	if place.at > place.cluster { // relative to the Cluster's body (RFC 9559 5.1.5.1.2.3)
		if at, err = g.to(place); err != nil || at < 0 {
			return 0, false, err
		}
	}
	for range maxGroupWalk {
		if at >= g.end {
			next, err := b.after(g.w, g.end)
			if err != nil || next < 0 {
				return g.first, g.found, err
			}
			if at, err = g.enter(next); err != nil || at < 0 {
				return 0, false, err
			}
			continue
		}
		e, ok, err := elementAt(g.w, at, g.end)
		if err != nil || !ok || e.cut {
			return 0, false, err
		}
		switch at = e.end; e.id {
		case idCluster: // the one before it is of unknown size
			if at, err = g.enter(e.off); err != nil || at < 0 {
				return 0, false, err
			}
			continue
		case 0xA3, 0xA0: // SimpleBlock, BlockGroup
			if over, err := g.block(e); over || err != nil || g.scratch.broken {
				return g.first, g.found && !g.scratch.broken, err
			}
		}
	}
	return 0, false, nil
}

// to gives the place of the block that a cue names, with the Timestamp of its Cluster read.
func (g *groupWalk) to(place cuePlace) (at int64, err error) {
	e, ok, err := elementAt(g.w, place.cluster, g.t.blocks.end)
	if err != nil || !ok || g.stamp < 0 {
		return -1, err
	}
	return e.body + (place.at - place.cluster), nil
}

// enter reads a Cluster's head and its Timestamp, and gives the place after it; -1 where there is none.
func (g *groupWalk) enter(off int64) (at int64, err error) {
	e, ok, err := elementAt(g.w, off, g.t.blocks.end)
	if err != nil || !ok || e.id != idCluster {
		return -1, err
	}
	g.end, g.stamp = e.end, -1
	at = e.body
	for range maxBetweenClusters {
		c, ok, err := elementAt(g.w, at, g.end)
		if err != nil || !ok || c.cut {
			return -1, err
		}
		at = c.end
		if c.id == 0xE7 {
			p, err := g.w.at(c.body, int(min(c.size(), 8)))
			if err != nil {
				return -1, err
			}
			if g.stamp = uintOf(p); g.stamp > maxTicks {
				return -1, nil
			}
			return at, nil
		}
	}
	return -1, nil
}

// block takes the frames of a block. over says that nothing after it is shown before the keyframe.
func (g *groupWalk) block(e element) (over bool, err error) {
	b := g.t.blocks
	g.scratch.frames = g.scratch.frames[:0]
	if e.id == 0xA0 {
		err = b.group(g.w, &g.scratch, e, g.stamp)
	} else {
		err = b.block(g.w, &g.scratch, e, g.stamp, false, false)
	}
	for _, f := range g.scratch.frames {
		if f.track != g.t.ID {
			continue
		}
		at := f.at - g.t.delay
		switch {
		case !g.found:
			g.found = f.key && at == g.key
		case f.key || at > g.key:
			return true, err
		default:
			if g.leading++; g.leading > maxLeading {
				g.found = false
				return true, err
			}
			g.first = min(g.first, at)
		}
	}
	return false, err
}
