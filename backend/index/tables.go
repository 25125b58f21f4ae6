package index

import (
	"context"
	"encoding/binary"
	"sync"

	"dropstream/backend/media"
)

const (
	maxSamples     = 8 << 20 // per track, where each sample has a size of its own
	maxKeyframes   = 1 << 20 // per track, where not every sample is one
	maxCheckpoints = maxSamples / checkpointEvery
	// checkpointEvery is how many samples lie between two checkpoints: at most as many are passed over to reach one.
	checkpointEvery = 1024
)

// tables are the sample tables of one stbl, and the checkpoints that make them seekable.
type tables struct {
	stts, ctts, stsc, stsz, stco, stss table
	hasStss                            bool
	fixedSize                          uint32 // size of every sample; 0 when stsz lists them
	samples                            uint32

	every  uint32 // samples between two checkpoints
	points []checkpoint
}

// checkpoint is where each table stands before sample number i*every.
type checkpoint struct {
	dts                 int64  // media time
	inChunk             int64  // bytes between the start of the sample's chunk and the sample
	sttsEntry, sttsUsed uint32 // the pair, and how many of its samples are passed
	cttsEntry, cttsUsed uint32
	stscEntry           uint32
	stscFirst           uint32 // first sample of that run of chunks
}

// scanTables reads a track's sample tables once, for what is known of the whole track and for the checkpoints.
func (t *trak) scanTables(ctx context.Context, src *source) error {
	tb := &t.tables
	if tb.samples == 0 || tb.stsc.count == 0 || tb.stco.count == 0 {
		tb.samples = 0
		return nil
	}
	if tb.fixedSize == 0 && tb.samples > maxSamples {
		return tooLarge("%d samples", tb.samples)
	}
	// Raw sound counts every sampling instant as a sample of a fixed size; its checkpoints lie further apart.
	tb.every = checkpointEvery
	for tb.samples/tb.every > maxCheckpoints {
		tb.every *= 2
	}
	tb.points = make([]checkpoint, (tb.samples-1)/tb.every+1)
	mem := scanBuffers.Get().(*scanBuffer)
	defer scanBuffers.Put(mem)
	if err := t.scanSizes(src, mem); err != nil {
		return err
	}
	if tb.samples == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	if err := t.scanTimes(src, mem); err != nil {
		return err
	}
	t.out.moov = tb
	return ctx.Err()
}

// scanBuffer is the memory of the cursors of one pass.
type scanBuffer [3][scanBytes - scanBytes%12]byte

var scanBuffers = sync.Pool{New: func() any { return new(scanBuffer) }}

// scanSizes streams stsz along the chunks. Samples that no chunk holds are cut off the end.
func (t *trak) scanSizes(src *source, mem *scanBuffer) error {
	tb := &t.tables
	var run chunks
	if err := run.start(src, tb.stsc, tb.stco.count, 0, 0, mem[0][:]); err != nil {
		return err
	}
	var size sizes
	if err := size.start(src, tb, 0, mem[1][:]); err != nil {
		return err
	}
	for run.samples() == 0 {
		if ok, err := run.advance(); err != nil || !ok {
			tb.samples = 0
			return err
		}
	}
	var s uint32
	for s < tb.samples {
		n := min(clamp32(run.samples()), tb.samples-s)
		var err error
		if tb.fixedSize != 0 {
			tb.markFixed(&run, s, n)
		} else {
			err = t.scanRun(&run, &size, s, n)
		}
		if err != nil {
			return err
		}
		s += n
		if s == tb.samples {
			break
		}
		ok, err := run.advance()
		if err != nil {
			return err
		}
		if !ok {
			tb.samples = s
			tb.points = tb.points[:(s-1)/tb.every+1]
		}
	}
	if tb.fixedSize != 0 {
		t.scan.sized(tb.fixedSize, int64(tb.fixedSize)*int64(tb.samples))
	}
	return nil
}

// markFixed sets the checkpoints among the n samples from s, all of one size and in one run of chunks.
func (tb *tables) markFixed(run *chunks, s, n uint32) {
	end := uint64(s) + uint64(n)
	for i := (uint64(s) + uint64(tb.every) - 1) / uint64(tb.every); i*uint64(tb.every) < end; i++ {
		in := (i*uint64(tb.every) - uint64(run.first)) % uint64(run.perChunk)
		p := &tb.points[i]
		p.stscEntry, p.stscFirst, p.inChunk = run.entry, run.first, signed64(in*uint64(tb.fixedSize))
	}
}

// scanRun adds up the n sample sizes from s, all in one run of chunks.
func (t *trak) scanRun(run *chunks, size *sizes, s, n uint32) error {
	tb := &t.tables
	var inChunk int64
	var passed, biggest uint32 // of the chunk's samples
	var total int64
	for n > 0 {
		if s%tb.every == 0 {
			p := &tb.points[s/tb.every]
			p.stscEntry, p.stscFirst, p.inChunk = run.entry, run.first, inChunk
		}
		m := min(n, run.perChunk-passed, tb.every-s%tb.every)
		sum, top, err := size.sum(m)
		if err != nil {
			return err
		}
		inChunk += sum
		total += sum
		biggest = max(biggest, top)
		s, n, passed = s+m, n-m, passed+m
		if passed == run.perChunk {
			passed, inChunk = 0, 0
		}
	}
	t.scan.sized(biggest, total)
	return nil
}

