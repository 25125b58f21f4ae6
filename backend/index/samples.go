package index

import (
	"encoding/binary"
	"fmt"
	"io"
	"sort"
	"sync"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// maxSamplesAtOnce bounds one call of Samples: 40 bytes each.
const maxSamplesAtOnce = 1 << 21

// Samples appends the samples [from, to) to dst, in decode order. The range is cut to the samples there are. It reads
// small slices of the file's tables, and is safe for use by several goroutines.
//
// Errors: fault.Damaged for a sample beyond the end of the file, or tables that contradict themselves; fault.Invalid
// for more than two million samples at once; the reader's own errors, wrapped. dst is then what it was.
func (t *Track) Samples(dst []Sample, from, to uint32) (all []Sample, err error) {
	defer func() {
		if p := recover(); p != nil {
			all, err = dst, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	to = min(to, t.SampleCount)
	if from >= to {
		return dst, nil
	}
	if to-from > maxSamplesAtOnce {
		return dst, fault.New(fault.Invalid, "That is more of this video than can be read at once.")
	}
	out, err := t.samples(dst, from, to)
	if err != nil {
		return dst, fmt.Errorf("samples %d to %d of track %d: %w", from, to, t.ID, err)
	}
	for i, s := range out[len(dst):] {
		if s.Offset < 0 || s.Offset > t.src.size-int64(s.Size) {
			cause := fmt.Errorf("sample %d: %d bytes at %d of %d: %w",
				int(from)+i, s.Size, s.Offset, t.src.size, io.ErrUnexpectedEOF)
			return dst, fault.Wrap(cause, fault.Damaged, sentenceCut)
		}
	}
	return out, nil
}

// samples is Samples for a range that exists, without a look at the file's size.
func (t *Track) samples(dst []Sample, from, to uint32) ([]Sample, error) {
	var err error
	if t.moov != nil && from < t.moov.samples {
		n := min(to, t.moov.samples)
		if dst, err = t.tableSamples(dst, from, n); err != nil {
			return nil, err
		}
		from = n
	}
	if from == to {
		return dst, nil
	}
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].first > from }) - 1
	for ; i >= 0 && i < len(t.runs) && from < to; i++ {
		run := &t.runs[i]
		n := min(to, run.first+run.count)
		if dst, err = t.runSamples(dst, run, from-run.first, n-run.first); err != nil {
			return nil, err
		}
		from = n
	}
	return dst, nil
}

// cursorBuffer is the memory of the five cursors of one call.
type cursorBuffer [5][cursorBytes - cursorBytes%12]byte

var cursorBuffers = sync.Pool{New: func() any { return new(cursorBuffer) }}

// place is where a reader of all tables stands.
type place struct {
	stts, ctts runs
	run        chunks
	size       sizes
	offsets    cursor
	sample     uint32
	dts        media.Ticks // media time
	offset     int64       // of the sample
	chunkLeft  uint32      // samples left in the chunk, this one included
}

// tableSamples gives the samples [from, to) that the tables of moov describe.
func (t *Track) tableSamples(dst []Sample, from, to uint32) ([]Sample, error) {
	mem := cursorBuffers.Get().(*cursorBuffer)
	defer cursorBuffers.Put(mem)
	var p place
	if err := t.moov.seek(&p, t.src, from, mem); err != nil {
		return nil, err
	}
	key := sort.Search(len(t.Keyframes), func(i int) bool { return t.Keyframes[i].Sample >= from })
	for {
		s := Sample{Offset: p.offset, DTS: p.dts + t.shift, Sync: t.AllSync}
		if key < len(t.Keyframes) && t.Keyframes[key].Sample == p.sample {
			s.Sync = true
			key++
		}
		var err error
		if s.Size, err = p.size.take(); err != nil {
			return nil, err
		}
		if err = p.stts.load(); err != nil {
			return nil, err
		}
		if err = p.ctts.load(); err != nil {
			return nil, err
		}
		s.Duration = p.stts.value
		if p.ctts.left > 0 {
			s.CTO = signed32(p.ctts.value)
		}
		dst = append(dst, s)
		if p.sample+1 == to {
			return dst, nil
		}
		if err = p.step(s); err != nil {
			return nil, err
		}
	}
}

// step goes on to the sample after s.
func (p *place) step(s Sample) error {
	p.stts.take(min(1, p.stts.left))
	p.ctts.take(min(1, p.ctts.left))
	p.dts += media.Ticks(s.Duration)
	p.offset += int64(s.Size)
	p.sample++
	if p.chunkLeft--; p.chunkLeft > 0 {
		return nil
	}
	p.run.chunk++
	p.run.first += p.run.perChunk // keep first the first sample of chunk
	if p.run.chunk == p.run.chunkEnd {
		ok, err := p.run.advance()
		if err != nil {
			return err
		}
		if !ok {
			return damaged("stsc ends before sample %d", p.sample)
		}
	}
	return p.nextChunk()
}

// nextChunk reads the offset of the chunk that the offsets cursor stands at.
func (p *place) nextChunk() error {
	if skip := p.run.chunk - p.offsetsAt(); skip > 0 { // chunks without samples
		p.offsets.start(p.offsets.src, p.offsets.tab, p.run.chunk, p.offsets.mem)
	}
	e, err := p.offsets.entry()
	if err != nil {
		return err
	}
	if e == nil {
		return damaged("chunk %d is not listed", p.run.chunk)
	}
	if len(e) == 8 {
		p.offset = signed64(binary.BigEndian.Uint64(e))
	} else {
		p.offset = int64(binary.BigEndian.Uint32(e))
	}
	p.chunkLeft = p.run.perChunk
	return nil
}

