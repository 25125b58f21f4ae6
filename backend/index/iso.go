package index

import (
	"context"
	"fmt"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

const (
	maxMoovBytes     = 256 << 20
	maxTopLevelBoxes = 1 << 21 // two per fragment
	maxTracks        = 128
	walkBytes        = 64 << 10 // read at once inside a moov
	hopBytes         = 4 << 10  // read at once between top-level boxes
)

// isoFile is the state of reading one ISO BMFF or QuickTime file.
type isoFile struct {
	src    *source
	x      *Index
	walk   *window
	traks  []*trak
	mvhd   movieHeader
	trex   map[uint32]sampleDefaults // by track_ID
	mehd   uint64
	stream int // the index that ffmpeg gives to the next stream
	frag   fragmentReader

	chapterTracks map[uint32]bool // by track_ID
}

// movieHeader is what mvhd says.
type movieHeader struct {
	timescale uint32
	duration  uint64
	matrix    matrix
}

// openISO finds the moov, wherever it is, and all movie fragments.
func openISO(ctx context.Context, src *source, c media.Container) (*Index, error) {
	f := &isoFile{
		src: src, x: &Index{Container: c, Precision: Samples}, walk: newWindow(src, walkBytes),
		trex: map[uint32]sampleDefaults{}, mvhd: movieHeader{matrix: identity},
	}
	if err := f.topLevel(ctx); err != nil {
		return nil, err
	}
	f.finish()
	return f.x, nil
}

// topLevel hops over the file's boxes. Fragments are read as they come; the moov may come after them.
func (f *isoFile) topLevel(ctx context.Context) error {
	hop := newWindow(f.src, hopBytes)
	seenMoov := false
	var early []box // moofs before the moov
	off := int64(0)
	for n := 0; off < f.src.size; n++ {
		if n >= maxTopLevelBoxes {
			return tooLarge("more than %d top-level boxes", maxTopLevelBoxes)
		}
		if n&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		b, ok, cut, err := boxAt(hop, off, f.src.size)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		switch {
		case b.typ == "moov" && !seenMoov:
			if cut {
				return fault.Wrap(fmt.Errorf("moov at %d goes on beyond %d bytes", b.off, f.src.size),
					fault.Damaged, sentenceCut)
			}
			if seenMoov = true; b.bodySize() > maxMoovBytes {
				return tooLarge("moov of %d bytes", b.bodySize())
			}
			if err = f.moov(ctx, b); err != nil {
				return fmt.Errorf("read moov: %w", err)
			}
			if f.x.Precision == None {
				return nil
			}
		case b.typ == "moof" && !cut && !seenMoov && len(early) < 1<<16:
			early = append(early, b)
		case b.typ == "moof" && !cut && seenMoov:
			if err = f.moof(hop, b); err != nil {
				return fmt.Errorf("read moof at %d: %w", b.off, err)
			}
		}
		off = b.end
	}
	if !seenMoov {
		return fault.Wrap(fmt.Errorf("no moov in %d bytes", f.src.size), fault.Damaged, sentenceUnfinished)
	}
	for _, b := range early {
		if err := f.moof(hop, b); err != nil {
			return fmt.Errorf("read moof at %d: %w", b.off, err)
		}
	}
	return nil
}

// moov reads the movie's boxes: first its structure, then every track's sample tables.
func (f *isoFile) moov(ctx context.Context, moov box) error {
	err := eachBox(f.walk, moov.body, moov.end, func(b box) error {
		switch b.typ {
		case "mvhd":
			return f.movieHeader(b)
		case "trak":
			if len(f.traks) >= maxTracks {
				return tooLarge("more than %d tracks", maxTracks)
			}
			return f.trak(b)
		case "mvex":
			return f.movieExtends(b)
		case "udta", "meta":
			return f.userData(b)
		case "cmov":
			// A compressed moov: QuickTime of the nineties. ffmpeg inflates it, so a packet scan still works.
			f.x.Precision = None
		}
		return nil
	})
	if err != nil || f.x.Precision == None {
		f.x.Tracks = nil
		return err
	}
	for _, t := range f.traks {
		if err := t.resolveEdits(f.mvhd.timescale); err != nil {
			return fmt.Errorf("track %d: %w", t.out.ID, err)
		}
		t.fragmented = f.x.Fragmented
		t.scan = newScanner(t)
		if err := t.scanTables(ctx, f.src); err != nil {
			return fmt.Errorf("track %d: %w", t.out.ID, err)
		}
	}
	return nil
}

// movieHeader reads mvhd (ISO/IEC 14496-12 8.2.2).
func (f *isoFile) movieHeader(b box) error {
	p, err := f.walk.load(b.body, b.bodySize(), 4<<10)
	if err != nil {
		return fmt.Errorf("read mvhd: %w", err)
	}
	version, _, p, ok := fullBox(p)
	r := newBE(p)
	if version == 1 {
		r.skip(16)
		f.mvhd.timescale, f.mvhd.duration = r.u32(), known64(r.u64())
	} else {
		r.skip(8)
		f.mvhd.timescale, f.mvhd.duration = r.u32(), known32(r.u32())
	}
	if !ok || !r.ok {
		return damaged("mvhd too short")
	}
	r.skip(16) // rate, volume, reserved
	if m := readMatrix(r); r.ok {
		f.mvhd.matrix = m
	}
	return nil
}

// known32 widens a duration whose all-ones value means that it is not known.
func known32(d uint32) uint64 {
	if d == 1<<32-1 {
		return 0
	}
	return uint64(d)
}

func known64(d uint64) uint64 {
	if d > 1<<62 {
		return 0
	}
	return d
}

// movieExtends reads mvex: the defaults of fragments (8.8.1-8.8.3).
func (f *isoFile) movieExtends(mvex box) error {
	f.x.Fragmented = true
	return eachBox(f.walk, mvex.body, mvex.end, func(b box) error {
		if b.typ != "trex" && b.typ != "mehd" {
			return nil
		}
		p, err := f.walk.load(b.body, b.bodySize(), 256)
		if err != nil {
			return fmt.Errorf("read %s: %w", b.typ, err)
		}
		version, _, p, _ := fullBox(p)
		r := newBE(p)
		if b.typ == "mehd" {
			if version == 1 {
				f.mehd = known64(r.u64())
			} else {
				f.mehd = known32(r.u32())
			}
			return nil
		}
		id := r.u32()
		r.skip(4) // default_sample_description_index
		d := sampleDefaults{duration: r.u32(), size: r.u32(), flags: r.u32()}
		if r.ok && len(f.trex) < maxTracks {
			f.trex[id] = d
		}
		return nil
	})
}

// finish turns what was gathered into the Index.
func (f *isoFile) finish() {
	x := f.x
	longest := time.Duration(0)
	for _, t := range f.traks {
		t.finish(f.src)
		x.Tracks = append(x.Tracks, t.out)
		if f.chapterTracks[t.out.ID] {
			f.chapterTrack(t.out)
		}
		longest = max(longest, t.out.Start+t.out.Duration)
	}
	if f.mvhd.timescale != 0 {
		d := f.mvhd.duration
		if x.Fragmented && f.mehd != 0 {
			d = f.mehd
		}
		x.Duration = media.ToDuration(signed64(d), f.mvhd.timescale)
	}
	// A movie header of a fragmented file speaks of the samples in moov alone, where it says anything.
	if x.Duration <= 0 || x.Fragmented && f.mehd == 0 || f.frag.count > 0 && x.Duration < longest {
		x.Duration = longest
	}
	closeChapters(x.Chapters, x.Duration)
	if f.frag.count > 0 {
		x.Fragmented = true
	}
}
