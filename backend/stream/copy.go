package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"dropstream/backend/codec"
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
	file     *os.File
	samples  sampleSource
	origin   media.Ticks // presentation time 0 on the source's clock, in the plan's timescale
	plan     func() (*plan.Plan, error)
	init     fmp4.Init
	end      int    // the cut after the last one
	stripped []byte // what every sample begins with and the file leaves out
	sound    bool
	silent   []byte      // for sound: the frame of silence that pads it; nil where there is none
	frame    media.Ticks // for sound: the length of a frame
	quiet    media.Ticks // the length of a frame of silence
}

// cuts gives the two cuts that segment n lies between.
func (c *copyTrack) cuts(p *plan.Plan, n int) (from, to int) {
	if n+1 < len(p.Cuts) {
		return p.Cuts[n], p.Cuts[n+1]
	}
	return p.Cuts[n], c.end
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
	from, to := c.cuts(p, n)
	source, where, err := c.samples.between(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("find samples of segment %d: %w", n, err)
	}
	if where == nil {
		where = c.file
	}
	start, end := p.Span(n)
	samples := make([]fmp4.Sample, len(source))
	var total int64
	for i, s := range source {
		size := s.Size + uint32(len(c.stripped))
		// A sound track's frames decode alone, whatever the table of sync samples says.
		samples[i] = fmp4.Sample{PTS: s.PTS() - c.origin, Size: size, Sync: s.Sync || c.sound || i == 0}
		total += int64(size)
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
		if out, err = c.read(ctx, out, where, p.samples); err != nil {
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

// pad puts frames of silence wherever a sound track has none for as long as one lasts: before sound that begins late,
// in its holes, and after sound that ends early.
func (c *copyTrack) pad(s []fmp4.Sample, source []index.Sample, start, end media.Ticks) ([]fmp4.Sample, []piece) {
	var padded []fmp4.Sample
	var pieces []piece
	silence := func(from, to media.Ticks) (n int) {
		for ; from+c.quiet <= to; from += c.quiet {
			padded = append(padded, fmp4.Sample{PTS: from, Size: uint32(len(c.silent)), Sync: true})
			n++
		}
		return n
	}
	at, from := start, 0 // where sound is due, and the first sample of the run
	var quiet int        // frames of silence before the run
	for i := range s {
		if s[i].PTS-at >= c.quiet {
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
func (c *copyTrack) read(ctx context.Context, out []byte, r io.ReaderAt, samples []index.Sample) ([]byte, error) {
	for i := 0; i < len(samples); {
		off, size := samples[i].Offset, int64(samples[i].Size)
		j := i + 1
		out = append(out, c.stripped...)
		for ; len(c.stripped) == 0 && j < len(samples) && samples[j].Offset == off+size; j++ {
			size += int64(samples[j].Size)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := len(out)
		out = out[:at+int(size)]
		if _, err := r.ReadAt(out[at:], off); err != nil {
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
func newCopyVideo(v *videoSource, f *os.File, tl timeline, seed string) *copyTrack {
	format := v.track.Video
	w, h := format.DisplaySize()
	c := &copyTrack{
		file: f, samples: v.samples, origin: tl.origin.in(v.timescale), end: v.end, stripped: v.indexed.Stripped,
		init: fmp4.Init{
			Timescale: v.timescale, Width: w, Height: h, SampleEntry: v.entry, Rotation: format.Rotation,
			Mirrored: format.Mirrored,
		},
	}
	c.plan = sync.OnceValues(func() (*plan.Plan, error) {
		keys := make([]media.Ticks, len(v.groups))
		for i, g := range v.groups {
			keys[i] = g.at - c.origin
		}
		p := plan.Passthrough(plan.Video{
			Seed: seed, Timescale: v.timescale, Total: media.FromDuration(tl.total, v.timescale),
			Keyframes: keys,
		})
		for i, k := range p.Cuts {
			p.Cuts[i] = v.groups[k].cut
		}
		p.Cuts[0] = int(v.indexed.FirstSample)
		return p, nil
	})
	return c
}

// Bounds of passing sound through that no silence can be made for.
const (
	lateSound  = 100 * time.Millisecond // after the start of the presentation
	shortSound = time.Second            // before its end: players stop where sound ends
)

// flacSilence is the most samples that a frame of silence has in FLAC.
const flacSilence = 1024

var errHoles = errors.New("the sound has pauses that cannot be filled")

// newCopyAudio passes the samples of a judged audio track through.
func newCopyAudio(a audioSource, f *os.File, tl timeline, seed string) (*copyTrack, error) {
	entry, err := a.sound.Entry()
	if err != nil {
		return nil, err
	}
	shape, err := a.samples.shape()
	if err != nil {
		return nil, err
	}
	c := &copyTrack{
		file: f, samples: a.samples, stripped: a.indexed.Stripped, sound: true,
		quiet: shape.frame,
		init:  fmp4.Init{Timescale: shape.timescale, SampleEntry: entry}, origin: tl.origin.in(shape.timescale),
		frame: shape.frame, end: shape.first + shape.count,
	}
	if limit := media.Rescale(flacSilence, uint32(a.sound.SampleRate), shape.timescale); a.sound.Codec == media.FLAC {
		c.quiet = min(c.quiet, limit) // its frames are long, and so would be what is left of a hole
	}
	c.silent = silence(a.sound, media.Rescale(c.quiet, shape.timescale, uint32(a.sound.SampleRate)))
	total := media.FromDuration(tl.total, shape.timescale)
	if c.silent == nil {
		late := a.span.start.in(shape.timescale) - c.origin
		short := total - (shape.end - c.origin)
		if shape.holes || late > media.FromDuration(lateSound, shape.timescale) ||
			short > media.FromDuration(shortSound, shape.timescale) {
			return nil, errHoles
		}
	}
	c.plan = sync.OnceValues(func() (*plan.Plan, error) {
		end := shape.end - c.origin
		if total-end > c.quiet && c.silent != nil {
			end = total
		}
		return plan.AudioPassthrough(plan.AudioTrack{
			Seed: seed, Timescale: shape.timescale, End: end, First: shape.first, Count: shape.count,
			At: func(t media.Ticks) (int, media.Ticks, bool) {
				cut, at, ok := a.samples.after(t + c.origin)
				return cut, at - c.origin, ok
			},
		}), nil
	})
	return c, nil
}

// silence makes the frame of so many samples that pads a track; nil where none can be made.
func silence(s fmp4.Sound, samples media.Ticks) []byte {
	switch s.Codec {
	case media.AAC:
		return codec.AACSilence(codec.AACConfiguration(s.Config))
	case media.Opus:
		if o, err := codec.ParseDOps(s.Config); err == nil {
			return o.Silence(int(samples))
		}
	case media.FLAC:
		if f, err := codec.ParseFLAC(s.Config); err == nil {
			return f.Silence(int(samples))
		}
	default:
	}
	return nil
}
