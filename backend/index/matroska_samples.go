package index

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Bounds of one call that reads blocks.
const (
	maxSpanFrames   = 1 << 16
	maxSpanBytes    = 64 << 20
	maxSpanClusters = 1 << 12
	// straggle is how far apart in time blocks may stand that are side by side in the file.
	straggle = 10 * time.Second
)

// MaxBlockBytes bounds the samples that one call of [Track.KeyframeBlocks] or [Track.BlocksBetween] finds.
const MaxBlockBytes = maxSpanBytes

// cuePlace is where a cue says that its keyframe is.
type cuePlace struct {
	cluster int64 // the Cluster, in the file
	at      int64 // the block, as near as the cue says
}

// KeyframeBlocks finds the samples of a Matroska video track from keyframe i up to keyframe j, j = len(Keyframes) being
// the end of the file. They are in decode order; of their times only PTS is known, and DTS is the same. exact says that
// both keyframes are where the cues say, and are keyframes, and that nothing between them was unreadable; without it
// the samples are what there is.
//
// Errors: fault.Damaged where there is nothing to be found; fault.Unsupported for more than the program reads at once,
// or a track that is not Readable; the context's error; the reader's own errors, wrapped.
func (t *Track) KeyframeBlocks(ctx context.Context, i, j int) (all []Sample, exact bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			all, exact, err = nil, false, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	if !t.Readable || i < 0 || i >= j || j > len(t.cues) {
		return nil, false, fault.Wrap(fmt.Errorf("keyframes %d to %d of %d", i, j, len(t.cues)), fault.Unsupported,
			sentenceTooLarge)
	}
	last := int64(-1) // the Cluster of keyframe j
	if j < len(t.cues) {
		last = t.cues[j].cluster
	}
	s := span{t: t}
	for off := t.cues[i].cluster; off >= 0; {
		c, err := s.next(ctx, off)
		if err != nil {
			return nil, false, err
		}
		frames := c.frames
		if off == t.cues[i].cluster {
			if frames, exact = t.startAt(frames, t.Keyframes[i].PTS); len(frames) == 0 {
				return nil, false, damaged("no block of track %d at keyframe %d", t.ID, i)
			}
		}
		for _, f := range frames {
			if off == last && f.track == t.ID && f.key && f.at-t.delay == t.Keyframes[j].PTS {
				return s.all, exact && !s.broken, nil
			}
			if err := s.add(f); err != nil {
				return nil, false, err
			}
		}
		if last >= 0 && off >= last {
			return s.all, false, nil // keyframe j is not there
		}
		off = c.next
	}
	return s.all, exact && !s.broken && last < 0, nil
}

// startAt gives the frames from the keyframe at a time on; where there is none, from the first keyframe on, or from the
// track's first frame.
func (t *Track) startAt(frames []frame, at media.Ticks) (rest []frame, exact bool) {
	mine := func(f frame) bool { return f.track == t.ID }
	i := slices.IndexFunc(frames, func(f frame) bool { return mine(f) && f.key && f.at-t.delay == at })
	if i >= 0 {
		return frames[i:], true
	}
	if i = slices.IndexFunc(frames, func(f frame) bool { return mine(f) && f.key }); i < 0 {
		i = slices.IndexFunc(frames, mine)
	}
	if i < 0 {
		return nil, false
	}
	return frames[i:], false
}

