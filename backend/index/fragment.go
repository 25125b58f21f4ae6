package index

import (
	"encoding/binary"
	"fmt"
	"math"

	"dropstream/backend/media"
)

const (
	maxMoofBytes = 32 << 20
	maxRuns      = 1 << 20 // track runs of all fragments together
)

// sampleDefaults are what a sample of a fragment is when nothing else is said (trex, tfhd).
type sampleDefaults struct {
	duration, size, flags uint32
}

// trackRun is one trun of a fragment (ISO/IEC 14496-12 8.8.8).
type trackRun struct {
	first, count uint32
	dts          media.Ticks // media time of the first sample
	data         int64       // file offset of the first sample
	entries      int64       // file offset of the first table entry
	fields       uint32      // tr_flags
	firstFlags   uint32      // sample flags of the first sample, where fields says so
	defaults     sampleDefaults
}

// The tr_flags of trun, and the tf_flags of tfhd.
const (
	trunDataOffset  = 0x1
	trunFirstFlags  = 0x4
	trunDuration    = 0x100
	trunSize        = 0x200
	trunFlags       = 0x400
	trunCTO         = 0x800
	tfhdBaseOffset  = 0x1
	tfhdDescription = 0x2
	tfhdDuration    = 0x8
	tfhdSize        = 0x10
	tfhdFlags       = 0x20
	tfhdBaseIsMoof  = 0x20000
)

// width is the bytes of one table entry.
func (r *trackRun) width() int {
	n := 0
	for _, f := range []uint32{trunDuration, trunSize, trunFlags, trunCTO} {
		if r.fields&f != 0 {
			n += 4
		}
	}
	return n
}

// entry reads table entry number i, whose bytes are p.
func (r *trackRun) entry(p []byte, i uint32) (d sampleDefaults, cto int32) {
	d = r.defaults
	next := func() uint32 {
		v := binary.BigEndian.Uint32(p)
		p = p[4:]
		return v
	}
	if r.fields&trunDuration != 0 {
		d.duration = next()
	}
	if r.fields&trunSize != 0 {
		d.size = next()
	}
	if r.fields&trunFlags != 0 {
		d.flags = next()
	} else if i == 0 && r.fields&trunFirstFlags != 0 {
		d.flags = r.firstFlags
	}
	if r.fields&trunCTO != 0 {
		cto = signed32(next())
	}
	return d, cto
}

// isSync says whether sample flags (8.8.3.1) are those of a sync sample: neither marked as none nor dependent on
// others.
func isSync(flags uint32) bool { return flags&(0x10000|0x1000000) == 0 }

// fragmentReader is the state that fragments share.
type fragmentReader struct {
	count int // moofs
	runs  int
}

// traf is the state of reading one track fragment.
type traf struct {
	t        *trak
	fields   uint32 // tf_flags
	base     int64
	defaults sampleDefaults
	dts      media.Ticks
}

// moof reads one movie fragment (8.8.4).
func (f *isoFile) moof(w *window, b box) error {
	p, err := w.load(b.body, b.bodySize(), maxMoofBytes)
	if err != nil {
		return err
	}
	f.frag.count++
	dataEnd := b.off // where an implied data offset starts (8.8.7.1)
	var bad error
	eachBoxIn(p, func(typ string, body, whole []byte) {
		if typ != "traf" || bad != nil {
			return
		}
		at := b.body + int64(cap(p)-cap(whole)) // whole is a slice of p, so this is its place in the file
		at += int64(len(whole) - len(body))
		dataEnd, bad = f.traf(body, at, b.off, dataEnd)
	})
	return bad
}

// traf reads one track fragment, whose payload p is at offset at of the file. It gives the end of its data.
func (f *isoFile) traf(p []byte, at, moof, dataEnd int64) (end int64, err error) {
	var tf traf
	end = dataEnd
	eachBoxIn(p, func(typ string, body, whole []byte) {
		if err != nil {
			return
		}
		bodyAt := at + int64(cap(p)-cap(whole)) + int64(len(whole)-len(body))
		switch {
		case typ == "tfhd":
			f.trackFragmentHeader(&tf, body, moof, dataEnd)
			end = tf.base
		case typ == "tfdt" && tf.t != nil:
			version, _, rest, _ := fullBox(body)
			r := newBE(rest)
			read := r.u64
			if version == 0 {
				read = func() uint64 { return uint64(r.u32()) }
			}
			if v := read(); v > maxTicks {
				err = damaged("tfdt of %d", v)
			} else if r.ok {
				tf.dts = signed64(v)
			}
		case typ == "trun" && tf.t != nil:
			end, err = f.trackRun(&tf, body, bodyAt, end)
		}
	})
	if err == nil && tf.t != nil {
		tf.t.next = tf.dts
	}
	return end, err
}

// trackFragmentHeader reads tfhd (8.8.7).
func (f *isoFile) trackFragmentHeader(tf *traf, body []byte, moof, dataEnd int64) {
	_, fields, p, _ := fullBox(body)
	r := newBE(p)
	id := r.u32()
	for _, t := range f.traks {
		if t.out.ID == id {
			tf.t = t
			break
		}
	}
	tf.fields, tf.base, tf.defaults = fields, dataEnd, f.trex[id]
	if fields&tfhdBaseIsMoof != 0 {
		tf.base = moof
	}
	if fields&tfhdBaseOffset != 0 {
		tf.base = r.i64()
	}
	if fields&tfhdDescription != 0 {
		r.skip(4)
	}
	if fields&tfhdDuration != 0 {
		tf.defaults.duration = r.u32()
	}
	if fields&tfhdSize != 0 {
		tf.defaults.size = r.u32()
	}
	if fields&tfhdFlags != 0 {
		tf.defaults.flags = r.u32()
	}
	if tf.t != nil {
		tf.dts = tf.t.next
	}
	if !r.ok {
		tf.t = nil
	}
}

