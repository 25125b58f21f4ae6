package index

import (
	"cmp"
	"fmt"
	"slices"

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
			track, pos, duration := int64(0), int64(-1), int64(0)
			eachElement(v, func(id uint32, v []byte) {
				switch id {
				case 0xF7:
					track = uintOf(v)
				case 0xF1:
					pos = uintOf(v)
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
			s.cued = append(s.cued, cue{track: track, time: at, duration: duration, cluster: s.seg.body + pos})
		}
	})
}

// cue is a keyframe of a track, in ticks of the file, and the cluster that it is in. Text says how long it is shown.
type cue struct{ track, time, duration, cluster int64 }

// settleCues gives each video track its keyframes, in order and once each.
func (s *segment) settleCues() {
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
		times := make([]int64, 0, n)
		for _, c := range s.cued {
			if c.track == int64(t.out.ID) {
				times = append(times, c.time)
			}
		}
		slices.SortFunc(times, cmp.Compare[int64])
		times = slices.Compact(times)
		t.out.Keyframes = make([]Keyframe, len(times))
		for i, at := range times {
			pts := s.toTicks(at) - t.delay
			t.out.Keyframes[i] = Keyframe{Sample: uint32(i), DTS: pts, PTS: pts}
		}
		s.x.Precision = Keyframes
	}
	s.settlePlaces()
	s.cued = nil
}
