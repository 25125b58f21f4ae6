package index

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"dropstream/backend/media"
)

const (
	maxCues     = 1 << 20
	maxCueBytes = 16 << 10 // of one CuePoint
)

// cues streams Cues (RFC 9559 5.1.5) into the tracks' keyframes.
func (s *segment) cues(cues element) error {
	w := newWindow(s.src, walkBytes)
	for off, n := cues.body, 0; off < cues.end; n++ {
		if n >= maxCues {
			return tooLarge("more than %d cues", maxCues)
		}
		e, ok, err := elementAt(w, off, cues.end)
		if err != nil {
			return fmt.Errorf("read Cues: %w", err)
		}
		if !ok {
			return nil
		}
		off = e.end
		if e.id != 0xBB || e.size() > maxCueBytes { // CuePoint
			continue
		}
		p, err := w.at(e.body, int(e.size()))
		if err != nil {
			return fmt.Errorf("read CuePoint: %w", err)
		}
		s.cuePoint(p)
	}
	return nil
}

// cuePoint reads one CuePoint: a time, and a position for each track that has a keyframe there.
func (s *segment) cuePoint(p []byte) {
	at := int64(-1)
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0xB3: // CueTime
			at = uintOf(v)
		case 0xB7: // CueTrackPositions
			track, pos, relative, duration := int64(0), int64(-1), int64(0), int64(0)
			eachElement(v, func(id uint32, v []byte) {
				switch id {
				case 0xF7:
					track = uintOf(v)
				case 0xF1:
					pos = uintOf(v)
				case 0xF0: // CueRelativePosition
					relative = uintOf(v)
				case 0xB2: // CueDuration
					duration = uintOf(v)
				}
			})
			if at < 0 || pos < 0 || track == 0 {
				return
			}
			if pos >= s.seg.end-s.seg.body {
				s.beyond = true // a keyframe that is not there any more
				return
			}
			s.lastCue = max(s.lastCue, s.seg.body+pos)
			off := s.seg.body + pos
			if relative > s.seg.end-off {
				relative = 0
			}
			s.cued = append(s.cued, cue{track, at, duration, off, off + relative})
		}
	})
}

// cue is a keyframe of a track: its time in ticks of the file, the cluster that it is in, and where its block is, as
// near as the cue says. Text says how long it is shown.
type cue struct{ track, time, duration, cluster, at int64 }

// settleCues gives each video track its keyframes, in order and once each.
func (s *segment) settleCues() {
	slices.SortStableFunc(s.cued, func(a, b cue) int { return cmp.Compare(a.time, b.time) })
	for _, t := range s.order {
		if t.out.Kind != media.Video {
			continue
		}
		n := 0
		for _, c := range s.cued {
			if c.track == int64(t.out.ID) {
				n++
			}
		}
		if n == 0 {
			continue
		}
		keys, places := make([]Keyframe, 0, n), make([]cuePlace, 0, n)
		last := int64(-1)
		for _, c := range s.cued {
			if c.track != int64(t.out.ID) || c.time == last {
				continue
			}
			last = c.time
			pts := s.toTicks(c.time) - t.delay
			keys = append(keys, Keyframe{Sample: clamp32(len(keys)), DTS: pts, PTS: pts, First: pts})
			places = append(places, cuePlace{c.cluster, c.at})
		}
		t.out.Keyframes, t.out.cues = keys, places
		s.x.Precision = Keyframes
	}
	s.settleBlocks()
	s.settlePlaces()
	s.cued = nil
}

// settleBlocks makes the reader of blocks, and decides which tracks it can read.
func (s *segment) settleBlocks() {
	if s.cluster == 0 || s.x.Precision != Keyframes {
		return
	}
	b := &blocks{
		src: s.src, end: s.seg.end, first: s.cluster, tracks: map[uint32]bool{}, perTick: s.ticks,
		entries: make([]entry, 0, len(s.cued)),
	}
	for _, c := range s.cued {
		if off := c.cluster; len(b.entries) == 0 || off > b.entries[len(b.entries)-1].off {
			b.entries = append(b.entries, entry{s.toTicks(c.time), off})
		}
	}
	end := s.seg.end
	if s.cuesAt > s.lastCue {
		end = s.cuesAt
	}
	backwards := func(a, b cuePlace) int { return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.at, b.at)) }
	for _, t := range s.order {
		out := t.out
		if out.Encrypted || t.packing.unknown || t.packing.zlib || s.tracks[int64(out.ID)] != t ||
			out.Kind == media.Video && (len(out.cues) == 0 || !slices.IsSortedFunc(out.cues, backwards)) ||
			out.Kind != media.Video && out.Kind != media.Audio {
			continue
		}
		out.Readable, out.blocks, out.blocksEnd, out.delay = true, b, end, t.delay
		out.frameLength = t.frame
		if out.FrameSamples > 0 && out.Audio.SampleRate > 0 {
			out.frameLength = time.Duration(out.FrameSamples) * time.Second / time.Duration(out.Audio.SampleRate)
		}
		b.tracks[out.ID] = true
	}
}
