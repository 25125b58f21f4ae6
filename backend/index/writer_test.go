package index_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"dropstream/backend/index"
)

// The test's own writer of ISO BMFF boxes: it writes what it is told, right or wrong.

func u8(v ...byte) []byte { return v }

func u16(v ...uint16) (p []byte) {
	for _, n := range v {
		p = binary.BigEndian.AppendUint16(p, n)
	}
	return p
}

func u32(v ...uint32) (p []byte) {
	for _, n := range v {
		p = binary.BigEndian.AppendUint32(p, n)
	}
	return p
}

func u64(v ...uint64) (p []byte) {
	for _, n := range v {
		p = binary.BigEndian.AppendUint64(p, n)
	}
	return p
}

func box(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(u32(uint32(8+len(body))), typ...), body...)
}

// fullBox is a box with a version and flags.
func fullBox(typ string, version byte, flags uint32, parts ...[]byte) []byte {
	return box(typ, append([][]byte{u32(uint32(version)<<24 | flags)}, parts...)...)
}

// track describes a trak to be written.
type track struct {
	id        uint32
	handler   string
	timescale uint32
	entry     []byte   // sample entry
	edits     [][3]int // duration in the movie's timescale, media time, rate
	boxes     [][]byte // of stbl, after stsd
}

const movieTimescale = 1000

func (t track) bytes() []byte {
	var edts []byte
	if t.edits != nil {
		entries := u32(uint32(len(t.edits)))
		for _, e := range t.edits {
			entries = append(entries, u64(uint64(e[0]), uint64(int64(e[1])))...)
			entries = append(entries, u32(uint32(e[2])<<16)...)
		}
		edts = box("edts", fullBox("elst", 1, 0, entries))
	}
	stbl := append([][]byte{fullBox("stsd", 0, 0, u32(1), t.entry)}, t.boxes...)
	return box("trak",
		fullBox("tkhd", 0, 3, u32(0, 0, t.id, 0, 0), make([]byte, 16),
			u32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30), u32(0, 0)),
		edts,
		box("mdia",
			fullBox("mdhd", 0, 0, u32(0, 0, t.timescale, 0), u16(0x55c4, 0)),
			fullBox("hdlr", 0, 0, u32(0), []byte(t.handler), make([]byte, 13)),
			box("minf", box("stbl", stbl...))))
}

func moov(tracks ...track) []byte {
	parts := make([][]byte, 0, 1+len(tracks))
	parts = append(parts, fullBox("mvhd", 0, 0, u32(0, 0, movieTimescale, 0, 1<<16, 1<<24, 0, 0),
		u32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30), make([]byte, 28)))
	for _, t := range tracks {
		parts = append(parts, t.bytes())
	}
	return box("moov", parts...)
}

// videoEntry is an avc1 sample entry without a configuration.
func videoEntry(w, h uint16) []byte {
	return box("avc1", make([]byte, 6), u16(1), make([]byte, 16), u16(w, h), make([]byte, 50))
}

// soundEntry is an mp4a sample entry without a configuration.
func soundEntry() []byte {
	return box("mp4a", make([]byte, 6), u16(1), make([]byte, 8), u16(2, 16, 0, 0), u32(48000<<16))
}

// plan says what a generated track holds, and so what the index must find.
type plan struct {
	sizes    []uint32
	duration []uint32
	cto      []int32
	keys     []uint32 // samples, from 0; nil: no stss
	chunks   []int    // samples in each chunk
	offsets  []int64  // of each chunk
}

// boxes writes the plan's tables, run-length coded.
func (p plan) boxes(wide bool) [][]byte {
	stts, ctts := runs(p.duration), []byte(nil)
	if p.cto != nil {
		unsigned := make([]uint32, len(p.cto))
		for i, v := range p.cto {
			unsigned[i] = uint32(v)
		}
		ctts = fullBox("ctts", 1, 0, runs(unsigned))
	}
	var stsc, stco []byte
	n, last := uint32(0), -1
	for i, c := range p.chunks {
		if c != last {
			stsc = append(stsc, u32(uint32(i+1), uint32(c), 1)...)
			n++
			last = c
		}
	}
	for _, off := range p.offsets {
		if wide {
			stco = append(stco, u64(uint64(off))...)
		} else {
			stco = append(stco, u32(uint32(off))...)
		}
	}
	name := map[bool]string{false: "stco", true: "co64"}[wide]
	all := [][]byte{
		fullBox("stts", 0, 0, stts), ctts,
		fullBox("stsz", 0, 0, u32(0, uint32(len(p.sizes))), u32(p.sizes...)),
		fullBox("stsc", 0, 0, u32(n), stsc),
		fullBox(name, 0, 0, u32(uint32(len(p.offsets))), stco),
	}
	if p.keys != nil {
		one := make([]uint32, len(p.keys))
		for i, k := range p.keys {
			one[i] = k + 1
		}
		all = append(all, fullBox("stss", 0, 0, u32(uint32(len(one))), u32(one...)))
	}
	return all
}

// runs is a table of (count, value) pairs, with its entry count.
func runs(v []uint32) []byte {
	var p []byte
	n := uint32(0)
	for i := 0; i < len(v); {
		j := i
		for j < len(v) && v[j] == v[i] {
			j++
		}
		p = append(p, u32(uint32(j-i), v[i])...)
		n++
		i = j
	}
	return append(u32(n), p...)
}

// want is what Samples must say of the plan's samples.
func (p plan) want(shift int64) []index.Sample {
	out := make([]index.Sample, 0, len(p.sizes))
	key := map[uint32]bool{}
	for _, k := range p.keys {
		key[k] = true
	}
	dts := shift
	for c, n := range p.chunks {
		at := p.offsets[c]
		for range n {
			i := len(out)
			s := index.Sample{Offset: at, Size: p.sizes[i], Duration: p.duration[i], DTS: dts}
			s.Sync = p.keys == nil || key[uint32(i)]
			if p.cto != nil {
				s.CTO = p.cto[i]
			}
			at += int64(s.Size)
			dts += int64(s.Duration)
			out = append(out, s)
		}
	}
	return out
}

// sparse is a large file of which only a few pieces exist; the rest reads as zeros.
type sparse struct {
	size   int64
	pieces map[int64][]byte
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, fmt.Errorf("read at %d of %d: %w", off, s.size, io.EOF)
	}
	n := int(min(int64(len(p)), s.size-off))
	clear(p[:n])
	for at, piece := range s.pieces {
		from, to := max(off, at), min(off+int64(n), at+int64(len(piece)))
		if from < to {
			copy(p[from-off:], piece[from-at:to-at])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
