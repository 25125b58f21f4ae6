package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"dropstream/backend/fault"
	"dropstream/backend/fmp4"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// rendition is one track of a title at one quality.
type rendition interface {
	// Plan gives the boundaries. It may take as long as reading the source's index again; the result is kept.
	Plan() (*plan.Plan, error)
	// Init gives the init segment.
	Init(ctx context.Context) ([]byte, error)
	// Segment gives segment n, 0 ≤ n < Plan().Len().
	Segment(ctx context.Context, n int) ([]byte, error)
}

// copyTrack is a rendition made of the source's own samples: nothing runs, nothing is stored.
type copyTrack struct {
	file   *os.File
	track  *index.Track
	origin media.Ticks // presentation time 0 on the source's clock, in the track's timescale
	plan   func() (*plan.Plan, error)
	init   fmp4.Init
	end    uint32      // the sample after the last one
	silent []byte      // for sound: the frame of silence that pads it; nil for pictures
	frame  media.Ticks // for sound: the length of a frame
}

func (c *copyTrack) Plan() (*plan.Plan, error) { return c.plan() }

// Init gives the init segment.
func (c *copyTrack) Init(context.Context) ([]byte, error) { return c.init.Bytes() }

// Segment cuts segment n out of the source.
func (c *copyTrack) Segment(ctx context.Context, n int) ([]byte, error) {
	p, err := c.plan()
	if err != nil {
		return nil, err
	}
	from, to := uint32(p.Cuts[n]), c.end
	if n+1 < len(p.Cuts) {
		to = uint32(p.Cuts[n+1])
	}
	source, err := c.track.Samples(nil, from, to)
	if err != nil {
		return nil, fmt.Errorf("find samples of segment %d: %w", n, err)
	}
	start, end := p.Span(n)
	samples := make([]fmp4.Sample, len(source))
	var total int64
	for i, s := range source {
		// A sound track's frames decode alone, whatever the table of sync samples says.
		samples[i] = fmp4.Sample{PTS: s.PTS() - c.origin, Size: s.Size, Sync: s.Sync || c.silent != nil || i == 0}
		total += int64(s.Size)
	}
	if total > fmp4.MaxSegmentBytes {
		return nil, fault.New(fault.Unsupported, "A part of this video is too large to send.")
	}
	pieces := []piece{{samples: source}}
	if c.silent != nil {
		samples, pieces = c.pad(samples, source, start, end)
		total += int64(len(c.silent) * (len(samples) - len(source)))
	}
	timing, err := fmp4.Time(samples, start, end)
	if err != nil {
		return nil, fmt.Errorf("time segment %d: %w", n, err)
	}
	head, err := fmp4.Header(uint32(n+1), start, samples, timing)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, int64(len(head))+total)
	out = append(out, head...)
	for _, p := range pieces {
		for range p.silence {
			out = append(out, c.silent...)
		}
		if out, err = c.read(ctx, out, p.samples); err != nil {
			return nil, fmt.Errorf("read samples of segment %d: %w", n, err)
		}
	}
	return out, nil
}

// piece is a run of a segment's bytes: frames of silence, then samples of the source.
type piece struct {
	silence int
	samples []index.Sample
}

// pad puts frames of silence wherever a sound track has none for the length of a frame or more: before sound that
// begins late, in its holes, and after sound that ends early.
func (c *copyTrack) pad(s []fmp4.Sample, source []index.Sample, start, end media.Ticks) ([]fmp4.Sample, []piece) {
	var padded []fmp4.Sample
	var pieces []piece
	silence := func(from, to media.Ticks) (n int) {
		for ; from+c.frame <= to; from += c.frame {
			padded = append(padded, fmp4.Sample{PTS: from, Size: uint32(len(c.silent)), Sync: true})
			n++
		}
		return n
	}
	at, from := start, 0 // where sound is due, and the first sample of the run
	var quiet int        // frames of silence before the run
	for i := range s {
		if s[i].PTS-at >= c.frame {
			if i > from {
				pieces = append(pieces, piece{quiet, source[from:i]})
				from, quiet = i, 0
			}
			quiet += silence(at, s[i].PTS)
		}
		padded = append(padded, s[i])
		at = s[i].PTS + c.frame
	}
	pieces = append(pieces, piece{quiet, source[from:]})
	return padded, append(pieces, piece{silence: silence(at, end)})
}

