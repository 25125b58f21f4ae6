package index

import (
	"context"
	"fmt"
	"io"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Precision says how much an index knows.
type Precision uint8

// The precisions.
const (
	None      Precision = iota // nothing: the packets have to be scanned
	Keyframes                  // when the video's keyframes are presented, from Matroska Cues
	Samples                    // every sample of every track
)

// String is the precision's name.
func (p Precision) String() string {
	switch p {
	case Keyframes:
		return "keyframes"
	case Samples:
		return "samples"
	default:
		return "none"
	}
}

// Index says what a source holds and where. It is not changed after Open and is safe for use by several goroutines.
type Index struct {
	Container  media.Container
	Precision  Precision
	Duration   time.Duration // of the presentation, as the container says it; the longest track's where it says none
	Title      string        // data, never markup
	Fragmented bool          // MP4 with movie fragments (moof), wholly or in part
	Tracks     []*Track      // in the order in which ffmpeg counts its streams
	Chapters   []media.Chapter

	mkv *segment // where blocks are found; Matroska only
}

// Open reads the index of a source of size bytes. r is kept for [Track.Samples]. A container that has no index gives
// an Index of precision None without tracks, and no error.
//
// Errors: fault.Damaged for a file that was never finished, is cut short or contradicts itself; fault.Unsupported for
// one whose index is beyond what the program reads; the context's error; r's own errors, wrapped.
func Open(ctx context.Context, r io.ReaderAt, size int64, c media.Container) (x *Index, err error) {
	defer func() {
		if p := recover(); p != nil {
			x, err = nil, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	src := &source{r: r, size: size}
	switch {
	case c.IsISO():
		x, err = openISO(ctx, src, c)
	case c.IsEBML():
		x, err = openMatroska(ctx, src, c)
	default:
		x = &Index{Container: c}
	}
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", c, err)
	}
	return x, nil
}

// Probe says the same as a media.Probe, as full as the headers allow.
func (x *Index) Probe() media.Probe {
	p := media.Probe{Container: x.Container, Duration: x.Duration, Title: x.Title, Chapters: x.Chapters}
	first := true
	for _, t := range x.Tracks {
		p.Tracks = append(p.Tracks, t.Track)
		p.BitRate += t.BitRate
		if t.Kind != media.Video && t.Kind != media.Audio || t.SampleCount == 0 && x.Precision == Samples {
			continue
		}
		if first || t.Start < p.Start {
			p.Start, first = t.Start, false
		}
	}
	return p
}

// The sentences of the faults that this package gives.
const (
	sentenceDamaged    = "This video is damaged: its index contradicts itself."
	sentenceUnfinished = "This video was never finished: its index is missing."
	sentenceCut        = "This video is cut short: part of it is missing."
	sentenceTooLarge   = "This video's index is larger than this program reads."
)

// damaged is a fault.Damaged for an index that contradicts itself, with the contradiction as its cause.
func damaged(format string, args ...any) error {
	return fault.Wrap(fmt.Errorf(format, args...), fault.Damaged, sentenceDamaged)
}

// tooLarge is a fault.Unsupported for an index beyond a bound.
func tooLarge(format string, args ...any) error {
	return fault.Wrap(fmt.Errorf(format, args...), fault.Unsupported, sentenceTooLarge)
}
