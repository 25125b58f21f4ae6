package stream

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// Bounds of reading text.
const (
	maxTextSample  = 64 << 10        // bytes of one sample
	maxTextSamples = 20_000          // of one segment
	maxTextBytes   = 4 << 20         // of the samples of one segment
	maxReelBytes   = 10 << 20        // of cues that are remembered of a source
	unknownLength  = 4 * time.Second // a text is shown so long when the file does not say, or until the next one
)

// textSamples reads the text of a track whose samples are indexed. They follow each other without overlap, so the one
// before a segment is all that has to be looked back to.
type textSamples struct {
	file   *os.File
	track  *index.Track
	origin media.Ticks
	read   func(tag string, sample []byte) string
}

func (s *textSamples) cues(ctx context.Context, from, to time.Duration) (*subtitle.Cues, error) {
	ts := s.track.Timescale
	i := s.track.SampleAt(media.FromDuration(from, ts) + s.origin)
	end := media.FromDuration(to, ts) + s.origin
	var all []subtitle.Cue
	const some = 256
	total := 0
	for last := i + maxTextSamples; i < min(last, s.track.SampleCount); i += some {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		samples, err := s.track.Samples(nil, i, i+some)
		if err != nil {
			return nil, fmt.Errorf("find text: %w", err)
		}
		for _, x := range samples {
			if x.PTS() >= end {
				return subtitle.NewCues(all), nil
			}
			if x.Size > maxTextSample {
				continue
			}
			if total += int(x.Size); total > maxTextBytes {
				return subtitle.NewCues(all), nil
			}
			data := make([]byte, x.Size)
			if _, err := s.file.ReadAt(data, x.Offset); err != nil {
				return nil, fmt.Errorf("read text: %w", err)
			}
			all = append(all, subtitle.Cue{
				Start: media.ToDuration(x.PTS()-s.origin, ts),
				End:   media.ToDuration(x.PTS()-s.origin+media.Ticks(x.Duration), ts),
				Text:  s.read(s.track.CodecTag, data),
			})
		}
	}
	return subtitle.NewCues(all), nil
}

// reel reads the text of a Matroska source as it is asked for. A walk over the heads of its blocks finds the text of
// all tracks, so what a walk found is remembered for all of them.
type reel struct {
	e      *Engine
	index  *index.Index
	origin moment
	// scripts are the heads of the tracks that have one, complete before anything is read.
	scripts map[*index.Track]*subtitle.Script

	mu    sync.Mutex
	cells map[int]*cell // by number: cell n begins at n × textSegment
	bytes int
}

// cell is the text that begins to be shown within one span of the length of a segment.
type cell struct {
	ready chan struct{}                   // closed when the others are set
	cues  map[*index.Track][]subtitle.Cue //
	err   error
}

func newReel(t *title) *reel {
	return &reel{
		e: t.e, index: t.survey.index, origin: t.timeline.origin, cells: map[int]*cell{},
		scripts: map[*index.Track]*subtitle.Script{},
	}
}

// of gives one track's cues.
func (r *reel) of(track *index.Track) func(ctx context.Context, from, to time.Duration) (*subtitle.Cues, error) {
	return func(ctx context.Context, from, to time.Duration) (*subtitle.Cues, error) {
		first, last := int(from/textSegment), int((to-1)/textSegment)
		needed := r.stillShown(from)
		for n := first - textLookBack; n <= last; n++ {
			needed = append(needed, n)
		}
		for _, n := range needed {
			if err := r.load(ctx, n); err != nil {
				return nil, err
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		var all []subtitle.Cue
		for _, n := range slices.Sorted(maps.Keys(r.cells)) { // what lies further back is known when it was played
			c := r.cells[n]
			select {
			case <-c.ready:
			default:
				continue
			}
			if n <= last {
				all = append(all, c.cues[track]...)
			}
		}
		return subtitle.NewCues(all).Under(r.scripts[track]), nil
	}
}

// stillShown gives the cells in which texts begin that are shown for long, and still at a time.
func (r *reel) stillShown(at time.Duration) (cells []int) {
	ts := r.index.Tracks[0].Timescale
	origin := r.origin.in(ts)
	for _, from := range r.index.LongTexts(media.FromDuration(at, ts) + origin) {
		start := media.ToDuration(from-origin, ts)
		n := int(start / textSegment)
		if start < 0 {
			n = -1
		}
		cells = append(cells, n)
	}
	return cells
}

// load sees to it that a cell is read.
func (r *reel) load(ctx context.Context, n int) error {
	if n < 0 && n != -1 { // what begins before the presentation is all in cell -1
		return nil
	}
	r.mu.Lock()
	c := r.cells[n]
	if c != nil {
		r.mu.Unlock()
		select {
		case <-c.ready:
			return c.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c = &cell{ready: make(chan struct{}), cues: map[*index.Track][]subtitle.Cue{}}
	r.cells[n] = c
	r.mu.Unlock()
	// Others may wait for it: so it ends with the engine, not with the request that happened to be the first.
	work, cancel := context.WithTimeout(r.e.ctx, textTime)
	defer cancel()
	size, err := r.walk(work, c, n)
	r.mu.Lock()
	defer r.mu.Unlock()
	c.err = err
	close(c.ready)
	if err != nil {
		delete(r.cells, n) // the next request tries again
		return err
	}
	if r.bytes += size; r.bytes > maxReelBytes {
		r.forget(n)
		r.bytes = size
	}
	return nil
}

// forget lets go of every cell but those a segment at n needs. The lock is held.
func (r *reel) forget(n int) {
	maps.DeleteFunc(r.cells, func(k int, c *cell) bool {
		select {
		case <-c.ready:
			return k > n || k < n-textLookBack
		default:
			return false
		}
	})
}

// walk reads a cell, and says how much text it is.
func (r *reel) walk(ctx context.Context, c *cell, n int) (size int, err error) {
	release, err := r.e.readText(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	ts := r.index.Tracks[0].Timescale
	origin := r.origin.in(ts)
	from := media.FromDuration(time.Duration(n)*textSegment, ts) + origin
	to := media.FromDuration(time.Duration(n+1)*textSegment, ts) + origin
	isText := func(t *index.Track) bool { return textCodecs[t.Codec] != nil }
	err = r.index.TextBlocks(ctx, from, to, isText, func(b index.Block) {
		read := textCodecs[b.Track.Codec]
		cue := subtitle.Cue{
			Start: media.ToDuration(b.PTS-origin, ts), Text: read(b.Track.CodecTag, b.Data),
		}
		cue.End = cue.Start + media.ToDuration(b.Duration, ts)
		if script := r.scripts[b.Track]; script != nil {
			cue.Event = script.Event(b.Data)
		}
		size += cue.Bytes()
		c.cues[b.Track] = append(c.cues[b.Track], cue)
	})
	for _, cues := range c.cues {
		settleLengths(cues)
	}
	return size, err
}

// settleLengths ends cues of unknown length.
func settleLengths(cues []subtitle.Cue) {
	for i := range cues {
		if cues[i].End > cues[i].Start {
			continue
		}
		cues[i].End = cues[i].Start + unknownLength
		if i+1 < len(cues) && cues[i+1].Start > cues[i].Start {
			cues[i].End = min(cues[i].End, cues[i+1].Start)
		}
	}
}

// readText waits for a turn to read text. Release must be called.
func (e *Engine) readText(ctx context.Context) (release func(), err error) {
	select {
	case e.texts <- struct{}{}:
		return func() { <-e.texts }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to read text: %w", ctx.Err())
	}
}
