package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"dropstream/backend/media"
)

// Bounds of reading the blocks of one Cluster, and of what is remembered of them.
const (
	maxClusterBytes    = 256 << 20 // headers only are read, but each costs a read
	maxClusterElements = 1 << 17
	maxClusterFrames   = 1 << 17
	maxGroupElements   = 64
	maxBetweenClusters = 64 // Cues, Tags and padding that stand between two Clusters
	keptClusters       = 12
	keptFrames         = 1 << 16
)

// blocks reads the blocks of a Matroska file, a Cluster at a time. It remembers the last few, for the tracks of one
// time stand in the same ones. It is safe for use by several goroutines.
type blocks struct {
	src     *source
	end     int64           // of the Segment
	first   int64           // the first Cluster
	tracks  map[uint32]bool // those whose frames are kept, by TrackNumber
	perTick int64           // see segment.ticks
	entries []entry         // where reading can begin, ascending in both

	mu     sync.Mutex
	recent []*cluster // the latest first
}

// entry is a Cluster that Cues name, and the time of the first keyframe that they say is in it.
type entry struct {
	at  media.Ticks
	off int64
}

// cluster is what one Cluster holds (RFC 9559 5.1.3).
type cluster struct {
	off, next int64       // of the Cluster; next is -1 after the last one
	at        media.Ticks // its Timestamp
	frames    []frame     // in the order of the file
	broken    bool        // something in it could not be read; the rest of it is left out
}

// frame is one frame of a block, or of its lace.
type frame struct {
	track uint32      // TrackNumber
	size  uint32      // bytes in the file
	off   int64       // in the file
	at    media.Ticks // of the block
	lace  uint8       // its place among the frames of the block
	key   bool        // SimpleBlock says keyframe, or BlockGroup has no ReferenceBlock
}