// trackRun reads one trun, whose payload is at offset at of the file. Without a data offset its data is at dataEnd.
func (f *isoFile) trackRun(tf *traf, body []byte, at, dataEnd int64) (end int64, err error) {
	_, fields, p, _ := fullBox(body)
	r := newBE(p)
	run := trackRun{count: r.u32(), dts: tf.dts, data: dataEnd, fields: fields, defaults: tf.defaults}
	if fields&trunDataOffset != 0 {
		run.data = tf.base + int64(r.i32())
	}
	if fields&trunFirstFlags != 0 {
		run.firstFlags = r.u32()
	}
	if !r.ok || run.count == 0 {
		return dataEnd, nil
	}
	width := run.width()
	if int64(run.count)*int64(width) > int64(len(r.p)) {
		return 0, damaged("trun says %d samples and has room for %d", run.count, len(r.p)/max(width, 1))
	}
	out := tf.t.out
	run.first = out.SampleCount
	if tf.t.tables.samples != 0 && out.SampleCount == 0 {
		run.first = tf.t.tables.samples
	}
	run.entries = at + int64(len(body)-len(r.p))
	if f.frag.runs++; f.frag.runs > maxRuns {
		return 0, tooLarge("more than %d track runs", maxRuns)
	}
	if uint64(run.first)+uint64(run.count) > maxSamples {
		return 0, tooLarge("more than %d samples", maxSamples)
	}
	out.SampleCount = run.first + run.count
	out.runs = append(out.runs, run)
	last := &out.runs[len(out.runs)-1]
	return tf.t.scanRunEntries(tf, last, r.p)
}

// scanRunEntries notes the samples of a run, and gives the end of their data.
func (t *trak) scanRunEntries(tf *traf, run *trackRun, p []byte) (end int64, err error) {
	width := run.width()
	end = run.data
	for i := uint32(0); i < run.count; {
		d, cto := run.entry(p[int(i)*width:], i)
		n := uint32(1)
		if width == 0 && (i > 0 || run.fields&trunFirstFlags == 0) {
			n = run.count - i // all the rest are the same
		}
		key := t.out.Kind == media.Video && isSync(d.flags)
		if t.out.Kind != media.Video {
			t.out.AllSync = true
		}
		if key && n > 1 {
			n = 1 // each keyframe is named
		}
		if key {
			if err = t.scan.key(run.first+i, tf.dts, media.Ticks(cto)); err != nil {
				return 0, err
			}
		}
		t.scan.sized(d.size, int64(n)*int64(d.size))
		if err = t.scan.span(run.first+i, n, tf.dts, d.duration, media.Ticks(cto)); err != nil {
			return 0, err
		}
		tf.dts += media.Ticks(n) * media.Ticks(d.duration)
		if end > math.MaxInt64/2 {
			return 0, damaged("run of samples ends beyond any file")
		}
		end += int64(n) * int64(d.size)
		i += n
	}
	if end > t.out.src.size || run.data < 0 {
		t.out.Truncated = true
	}
	return end, nil
}

// runSamples appends the samples [from, to) of one run, counted from its first.
func (t *Track) runSamples(dst []Sample, run *trackRun, from, to uint32) ([]Sample, error) {
	width := run.width()
	p := make([]byte, int(to)*width)
	if err := t.src.readAt(p, run.entries); err != nil {
		return nil, fmt.Errorf("read trun: %w", err)
	}
	dts, offset := run.dts+t.shift, run.data
	if width == 0 { // nothing to read, and maybe much to pass over
		dts += media.Ticks(from) * media.Ticks(run.defaults.duration)
		offset += int64(from) * int64(run.defaults.size)
	}
	for i := uint32(0); i < to; i++ {
		if width == 0 && i < from {
			i = from
		}
		d, cto := run.entry(p[int(i)*width:], i)
		if i >= from {
			dst = append(dst, Sample{
				Offset: offset, Size: d.size, Duration: d.duration, DTS: dts, CTO: cto,
				Sync: t.AllSync || isSync(d.flags),
			})
		}
		dts += media.Ticks(d.duration)
		offset += int64(d.size)
	}
	return dst, nil
}

// runSampleAt is SampleAt within one run.
func (t *Track) runSampleAt(run *trackRun, dts media.Ticks) uint32 {
	if run.fields&trunDuration == 0 {
		n := uint32(0)
		if d := media.Ticks(run.defaults.duration); d > 0 {
			n = min(clamp32((dts-t.shift-run.dts)/d), run.count-1)
		}
		return run.first + n
	}
	all, err := t.runSamples(nil, run, 0, run.count)
	if err != nil {
		return run.first
	}
	found := uint32(0)
	for i, s := range all {
		if s.DTS <= dts {
			found = uint32(i)
		}
	}
	return run.first + found
}
