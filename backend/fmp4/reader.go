package fmp4

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/Eyevinn/mp4ff/mp4"

	"dropstream/backend/media"
)

// Bounds on what an encoder may put on the pipe.
const (
	maxMoov = 1 << 20
	maxMoof = 4 << 20
	trusted = 1 << 20 // allocated before any of it has arrived
)

// ErrMalformed says that the stream is no fragmented MP4 of one track.
var ErrMalformed = errors.New("malformed fragmented MP4")

// Encoded is what an encoder says of the track it writes.
type Encoded struct {
	Timescale   uint32
	SampleEntry []byte // the stsd entry, a whole box
}

// Fragment is one moof and its mdat.
type Fragment struct {
	Samples []Sample // in decode order, PTS in ticks of Encoded.Timescale on the encoder's own clock
	Data    []byte   // the samples' bytes
}

// Reader reads the fragmented MP4 that an encoder writes on a pipe: ftyp, moov, then moof and mdat by turns, with
// absolute decode times.
type Reader struct {
	r    *bufio.Reader
	trex *mp4.TrexBox
	enc  Encoded
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Init reads up to the end of moov. It must be called once, before Next.
func (r *Reader) Init() (e Encoded, err error) {
	defer recoverMalformed(&err)
	for {
		name, body, err := r.box(maxMoov, "moov")
		if err != nil {
			return Encoded{}, fmt.Errorf("read encoder's moov: %w", err)
		}
		if name != "moov" {
			continue
		}
		box, err := mp4.DecodeBox(0, bytes.NewReader(body))
		if err != nil {
			return Encoded{}, fmt.Errorf("decode encoder's moov: %w", err)
		}
		moov, ok := box.(*mp4.MoovBox)
		if !ok || len(moov.Traks) != 1 || moov.Mvex == nil || moov.Mvex.Trex == nil {
			return Encoded{}, fmt.Errorf("encoder's moov: %w", ErrMalformed)
		}
		r.trex = moov.Mvex.Trex
		r.enc.Timescale = moov.Trak.Mdia.Mdhd.Timescale
		if r.enc.SampleEntry, err = firstSampleEntry(moov.Trak.Mdia.Minf.Stbl.Stsd); err != nil {
			return Encoded{}, err
		}
		return r.enc, nil
	}
}

func firstSampleEntry(stsd *mp4.StsdBox) ([]byte, error) {
	if len(stsd.Children) != 1 {
		return nil, fmt.Errorf("encoder's stsd: %w", ErrMalformed)
	}
	var out bytes.Buffer
	if err := stsd.Children[0].Encode(&out); err != nil {
		return nil, fmt.Errorf("copy encoder's sample entry: %w", err)
	}
	if sound, is := stsd.Children[0].(*mp4.AudioSampleEntryBox); is {
		return soundEntry(sound, out.Bytes())
	}
	return CleanVisualEntry(out.Bytes())
}

// soundEntry gives an audio sample entry as it is, but without the bit rates that a muxer guesses for AAC: they differ
// from run to run.
func soundEntry(box *mp4.AudioSampleEntryBox, whole []byte) ([]byte, error) {
	if box.Esds == nil || box.Esds.DecConfigDescriptor == nil || box.Esds.DecConfigDescriptor.DecSpecificInfo == nil {
		return whole, nil
	}
	config := box.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
	return AACEntry(config, int(box.SampleRate), int(box.ChannelCount))
}

// Next reads the next fragment. It gives io.EOF after the last one, io.ErrUnexpectedEOF when the stream ends inside.
func (r *Reader) Next() (f Fragment, err error) {
	defer recoverMalformed(&err)
	for {
		name, body, err := r.box(maxMoof, "moof")
		if err != nil {
			return Fragment{}, err
		}
		if name != "moof" {
			continue
		}
		if f.Samples, err = r.samples(body); err != nil {
			return Fragment{}, err
		}
		var total uint64
		for _, s := range f.Samples {
			total += uint64(s.Size)
		}
		name, data, err := r.box(MaxSegmentBytes, "mdat")
		switch {
		case errors.Is(err, io.EOF):
			return Fragment{}, io.ErrUnexpectedEOF
		case err != nil:
			return Fragment{}, err
		case name != "mdat" || uint64(len(data)-8) != total:
			return Fragment{}, fmt.Errorf("encoder's mdat: %w", ErrMalformed)
		}
		f.Data = data[8:]
		return f, nil
	}
}

func (r *Reader) samples(moofBytes []byte) ([]Sample, error) {
	box, err := mp4.DecodeBox(0, bytes.NewReader(moofBytes))
	if err != nil {
		return nil, fmt.Errorf("decode encoder's moof: %w", err)
	}
	moof, ok := box.(*mp4.MoofBox)
	if !ok || len(moof.Trafs) != 1 || moof.Traf.Tfdt == nil || moof.Traf.Tfhd == nil {
		return nil, fmt.Errorf("encoder's moof: %w", ErrMalformed)
	}
	// The encoder counts from its own clock, which may begin below zero: the box is unsigned, the time is not.
	dts := int64(moof.Traf.Tfdt.BaseMediaDecodeTime())
	var out []Sample
	for _, trun := range moof.Traf.Truns {
		trun.AddSampleDefaultValues(moof.Traf.Tfhd, r.trex)
		for _, s := range trun.Samples {
			out = append(out, Sample{
				PTS:  dts + media.Ticks(s.CompositionTimeOffset),
				DTS:  dts,
				Size: s.Size,
				Sync: mp4.IsSyncSampleFlags(s.Flags),
			})
			dts += media.Ticks(s.Dur)
		}
	}
	return out, nil
}

// box reads the next box; the body of one that is not wanted is skipped and comes back empty.
func (r *Reader) box(limit uint64, want string) (name string, whole []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return "", nil, err
	}
	size := uint64(binary.BigEndian.Uint32(head[:]))
	name = string(head[4:])
	if size < 8 {
		return "", nil, fmt.Errorf("box %q of %d bytes: %w", name, size, ErrMalformed)
	}
	if name != want {
		_, err = io.CopyN(io.Discard, r.r, int64(size-8))
		return name, nil, err
	}
	if size > limit {
		return "", nil, fmt.Errorf("box %q of %d bytes: %w", name, size, ErrMalformed)
	}
	// Memory follows what arrives, not what the header promises.
	var buf bytes.Buffer
	buf.Grow(int(min(size, trusted)))
	buf.Write(head[:])
	if _, err := io.CopyN(&buf, r.r, int64(size-8)); err != nil {
		return "", nil, io.ErrUnexpectedEOF
	}
	return name, buf.Bytes(), nil
}

func recoverMalformed(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrMalformed, p)
	}
}