// sum takes n sizes at once.
func (z *sizes) sum(n uint32) (total int64, biggest uint32, err error) {
	for n > 0 {
		if z.cur.tab.bits != 32 || len(z.cur.buf) < 4 {
			v, err := z.take()
			if err != nil {
				return 0, 0, err
			}
			total += int64(v)
			biggest = max(biggest, v)
			n--
			continue
		}
		m := min(int(n), len(z.cur.buf)/4)
		p := z.cur.buf[:m*4]
		z.cur.buf = z.cur.buf[m*4:]
		n -= clamp32(m)
		for ; len(p) >= 4; p = p[4:] {
			v := binary.BigEndian.Uint32(p)
			total += int64(v)
			biggest = max(biggest, v)
		}
	}
	return total, biggest, nil
}

// scanTimes streams stts, ctts and stss together. It goes in spans: samples with one duration and one composition
// offset, which a keyframe or a checkpoint ends.
func (t *trak) scanTimes(src *source, mem *scanBuffer) error {
	tb := &t.tables
	var stts, ctts runs
	if err := stts.start(src, tb.stts, 0, 0, mem[0][:]); err != nil {
		return err
	}
	if err := ctts.start(src, tb.ctts, 0, 0, mem[1][:]); err != nil {
		return err
	}
	keys := keyReader{all: !tb.hasStss}
	if tb.hasStss && tb.stss.count == tb.samples {
		if err := keys.listsAll(src, tb.stss, mem[2][:]); err != nil {
			return err
		}
	}
	if keys.all && t.fragmented && t.out.Kind == media.Video {
		keys.all, keys.each = false, true // the fragments may hold other samples
	}
	keys.cur.start(src, tb.stss, 0, mem[2][:])
	if err := keys.advance(tb.samples); err != nil {
		return err
	}
	t.out.AllSync = keys.all
	if !keys.all {
		t.out.Keyframes = make([]Keyframe, 0, min(tb.stss.count, maxKeyframes))
	}
	var s, mark uint32
	var dts media.Ticks
	for s < tb.samples {
		if err := stts.load(); err != nil {
			return err
		}
		if err := ctts.load(); err != nil {
			return err
		}
		if s == mark {
			p := &tb.points[s/tb.every]
			p.dts = dts
			p.sttsEntry, p.sttsUsed = stts.entry, stts.taken
			p.cttsEntry, p.cttsUsed = ctts.entry, ctts.taken
			mark += min(tb.every, tb.samples-mark)
		}
		n := mark - s
		if stts.left > 0 {
			n = min(n, stts.left)
		}
		var cto media.Ticks
		if ctts.left > 0 {
			n = min(n, ctts.left)
			cto = media.Ticks(signed32(ctts.value))
		}
		if s == keys.next {
			if err := t.scan.key(s, dts, cto); err != nil {
				return err
			}
			if err := keys.advance(tb.samples); err != nil {
				return err
			}
		}
		if !keys.all {
			n = min(n, keys.next-s)
		}
		if err := t.scan.span(s, n, dts, stts.value, cto); err != nil {
			return err
		}
		dts += media.Ticks(n) * media.Ticks(stts.value)
		if stts.left > 0 {
			stts.take(n)
		}
		if ctts.left > 0 {
			ctts.take(n)
		}
		s += n
	}
	t.next = dts
	return nil
}

// keyReader streams stss.
type keyReader struct {
	cur  cursor
	next uint32 // the next sync sample, from 0; the sample count when there is none
	all  bool   // every sample is one: nothing to read
	each bool   // every sample is one, and is to be named all the same
	any  bool
}

// listsAll finds out whether the table, as long as there are samples, names every one of them.
func (k *keyReader) listsAll(src *source, tab table, mem []byte) error {
	k.cur.start(src, tab, 0, mem)
	for i := uint32(1); ; i++ {
		e, err := k.cur.entry()
		if err != nil {
			return err
		}
		if e == nil {
			k.all = true
			return nil
		}
		if binary.BigEndian.Uint32(e) != i {
			return nil
		}
	}
}

// advance reads the next sync sample's number.
func (k *keyReader) advance(samples uint32) error {
	if k.all {
		k.next = samples
		return nil
	}
	if k.each {
		if k.any {
			k.next++
		}
		k.any = true
		return nil
	}
	for {
		e, err := k.cur.entry()
		if err != nil {
			return err
		}
		if e == nil {
			k.next = samples
			return nil
		}
		n := binary.BigEndian.Uint32(e)
		if n == 0 || n > samples {
			continue // counted from 1; a sync sample that is not there
		}
		if n--; k.any && n <= k.next {
			if n == k.next {
				continue
			}
			return damaged("stss goes back from sample %d to %d", k.next+1, n+1)
		}
		k.next, k.any = n, true
		return nil
	}
}
