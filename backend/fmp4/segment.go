package fmp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"

	"dropstream/backend/media"
)

// Sample is one frame of a segment being made, in decode order.
type Sample struct {
	PTS  media.Ticks // presentation ticks of the track
	DTS  media.Ticks // decode time, where a Reader read it; it is not written
	Size uint32      // bytes
	Sync bool        // decoding can start here
}

// Sample flags (ISO/IEC 14496-12 §8.8.3.1): a sync sample depends on no other; any other one does.
const (
	flagsSync    = 0x02000000
	flagsNonSync = 0x01010000
)

// MaxSegmentBytes bounds a media segment.
const MaxSegmentBytes = 256 << 20

// ErrEmpty says that a segment has no sample.
var ErrEmpty = errors.New("segment without samples")

// Timing is when the samples of a segment are decoded and shown.
type Timing struct {
	Durations []uint32 // by decode time
	Offsets   []int32  // PTS − DTS, signed
}

// Time lays the samples of a segment over exactly [from, to). Decode times are the presentation times in ascending
// order: the n-th sample decoded takes the n-th time shown, which needs nothing but the presentation times, and
// makes each segment independent of how its encoder counted. The first sample shown is stretched back to from and
// the last one on to to, so segments abut whatever the frame rate does.
func Time(samples []Sample, from, to media.Ticks) (Timing, error) {
	if len(samples) == 0 {
		return Timing{}, ErrEmpty
	}
	order := make([]media.Ticks, len(samples))
	for i, s := range samples {
		order[i] = s.PTS
	}
	slices.Sort(order)
	t := Timing{Durations: make([]uint32, len(samples)), Offsets: make([]int32, len(samples))}
	first := order[0]
	order[0] = from
	for i := 1; i < len(order); i++ { // equal or early times are spread by a tick, so that none is lost
		order[i] = max(order[i], order[i-1]+1)
	}
	if order[len(order)-1] >= to {
		return Timing{}, fmt.Errorf("time segment: last frame at %d is past its end %d", order[len(order)-1], to)
	}
	for i := range samples {
		next := to
		if i+1 < len(order) {
			next = order[i+1]
		}
		d := next - order[i]
		if d <= 0 || d > 1<<32-1 {
			return Timing{}, fmt.Errorf("time segment: frame of %d ticks", d)
		}
		t.Durations[i] = uint32(d)
		pts := samples[i].PTS
		if pts == first {
			pts = from
		}
		offset := pts - order[i]
		if offset != int64(int32(offset)) {
			return Timing{}, fmt.Errorf("time segment: composition offset of %d ticks", offset)
		}
		t.Offsets[i] = int32(offset)
	}
	return t, nil
}

// Header gives the styp and moof boxes and the mdat header that precede the samples' bytes. Sequence counts from 1.
// The samples' bytes follow in the same order.
func Header(sequence uint32, tfdt media.Ticks, samples []Sample, t Timing) ([]byte, error) {
	if len(samples) == 0 {
		return nil, ErrEmpty
	}
	var payload uint64
	for _, s := range samples {
		payload += uint64(s.Size)
	}
	if payload > MaxSegmentBytes {
		return nil, fmt.Errorf("write segment: %d bytes are more than a segment may have", payload)
	}
	const stypSize, mfhdSize, tfhdSize, tfdtSize, trunHead = 24, 16, 16, 20, 20
	trunSize := trunHead + 16*len(samples)
	trafSize := 8 + tfhdSize + tfdtSize + trunSize
	moofSize := 8 + mfhdSize + trafSize
	b := make([]byte, 0, stypSize+moofSize+8)
	u32 := func(v uint32) { b = binary.BigEndian.AppendUint32(b, v) }
	box := func(size int, name string) { u32(uint32(size)); b = append(b, name...) }

	box(stypSize, "styp")
	b = append(b, "msdh\x00\x00\x00\x00msdhmsix"...)
	box(moofSize, "moof")
	box(mfhdSize, "mfhd")
	u32(0)
	u32(sequence)
	box(trafSize, "traf")
	box(tfhdSize, "tfhd")
	u32(0x020000) // default-base-is-moof
	u32(TrackID)
	box(tfdtSize, "tfdt")
	u32(1 << 24) // version 1: 64-bit
	b = binary.BigEndian.AppendUint64(b, uint64(tfdt))
	box(trunSize, "trun")
	u32(1<<24 | 0x000f01) // version 1: signed offsets; data offset, duration, size, flags, offset
	u32(uint32(len(samples)))
	u32(uint32(moofSize + 8)) // data offset, from the start of moof
	for i, s := range samples {
		flags := uint32(flagsNonSync)
		if s.Sync {
			flags = flagsSync
		}
		u32(t.Durations[i])
		u32(s.Size)
		u32(flags)
		u32(uint32(t.Offsets[i]))
	}
	box(int(payload)+8, "mdat")
	return b, nil
}

// TrackID is the one track of every file made here.
const TrackID = 1

// Segment makes a whole media segment over [from, to) from samples whose bytes stand one after the other in data.
func Segment(sequence uint32, samples []Sample, data []byte, from, to media.Ticks) ([]byte, error) {
	t, err := Time(samples, from, to)
	if err != nil {
		return nil, err
	}
	head, err := Header(sequence, from, samples, t)
	if err != nil {
		return nil, err
	}
	return append(head, data...), nil
}

// FirstSample gives the bytes of the first sample of a segment made here.
func FirstSample(segment []byte) ([]byte, error) {
	f, err := mp4.DecodeFile(bytes.NewReader(segment))
	if err != nil {
		return nil, fmt.Errorf("decode segment: %w", err)
	}
	if len(f.Segments) != 1 || len(f.Segments[0].Fragments) != 1 {
		return nil, ErrMalformed
	}
	samples, err := f.Segments[0].Fragments[0].GetFullSamples(nil)
	if err != nil {
		return nil, fmt.Errorf("decode segment: %w", err)
	}
	if len(samples) == 0 {
		return nil, ErrEmpty
	}
	return samples[0].Data, nil
}