// BlocksBetween finds the samples of a Matroska track whose frames are all keyframes, sound, with from ≤ PTS < to, in
// the order of the file. Blocks that stand more than 10 s of other tracks away from where their time belongs are not
// found. Errors: those of [Track.KeyframeBlocks].
func (t *Track) BlocksBetween(ctx context.Context, from, to media.Ticks) (all []Sample, err error) {
	defer func() {
		if p := recover(); p != nil {
			all, err = nil, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	if !t.Readable || len(t.blocks.entries) == 0 {
		return nil, fault.New(fault.Unsupported, sentenceTooLarge)
	}
	apart := media.FromDuration(straggle, t.Timescale)
	all, early, err := t.between(ctx, t.blocks.entryAt(from+t.delay), from, to, apart)
	if err == nil && !early { // some of it may stand further to the front
		all, _, err = t.between(ctx, t.blocks.entryAt(from+t.delay-apart), from, to, apart)
	}
	return all, err
}

// entryAt is the last Cluster to begin reading at for a time.
func (b *blocks) entryAt(at media.Ticks) int64 {
	i := sort.Search(len(b.entries), func(i int) bool { return b.entries[i].at > at }) - 1
	if i < 0 {
		return b.first
	}
	return b.entries[i].off
}

// between is BlocksBetween from the Cluster at off on. early says that an earlier sample of the track, or the start of
// the file, was seen on the way.
func (t *Track) between(ctx context.Context, off int64, from, to, apart media.Ticks) ([]Sample, bool, error) {
	s := span{t: t}
	early := off == t.blocks.first
	for off >= 0 {
		c, err := s.next(ctx, off)
		if err != nil {
			return nil, false, err
		}
		if c.at-t.delay > to+apart {
			break
		}
		for _, f := range c.frames {
			if f.track != t.ID {
				continue
			}
			at, err := t.frameTime(f)
			switch {
			case err != nil:
				return nil, false, err
			case at >= to:
				return s.all, early, nil
			case at < from:
				early = true
			default:
				if err := s.add(f); err != nil {
					return nil, false, err
				}
			}
		}
		off = c.next
	}
	return s.all, early, nil
}

// BlockBytes is how many bytes of the file lie between keyframe i and keyframe j, j = len(Keyframes) being the end:
// those of all tracks. It is what the track's own samples have at most, as nearly as the cues say.
func (t *Track) BlockBytes(i, j int) int64 {
	if i < 0 || i >= j || j > len(t.cues) {
		return 0
	}
	end := t.blocksEnd
	if j < len(t.cues) {
		end = t.cues[j].at
	}
	return max(0, end-t.cues[i].at)
}

// span gathers samples of a track.
type span struct {
	t        *Track
	all      []Sample
	bytes    int64
	clusters int
	broken   bool // a cluster was
}

// next reads the next Cluster.
func (s *span) next(ctx context.Context, off int64) (*cluster, error) {
	if s.clusters++; s.clusters > maxSpanClusters {
		return nil, tooLarge("more than %d clusters at once", maxSpanClusters)
	}
	c, err := s.t.blocks.cluster(ctx, off)
	if err == nil && c.broken {
		s.broken = true
	}
	return c, err
}

// add takes a frame, if it is the track's.
func (s *span) add(f frame) error {
	t := s.t
	if f.track != t.ID {
		return nil
	}
	at, err := t.frameTime(f)
	if err != nil {
		return err
	}
	size := int64(f.size) + int64(len(t.Stripped))
	if s.bytes += size; s.bytes > maxSpanBytes || len(s.all) == maxSpanFrames {
		return tooLarge("more than %d bytes or %d frames at once", maxSpanBytes, maxSpanFrames)
	}
	s.all = append(s.all, Sample{Offset: f.off, Size: f.size, DTS: at, Sync: f.key})
	return nil
}

// KeyframeBlock finds the sample of keyframe i of a Matroska video track, without what follows it: its place in the
// file and its time. Errors: those of [Track.KeyframeBlocks]; fault.Damaged also where the cue names no keyframe.
func (t *Track) KeyframeBlock(ctx context.Context, i int) (key Sample, err error) {
	defer func() {
		if p := recover(); p != nil {
			key, err = Sample{}, fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	if !t.Readable || i < 0 || i >= len(t.cues) {
		cause := fmt.Errorf("keyframe %d of %d", i, len(t.cues))
		return Sample{}, fault.Wrap(cause, fault.Unsupported, sentenceTooLarge)
	}
	f, err := t.blocks.find(ctx, t.cues[i], func(f frame) bool {
		return f.track == t.ID && f.key && f.at-t.delay == t.Keyframes[i].PTS
	})
	if err != nil {
		return Sample{}, err
	}
	return Sample{Offset: f.off, Size: f.size, DTS: t.Keyframes[i].PTS, Sync: true}, nil
}
