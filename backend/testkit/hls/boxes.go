package hls

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"
)

// track is what an init segment says.
type track struct {
	kind          string // "video" or "audio"
	id            uint32
	timescale     uint32
	codec         string // RFC 6381
	width, height int    // of the sample entry, pixel aspect not applied
	nalSize       int    // bytes of a NAL unit's length; 0 for what is not made of NAL units
	hevc          bool
	parameterSets [][]byte // in the order a decoder needs them
	trex          *mp4.TrexBox
}

// segment is a media segment, taken apart.
type segment struct {
	n       int
	data    []byte
	tfdt    uint64
	end     uint64 // tfdt plus the durations of all its samples
	samples []mp4.FullSample
}

// parseInit takes an init segment apart. wrong names what a player may stumble over.
func parseInit(data []byte) (t *track, wrong []string, err error) {
	defer recovered(&err)
	f, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fmt.Errorf("decode init segment: %w", err)
	}
	if f.Init == nil || f.Init.Moov == nil || f.Init.Moov.Mvex == nil || f.Init.Moov.Mvex.Trex == nil {
		return nil, nil, errors.New("no moov with mvex and trex")
	}
	if len(f.Segments) > 0 || f.Mdat != nil {
		wrong = append(wrong, "the init segment holds media")
	}
	if f.Ftyp == nil {
		wrong = append(wrong, "no ftyp")
	}
	moov := f.Init.Moov
	if len(moov.Traks) != 1 {
		return nil, wrong, fmt.Errorf("%d tracks, not one", len(moov.Traks))
	}
	trak := moov.Trak
	if trak.Edts != nil && len(trak.Edts.Elst) > 0 && len(trak.Edts.Elst[0].Entries) > 0 {
		wrong = append(wrong, "an edit list: engines differ in what they make of it")
	}
	if n := trak.Mdia.Minf.Stbl.Stsz; n != nil && n.SampleNumber > 0 {
		wrong = append(wrong, fmt.Sprintf("%d samples in moov", n.SampleNumber))
	}
	t = &track{id: trak.Tkhd.TrackID, timescale: trak.Mdia.Mdhd.Timescale, trex: moov.Mvex.Trex}
	if t.timescale == 0 {
		return nil, wrong, errors.New("timescale is 0")
	}
	if t.trex.TrackID != t.id {
		wrong = append(wrong, fmt.Sprintf("trex is of track %d, not %d", t.trex.TrackID, t.id))
	}
	return t, wrong, t.entry(trak.Mdia.Minf.Stbl.Stsd)
}

// entry reads the sample entry.
func (t *track) entry(stsd *mp4.StsdBox) error {
	if len(stsd.Children) != 1 {
		return fmt.Errorf("%d sample entries, not one", len(stsd.Children))
	}
	switch {
	case stsd.AvcX != nil && stsd.AvcX.AvcC != nil:
		c := stsd.AvcX.AvcC
		t.kind, t.nalSize = "video", 4
		t.codec = fmt.Sprintf("%s.%02x%02x%02x", stsd.AvcX.Type(), c.AVCProfileIndication, c.ProfileCompatibility,
			c.AVCLevelIndication)
		t.width, t.height = int(stsd.AvcX.Width), int(stsd.AvcX.Height)
		t.parameterSets = slices.Concat(c.SPSnalus, c.PPSnalus)
		if len(c.SPSnalus) == 0 || len(c.PPSnalus) == 0 {
			return errors.New("no parameter sets in avcC")
		}
	case stsd.HvcX != nil && stsd.HvcX.HvcC != nil:
		t.kind, t.nalSize, t.hevc = "video", 4, true
		t.codec = stsd.HvcX.Type()
		t.width, t.height = int(stsd.HvcX.Width), int(stsd.HvcX.Height)
		for _, a := range stsd.HvcX.HvcC.NaluArrays {
			t.parameterSets = append(t.parameterSets, a.Nalus...)
		}
	case stsd.Mp4a != nil && stsd.Mp4a.Esds != nil && stsd.Mp4a.Esds.DecConfigDescriptor != nil:
		t.kind, t.codec = "audio", "mp4a"
		d := stsd.Mp4a.Esds.DecConfigDescriptor
		if d.DecSpecificInfo != nil && len(d.DecSpecificInfo.DecConfig) > 0 {
			t.codec = fmt.Sprintf("mp4a.%02x.%d", d.ObjectType, d.DecSpecificInfo.DecConfig[0]>>3)
		}
	default:
		box := stsd.Children[0]
		t.codec = box.Type()
		switch e := box.(type) {
		case *mp4.VisualSampleEntryBox:
			t.kind, t.width, t.height = "video", int(e.Width), int(e.Height)
		case *mp4.AudioSampleEntryBox:
			t.kind = "audio"
		default:
			return fmt.Errorf("unknown sample entry %q", box.Type())
		}
	}
	return nil
}

