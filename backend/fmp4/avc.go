package fmp4

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/Eyevinn/mp4ff/bits"
)

// ErrReconfigured says that a sample brings other parameter sets than its sample entry holds: the picture's size or
// format changes midway.
var ErrReconfigured = errors.New("the samples' configuration changes midway")

// AVC reads the samples of an H.264 track with the parameter sets of its sample entry.
type AVC struct {
	sets [][]byte          // SPS and PPS, whole NAL units
	sps  map[uint32]avcSPS //
	pps  map[uint32]uint32 // the SPS of each PPS

	before struct{ lsb, msb int64 } // of the last reference picture (ISO/IEC 14496-10 §8.2.1.1)
	count  int64                    // pictures since the last IDR picture
}

// avcSPS is what of a sequence parameter set tells the order of pictures.
type avcSPS struct {
	frameNumBits, orderBits int
	orderType               uint
	separatePlanes          bool
	framesOnly              bool
}

// AVCSample is what a sample holds.
type AVCSample struct {
	IDR bool // decoding can start here, and nothing after it refers to anything before
	// Order is where the picture is shown among those from the last IDR picture on; Ordered is false where the stream
	// does not say it in a way that is read here.
	Order   int64
	Ordered bool
	// Data is the sample without the parameter sets, delimiters and padding that the sample entry makes superfluous.
	Data []byte
}

// More NAL unit types (ISO/IEC 14496-10 table 7-1).
const (
	nalPartition = 2 // the first of a slice in three parts
	nalPPS       = 8
	nalFiller    = 12
	nalSPSExt    = 13
)

// NewAVC takes the parameter sets out of an avc1 sample entry.
func NewAVC(entry []byte) (a *AVC, err error) {
	defer recoverMalformed(&err)
	p, err := ReadParameterSets(entry)
	if err != nil {
		return nil, err
	}
	a = &AVC{sps: map[uint32]avcSPS{}, pps: map[uint32]uint32{}}
	for _, nal := range slices.Concat(p.SPS, p.PPS) {
		a.set(nal)
	}
	return a, nil
}

func (a *AVC) set(nal []byte) {
	a.sets = append(a.sets, nal)
	r := bits.NewEBSPReader(bytes.NewReader(nal[1:]))
	switch nal[0] & 0x1f {
	case nalSPS:
		if id, s, ok := readSPS(r); ok {
			a.sps[id] = s
		}
	case nalPPS:
		id := uint32(r.ReadExpGolomb())
		if of := uint32(r.ReadExpGolomb()); r.AccError() == nil {
			a.pps[id] = of
		}
	}
}

// highProfiles have a chroma format and scaling lists in their SPS (§7.3.2.1.1).
var highProfiles = []uint{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

// readSPS reads a sequence parameter set, behind its NAL unit's header, up to the order of pictures (§7.3.2.1.1).
func readSPS(r *bits.EBSPReader) (id uint32, s avcSPS, ok bool) {
	profile := r.Read(8)
	r.Read(16) // constraint flags and level
	id = uint32(r.ReadExpGolomb())
	if slices.Contains(highProfiles, profile) {
		lists := 8
		if r.ReadExpGolomb() == 3 { // chroma_format_idc
			s.separatePlanes = r.ReadFlag()
			lists = 12
		}
		r.ReadExpGolomb() // bit depths
		r.ReadExpGolomb()
		r.ReadFlag()
		if r.ReadFlag() { // seq_scaling_matrix_present_flag
			for i := range lists {
				if r.ReadFlag() {
					skipScalingList(r, i)
				}
			}
		}
	}
	s.frameNumBits = int(r.ReadExpGolomb()) + 4
	s.orderType = r.ReadExpGolomb()
	switch s.orderType {
	case 0:
		s.orderBits = int(r.ReadExpGolomb()) + 4
	case 2:
	default:
		return id, s, r.AccError() == nil // its order is not read
	}
	r.ReadExpGolomb() // max_num_ref_frames
	r.ReadFlag()
	r.ReadExpGolomb() // width and height
	r.ReadExpGolomb()
	s.framesOnly = r.ReadFlag()
	return id, s, r.AccError() == nil && s.frameNumBits <= 16 && s.orderBits <= 16
}

// skipScalingList reads over scaling list i (§7.3.2.1.1.1).
func skipScalingList(r *bits.EBSPReader, i int) {
	size := 16
	if i >= 6 {
		size = 64
	}
	last, next := 8, 8
	for range size {
		if next != 0 {
			next = (last + r.ReadSignedGolomb() + 256) % 256
		}
		if next != 0 {
			last = next
		}
	}
}

// Read takes a sample apart. Errors: ErrReconfigured, ErrMalformed.
func (a *AVC) Read(sample []byte) (s AVCSample, err error) {
	defer recoverMalformed(&err)
	first := true
	s.Data, err = stripNALs(sample, func(nal []byte) (drop bool, err error) {
		switch kind := nal[0] & 0x1f; kind {
		case nalSPS, nalPPS, nalSPSExt:
			if !contains(a.sets, nal) {
				return false, ErrReconfigured
			}
			return true, nil
		case nalAUD, nalFiller:
			return true, nil
		case nalIDR, nalSlice, nalPartition:
			if first {
				first = false
				s.IDR = kind == nalIDR
				s.Order, s.Ordered = a.order(nal)
			}
		}
		return false, nil
	})
	if err == nil && first {
		err = fmt.Errorf("sample without a slice: %w", ErrMalformed)
	}
	return s, err
}

// sliceHead is more than the part of a slice's header that is read.
const sliceHead = 64

// order gives a picture's order count from the header of its first slice (§7.3.3, §8.2.1).
func (a *AVC) order(nal []byte) (order int64, ok bool) {
	r := bits.NewEBSPReader(bytes.NewReader(nal[1:min(len(nal), sliceHead)]))
	r.ReadExpGolomb() // first_mb_in_slice
	r.ReadExpGolomb() // slice_type
	idr := nal[0]&0x1f == nalIDR
	if a.count++; idr {
		a.before.lsb, a.before.msb, a.count = 0, 0, 0
	}
	of, known := a.pps[uint32(r.ReadExpGolomb())]
	sps, found := a.sps[of]
	switch {
	case !known || !found || !sps.framesOnly:
		return 0, false
	case sps.orderType == 2: // shown as they are decoded
		return a.count, r.AccError() == nil
	case sps.orderType != 0:
		return 0, false
	}
	if sps.separatePlanes {
		r.Read(2)
	}
	r.Read(sps.frameNumBits)
	if idr {
		r.ReadExpGolomb() // idr_pic_id
	}
	lsb, whole := int64(r.Read(sps.orderBits)), int64(1)<<sps.orderBits
	if r.AccError() != nil {
		return 0, false
	}
	msb := a.before.msb
	switch {
	case lsb < a.before.lsb && a.before.lsb-lsb >= whole/2:
		msb += whole
	case lsb > a.before.lsb && lsb-a.before.lsb > whole/2:
		msb -= whole
	}
	if nal[0]&0x60 != 0 { // nal_ref_idc: others refer to it
		a.before.lsb, a.before.msb = lsb, msb
	}
	return msb + lsb, true
}