// cluster gives the Cluster at off, from memory when it was read before.
func (b *blocks) cluster(ctx context.Context, off int64) (*cluster, error) {
	b.mu.Lock()
	for i, c := range b.recent {
		if c.off == off {
			copy(b.recent[1:i+1], b.recent[:i])
			b.recent[0] = c
			b.mu.Unlock()
			return c, nil
		}
	}
	b.mu.Unlock()
	c, err := b.read(ctx, off)
	if err != nil {
		return nil, fmt.Errorf("read Cluster at %d: %w", off, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recent = slices.Insert(b.recent, 0, c)
	frames := 0
	for i, c := range b.recent {
		if frames += len(c.frames); i > 0 && frames > keptFrames || i == keptClusters {
			clear(b.recent[i:])
			b.recent = b.recent[:i]
			break
		}
	}
	return c, nil
}

// read reads the headers of a Cluster's blocks.
func (b *blocks) read(ctx context.Context, off int64) (*cluster, error) {
	w := newWindow(b.src, hopBytes)
	head, ok, err := elementAt(w, off, b.end)
	if err != nil {
		return nil, err
	}
	if !ok || head.id != idCluster {
		return nil, damaged("no Cluster at %d", off)
	}
	c := &cluster{off: off, next: head.end, at: -1}
	stamp := int64(-1)
	for at, n := head.body, 0; at < head.end; n++ {
		if n == maxClusterElements || at-head.body > maxClusterBytes || len(c.frames) > maxClusterFrames {
			return nil, tooLarge("Cluster at %d has %d elements and %d bytes or more", off, n, at-head.body)
		}
		if n&0xff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, ok, err := elementAt(w, at, head.end)
		if err != nil {
			return nil, err
		}
		if ok && head.unknown && isTopLevel(e.id) {
			c.next = e.off
			break
		}
		if !ok || e.cut || e.unknown || !inCluster(e.id) {
			c.broken = true
			break
		}
		if stamp, err = b.child(w, c, e, stamp); err != nil {
			return nil, err
		}
		at = e.end
	}
	if c.broken && head.unknown {
		c.next = b.resume(off)
		return c, nil
	}
	c.next, err = b.after(w, c.next)
	return c, err
}

// child reads a child of a Cluster whose Timestamp is stamp, -1 while that is not known, and gives the Timestamp.
func (b *blocks) child(w *window, c *cluster, e element, stamp int64) (int64, error) {
	switch e.id {
	case 0xE7: // Timestamp
		p, err := w.at(e.body, int(min(e.size(), 8)))
		if err != nil {
			return -1, err
		}
		if stamp = uintOf(p); stamp > maxTicks {
			c.broken = true
			return -1, nil
		}
		c.at = toTicks(b.perTick, stamp)
	case 0xA3: // SimpleBlock
		return stamp, b.block(w, c, e, stamp, false, false)
	case 0xA0:
		return stamp, b.group(w, c, e, stamp)
	}
	return stamp, nil
}

// find gives the first frame that is wanted of those in the Cluster of a cue. It reads no more of it than that takes:
// where the cue says where the block is, that block alone.
func (b *blocks) find(ctx context.Context, p cuePlace, wanted func(frame) bool) (frame, error) {
	w := newWindow(b.src, hopBytes)
	head, ok, err := elementAt(w, p.cluster, b.end)
	if err != nil {
		return frame{}, err
	}
	if !ok || head.id != idCluster {
		return frame{}, damaged("no Cluster at %d", p.cluster)
	}
	c := &cluster{off: p.cluster}
	stamp, jumped := int64(-1), p.at <= p.cluster
	for at, n := head.body, 0; at < head.end && n < maxClusterElements && at-head.body < maxClusterBytes; n++ {
		if n&0xff == 0 && ctx.Err() != nil {
			return frame{}, ctx.Err()
		}
		e, ok, err := elementAt(w, at, head.end)
		if err != nil {
			return frame{}, err
		}
		if !ok || e.cut || e.unknown || !inCluster(e.id) {
			break
		}
		if stamp, err = b.child(w, c, e, stamp); err != nil {
			return frame{}, err
		}
		for _, f := range c.frames {
			if wanted(f) {
				return f, nil
			}
		}
		c.frames = c.frames[:0]
		at = e.end
		if !jumped && stamp >= 0 {
			jumped = true
			if there := head.body + p.at - p.cluster; there > at && b.holds(w, c, there, head.end, stamp, wanted) {
				at = there
			}
		}
	}
	return frame{}, damaged("no keyframe at %d", p.at)
}

// holds says whether the block at off is one that is wanted.
func (b *blocks) holds(w *window, c *cluster, off, end, stamp int64, wanted func(frame) bool) bool {
	e, ok, err := elementAt(w, off, end)
	if err != nil || !ok || e.cut || e.unknown || e.id != 0xA3 && e.id != 0xA0 {
		return false
	}
	_, err = b.child(w, c, e, stamp)
	found := err == nil && slices.ContainsFunc(c.frames, wanted)
	c.frames = c.frames[:0]
	return found
}

// inCluster says whether an element is a child of Cluster; Void and CRC-32 may be anywhere.
func inCluster(id uint32) bool {
	switch id {
	case 0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, 0xAF, 0xEC, 0xBF:
		return true
	}
	return false
}

// isTopLevel says whether an element is a child of Segment, and so ends a Cluster of unknown size.
func isTopLevel(id uint32) bool {
	switch id {
	case idSeekHead, idInfo, idTracks, idChapters, idCluster, idCues,
		0x1941A469, 0x1254C367, idSegment: // Attachments, Tags
		return true
	}
	return false
}

// after gives the first Cluster at off or after it, -1 where there is none. Where the file is damaged there, it is the
// next one that Cues name.
func (b *blocks) after(w *window, off int64) (int64, error) {
	at := off
	for range maxBetweenClusters {
		if at == b.end {
			return -1, nil
		}
		e, ok, err := elementAt(w, at, b.end)
		if err != nil {
			return -1, err
		}
		if ok && e.id == idCluster {
			return e.off, nil
		}
		if !ok || e.cut || e.unknown {
			break
		}
		at = e.end
	}
	return b.resume(off), nil
}

// resume gives the first Cluster after off that Cues name, -1 where there is none.
func (b *blocks) resume(off int64) int64 {
	i := sort.Search(len(b.entries), func(i int) bool { return b.entries[i].off > off })
	if i == len(b.entries) {
		return -1
	}
	return b.entries[i].off
}

// group reads a BlockGroup (5.1.3.5): its Block is a keyframe when it refers to no other.
func (b *blocks) group(w *window, c *cluster, g element, stamp int64) error {
	var found element
	refers := false
	for off, n := g.body, 0; off < g.end && n < maxGroupElements; n++ {
		e, ok, err := elementAt(w, off, g.end)
		if err != nil {
			return err
		}
		if !ok || e.cut || e.unknown {
			break
		}
		switch e.id {
		case 0xA1: // Block
			if found.id == 0 {
				found = e
			}
		case 0xFB: // ReferenceBlock
			refers = true
		}
		off = e.end
	}
	if found.id == 0 {
		return nil
	}
	return b.block(w, c, found, stamp, true, !refers)
}

// block reads the head of a block (10.1), and adds its frames to the cluster.
func (b *blocks) block(w *window, c *cluster, e element, stamp int64, grouped, key bool) error {
	p, err := w.at(e.body, int(min(e.size(), 12)))
	if err != nil {
		return err
	}
	number, n := vint(p)
	if n == 0 || len(p) < n+3 || number < 0 || number > math.MaxUint32 {
		c.broken = true // the rest of the cluster may be whole
		return nil
	}
	if !b.tracks[clamp32(number)] {
		return nil
	}
	if stamp < 0 {
		c.broken = true
		return nil
	}
	relative := int16(binary.BigEndian.Uint16(p[n:])) //nolint:gosec // two's complement on purpose
	flags := p[n+2]
	if !grouped {
		key = flags&0x80 != 0
	}
	head := int64(n + 3)
	f := frame{track: clamp32(number), at: toTicks(b.perTick, stamp+int64(relative)), key: key}
	sizes := []int64{e.size() - head}
	if lacing := flags >> 1 & 3; lacing != 0 {
		if p, err = w.at(e.body+head, int(min(e.size()-head, maxLaceHead))); err != nil {
			return err
		}
		if sizes, n, err = laceSizes(lacing, p, e.size()-head); err != nil {
			c.broken = true
			return nil //nolint:nilerr // one block less
		}
		head += int64(n)
	}
	f.off = e.body + head
	for i, size := range sizes {
		if size > math.MaxInt32 {
			c.broken = true
			return nil
		}
		f.size, f.lace = clamp32(size), uint8(i)
		c.frames = append(c.frames, f)
		f.off += size
	}
	return nil
}

// frameTime is when a frame is shown: its block's time, and the frames before it in the lace.
func (t *Track) frameTime(f frame) (media.Ticks, error) {
	if f.lace == 0 {
		return f.at - t.delay, nil
	}
	if t.frameLength <= 0 {
		return 0, tooLarge("lace at %d, and no length of a frame", f.off)
	}
	return f.at - t.delay + media.FromDuration(time.Duration(f.lace)*t.frameLength, t.Timescale), nil
}