// parseSegment takes a media segment apart with its rendition's init segment.
func parseSegment(n int, initData, data []byte, t *track) (s *segment, wrong []string, err error) {
	defer recovered(&err)
	f, err := mp4.DecodeFile(io.MultiReader(bytes.NewReader(initData), bytes.NewReader(data)))
	if err != nil {
		return nil, nil, fmt.Errorf("decode segment: %w", err)
	}
	s = &segment{n: n, data: data}
	for _, part := range f.Segments {
		for _, fragment := range part.Fragments {
			w, err := s.add(fragment, t)
			if err != nil {
				return nil, wrong, err
			}
			wrong = append(wrong, w...)
		}
	}
	if len(s.samples) == 0 {
		return nil, wrong, errors.New("no samples")
	}
	return s, wrong, nil
}

// add takes in one moof and its mdat.
func (s *segment) add(f *mp4.Fragment, t *track) (wrong []string, err error) {
	if f.Moof == nil || f.Mdat == nil || len(f.Moof.Trafs) != 1 || f.Moof.Traf.Tfdt == nil {
		return nil, errors.New("not one moof with one traf with tfdt, and mdat")
	}
	traf := f.Moof.Traf
	if traf.Tfhd.TrackID != t.id {
		return nil, fmt.Errorf("traf of track %d, init segment of %d", traf.Tfhd.TrackID, t.id)
	}
	if !traf.Tfhd.DefaultBaseIfMoof() {
		wrong = append(wrong, "default-base-is-moof is not set")
	}
	samples, err := f.GetFullSamples(t.trex)
	if err != nil {
		return wrong, fmt.Errorf("read samples: %w", err)
	}
	tfdt := traf.Tfdt.BaseMediaDecodeTime()
	if len(s.samples) == 0 {
		s.tfdt, s.end = tfdt, tfdt
	} else if tfdt != s.end {
		wrong = append(wrong, fmt.Sprintf("a fragment starts at %d, the one before ends at %d", tfdt, s.end))
	}
	var bytesOfSamples uint64
	for _, sample := range samples {
		s.end += uint64(sample.Dur)
		bytesOfSamples += uint64(sample.Size)
	}
	if got := f.Mdat.DataLength(); got != bytesOfSamples {
		wrong = append(wrong, fmt.Sprintf("mdat holds %d bytes, its samples %d", got, bytesOfSamples))
	}
	s.samples = append(s.samples, samples...)
	return wrong, nil
}

// pts are the presentation times of a segment's samples in decode order.
func (s *segment) pts() []int64 {
	all := make([]int64, len(s.samples))
	for i, sample := range s.samples {
		all[i] = int64(sample.DecodeTime) + int64(sample.CompositionTimeOffset)
	}
	return all
}

// nals splits a sample at its NAL lengths.
func (t *track) nals(sample []byte) ([][]byte, error) {
	var all [][]byte
	for len(sample) > 0 {
		if len(sample) < 4 {
			return all, fmt.Errorf("%d bytes left over", len(sample))
		}
		n := binary.BigEndian.Uint32(sample)
		if uint64(n) > uint64(len(sample)-4) || n == 0 {
			return all, fmt.Errorf("a NAL unit of %d bytes in %d", n, len(sample)-4)
		}
		all = append(all, sample[4:4+n])
		sample = sample[4+n:]
	}
	return all, nil
}

// keyframe says whether a sample's own first slice is one that decoding may start at: an IDR picture in H.264 (type
// 5, ISO/IEC 14496-10 §7.4.1), an IRAP picture in H.265 (types 16 to 21, ISO/IEC 23008-2 §7.4.2.2).
func (t *track) keyframe(sample []byte) (bool, error) {
	nals, err := t.nals(sample)
	for _, nal := range nals {
		if t.hevc {
			if kind := nal[0] >> 1 & 0x3f; kind < 32 {
				return kind >= 16 && kind <= 21, err
			}
			continue
		}
		if kind := nal[0] & 0x1f; kind >= 1 && kind <= 5 {
			return kind == 5, err
		}
	}
	if err == nil {
		err = errors.New("no slice in the sample")
	}
	return false, err
}

// recovered turns a panic of the box parser into an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("box parser panicked: %v", v)
	}
}