// read appends the samples' bytes, joining what lies side by side in the file.
func (c *copyTrack) read(ctx context.Context, out []byte, samples []index.Sample) ([]byte, error) {
	for i := 0; i < len(samples); {
		off, size := samples[i].Offset, int64(samples[i].Size)
		j := i + 1
		for ; j < len(samples) && samples[j].Offset == off+size; j++ {
			size += int64(samples[j].Size)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := len(out)
		out = out[:at+int(size)]
		if _, err := c.file.ReadAt(out[at:], off); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, fault.Wrap(err, fault.Damaged, "This part of the video is missing from the file.")
			}
			return nil, fault.Wrap(err, fault.Missing, "The file cannot be read any more.")
		}
		i = j
	}
	return out, nil
}

// newCopyVideo passes the samples of a judged video track through.
func newCopyVideo(v *videoSource, f *os.File, tl timeline, seed string) (*copyTrack, error) {
	entry, err := fmp4.CleanVisualEntry(v.indexed.SampleEntry)
	if err != nil {
		return nil, err
	}
	t := v.indexed
	c := &copyTrack{file: f, track: t, origin: tl.origin.in(t.Timescale), end: t.EndSample}
	w, h := v.track.Video.DisplaySize()
	c.init = fmp4.Init{Timescale: t.Timescale, Width: w, Height: h, SampleEntry: entry}
	c.plan = sync.OnceValues(func() (*plan.Plan, error) {
		keys := make([]media.Ticks, len(v.keyframes))
		for i, k := range v.keyframes {
			keys[i] = k - c.origin
		}
		p := plan.Passthrough(plan.Video{
			Seed: seed, Timescale: t.Timescale, Total: media.FromDuration(tl.total, t.Timescale),
			Keyframes: keys,
		})
		for i, k := range p.Cuts {
			p.Cuts[i] = int(v.keySamples[k])
		}
		p.Cuts[0] = int(t.FirstSample)
		return p, nil
	})
	return c, nil
}

// newCopyAudio passes the samples of a judged AAC track through.
func newCopyAudio(a audioSource, f *os.File, tl timeline, seed string) (*copyTrack, error) {
	t := a.indexed
	entry, err := fmp4.AACEntry(t.CodecPrivate, a.track.Audio.SampleRate, a.track.Audio.Channels)
	if err != nil {
		return nil, err
	}
	// The first samples of a cut track say odd lengths; one from the middle says the track's own.
	middle := t.FirstSample + (t.EndSample-t.FirstSample)/2
	one, err := t.Samples(nil, middle, middle+1)
	if err != nil || len(one) != 1 {
		return nil, fmt.Errorf("read a sample of track %d: %w", a.track.Index, err)
	}
	c := &copyTrack{
		frame: max(1, media.Ticks(one[0].Duration)), file: f, track: t, origin: tl.origin.in(t.Timescale),
		end:    t.EndSample,
		silent: fmp4.SilentAAC(a.track.Audio.Channels),
		init:   fmp4.Init{Timescale: t.Timescale, SampleEntry: entry},
	}
	c.plan = sync.OnceValues(func() (*plan.Plan, error) {
		end := t.EndTicks - c.origin
		if total := media.FromDuration(tl.total, t.Timescale); total-end > c.frame {
			end = total
		}
		return plan.AudioPassthrough(plan.AudioTrack{
			Seed: seed, Timescale: t.Timescale, End: end, First: int(t.FirstSample),
			Count: int(t.EndSample - t.FirstSample), At: c.sampleAfter,
		}), nil
	})
	return c, nil
}

// sampleAfter gives the first sample at or after presentation time t.
func (c *copyTrack) sampleAfter(t media.Ticks) (sample int, at media.Ticks, ok bool) {
	i := c.track.SampleAt(t + c.origin)
	for range 3 {
		if i >= c.end {
			return 0, 0, false
		}
		if i >= c.track.FirstSample {
			s, err := c.track.Samples(nil, i, i+1)
			if err != nil || len(s) != 1 {
				return 0, 0, false
			}
			if pts := s[0].PTS() - c.origin; pts >= t {
				return int(i), pts, true
			}
		}
		i++
	}
	return 0, 0, false
}
