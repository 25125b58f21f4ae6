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
	Rotation      int    // clockwise turns that players have to make for that, in degrees: 0, 90, 180, 270
	Mirrored      bool   // players have to mirror it left to right, before they turn it
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
		w, h := i.Width, i.Height
		if i.Rotation == 90 || i.Rotation == 270 {
			w, h = h, w
		}
		trak.Tkhd.Width = mp4.Fixed32(uint32(w) << 16)
		trak.Tkhd.Height = mp4.Fixed32(uint32(h) << 16)
		trak.Tkhd.Matrix = matrix(i.Rotation, i.Mirrored, int32(w), int32(h))
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

// matrix is the transformation (ISO/IEC 14496-12 §6.2.2) that shows a picture of w×h as it is meant, with its corner
// where it was.
func matrix(rotation int, mirrored bool, w, h int32) [9]int32 {
	a, b, c, d := int32(1), int32(0), int32(0), int32(1) // x' = a·x + c·y, y' = b·x + d·y
	switch rotation {
	case 90:
		a, b, c, d = 0, 1, -1, 0
	case 180:
		a, d = -1, -1
	case 270:
		a, b, c, d = 0, -1, 1, 0
	}
	if mirrored {
		a, b = -a, -b
	}
	back := func(x, y int32) int32 { return -(min(0, x*w) + min(0, y*h)) }
	const one, oneW = 1 << 16, 1 << 30
	return [9]int32{a * one, b * one, 0, c * one, d * one, 0, back(a, c) * one, back(b, d) * one, oneW}
}

// rawBox makes a box that is written as it is.
func rawBox(whole []byte) (mp4.Box, error) {
	return mp4.CreateUnknownBox(string(whole[4:8]), uint64(len(whole)), whole[8:]), nil
}