// offsetsAt is the chunk whose offset comes next.
func (p *place) offsetsAt() uint32 {
	return p.offsets.next - clamp32(len(p.offsets.buf)*8/int(p.offsets.tab.bits))
}

// seek brings p to sample number s, from the checkpoint before it.
func (tb *tables) seek(p *place, src *source, s uint32, mem *cursorBuffer) error {
	i := s / tb.every
	ck := tb.points[i]
	from := i * tb.every
	p.sample, p.dts = s, ck.dts
	if err := p.stts.start(src, tb.stts, ck.sttsEntry, ck.sttsUsed, mem[0][:]); err != nil {
		return err
	}
	if err := p.ctts.start(src, tb.ctts, ck.cttsEntry, ck.cttsUsed, mem[1][:]); err != nil {
		return err
	}
	if err := p.run.start(src, tb.stsc, tb.stco.count, ck.stscEntry, ck.stscFirst, mem[2][:]); err != nil {
		return err
	}
	if err := p.size.start(src, tb, from, mem[3][:]); err != nil {
		return err
	}
	if err := p.skipTimes(s - from); err != nil {
		return err
	}
	inChunk, err := p.skipSizes(tb, from, s, ck.inChunk)
	if err != nil {
		return err
	}
	p.offsets.start(src, tb.stco, p.run.chunk, mem[4][:])
	passed := s - p.run.first
	if err = p.nextChunk(); err != nil {
		return err
	}
	p.offset += inChunk
	p.chunkLeft -= passed
	return nil
}

// skipTimes passes over n samples in stts and ctts.
func (p *place) skipTimes(n uint32) error {
	for left := n; left > 0; {
		if err := p.stts.load(); err != nil {
			return err
		}
		m := left
		if p.stts.left > 0 {
			m = min(m, p.stts.left)
			p.stts.take(m)
		}
		p.dts += media.Ticks(m) * media.Ticks(p.stts.value)
		left -= m
	}
	for left := n; left > 0; {
		if err := p.ctts.load(); err != nil {
			return err
		}
		if p.ctts.left == 0 {
			break
		}
		m := min(left, p.ctts.left)
		p.ctts.take(m)
		left -= m
	}
	return nil
}

// skipSizes passes over the samples [from, to) in stsc and stsz, and makes the chunk that holds to the run's first
// chunk. It gives the bytes between that chunk's start and sample to; at from they were inChunk.
func (p *place) skipSizes(tb *tables, from, to uint32, inChunk int64) (int64, error) {
	for at := from; ; {
		// Make the chunk that holds sample at the first one of the run.
		passed := (at - p.run.first) / p.run.perChunk
		p.run.chunk += passed
		p.run.first += passed * p.run.perChunk
		if at == to {
			return inChunk, nil
		}
		if tb.fixedSize != 0 {
			n := min(to-at, clamp32(p.run.samples()-uint64(at-p.run.first)))
			at += n
			inChunk = int64((at-p.run.first)%p.run.perChunk) * int64(tb.fixedSize)
		} else {
			n := min(to-at, p.run.perChunk-(at-p.run.first))
			sum, _, err := p.size.sum(n)
			if err != nil {
				return 0, err
			}
			inChunk += sum
			if at += n; at-p.run.first == p.run.perChunk {
				inChunk = 0
			}
		}
		if uint64(at-p.run.first) == p.run.samples() {
			ok, err := p.run.advance()
			if err != nil {
				return 0, err
			}
			if !ok {
				return 0, damaged("stsc ends before sample %d", to)
			}
		}
	}
}

// SampleAt is the last sample whose DTS is dts or earlier; the first one when all are later. It is meant for a
// position: a table that cannot be read gives a sample near it.
func (t *Track) SampleAt(dts media.Ticks) (s uint32) {
	defer func() {
		if recover() != nil {
			s = 0
		}
	}()
	want := dts - t.shift
	if n := len(t.runs); n > 0 && (t.moov == nil || want >= t.runs[0].dts) {
		i := max(0, sort.Search(n, func(i int) bool { return t.runs[i].dts > want })-1)
		return t.runSampleAt(&t.runs[i], dts)
	}
	if t.moov == nil {
		return 0
	}
	tb := t.moov
	i := max(0, sort.Search(len(tb.points), func(i int) bool { return tb.points[i].dts > want })-1)
	ck := tb.points[i]
	mem := cursorBuffers.Get().(*cursorBuffer)
	defer cursorBuffers.Put(mem)
	s = clamp32(i) * tb.every
	end := s + min(tb.every, tb.samples-s)
	var stts runs
	if err := stts.start(t.src, tb.stts, ck.sttsEntry, ck.sttsUsed, mem[0][:]); err != nil {
		return s
	}
	for at := ck.dts; ; {
		if err := stts.load(); err != nil {
			return s
		}
		n := end - s
		if stts.left > 0 {
			n = min(n, stts.left)
		}
		step := media.Ticks(stts.value)
		length := media.Ticks(n) * step
		if want < at+length || s+n == end {
			if step > 0 && want > at {
				s += min(n-1, clamp32((want-at)/step))
			} else if step == 0 && want >= at {
				s += n - 1
			}
			return s
		}
		at += length
		if stts.left > 0 {
			stts.take(n)
		}
		s += n
	}
}
