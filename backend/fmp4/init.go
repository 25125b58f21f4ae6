package fmp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/mp4"
)

// Init describes the one track of a rendition.
type Init struct {
	Timescale     uint32
	Width, Height int    // of a video track, as shown; 0 for sound
	SampleEntry   []byte // the stsd entry, a whole box: avc1, mp4a, …
}

// Bytes gives the init segment: ftyp and moov, with no samples (RFC 8216 §3.3).
func (i Init) Bytes() ([]byte, error) {
	if len(i.SampleEntry) < 16 || int(binary.BigEndian.Uint32(i.SampleEntry)) != len(i.SampleEntry) {
		return nil, errors.New("write init segment: sample entry is no whole box")
	}
	seg := mp4.NewMP4Init()
	seg.AddChild(mp4.NewFtyp("iso6", 0, []string{"iso6", "cmfc", "mp41"}))
	moov := mp4.NewMoovBox()
	seg.AddChild(moov)
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale = i.Timescale
	mvhd.NextTrackID = TrackID + 1
	moov.AddChild(mvhd)
	kind := "audio"
	if i.Width > 0 {
		kind = "video"
	}
	trak := mp4.CreateEmptyTrak(TrackID, i.Timescale, kind, "und")
	moov.AddChild(trak)
	if i.Width > 0 {
		trak.Tkhd.Width = mp4.Fixed32(uint32(i.Width) << 16)
		trak.Tkhd.Height = mp4.Fixed32(uint32(i.Height) << 16)
	}
	stsd := trak.Mdia.Minf.Stbl.Stsd
	entry, err := rawBox(i.SampleEntry)
	if err != nil {
		return nil, err
	}
	stsd.Children = append(stsd.Children, entry)
	stsd.SampleCount = 1
	mvex := mp4.NewMvexBox()
	mvex.AddChild(mp4.CreateTrex(TrackID))
	moov.AddChild(mvex)
	var out bytes.Buffer
	if err := seg.Encode(&out); err != nil {
		return nil, fmt.Errorf("write init segment: %w", err)
	}
	return out.Bytes(), nil
}

// rawBox makes a box that is written as it is.
func rawBox(whole []byte) (mp4.Box, error) {
	return mp4.CreateUnknownBox(string(whole[4:8]), uint64(len(whole)), whole[8:]), nil
}
