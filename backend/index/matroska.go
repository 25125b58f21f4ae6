package index

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// The element IDs of a segment's top level (RFC 9559 5.1).
const (
	idSegment  = 0x18538067
	idSeekHead = 0x114D9B74
	idInfo     = 0x1549A966
	idTracks   = 0x1654AE6B
	idChapters = 0x1043A770
	idCluster  = 0x1F43B675
	idCues     = 0x1C53BB6B
)

const (
	maxSeekHeads   = 8
	maxHeaderBytes = 16 << 20 // of Info, Tracks, Chapters: fonts are in Attachments, which are not read
	maxClusterHops = 1 << 16
)

// segment is the state of reading one Matroska file.
type segment struct {
	src       *source
	x         *Index
	w         *window
	seg       element
	scale     int64               // TimestampScale: nanoseconds per tick of the file
	ticks     int64               // ticks of Timescale per tick of the file
	timescale uint32              //
	duration  float64             // of Info, in ticks of the file
	seek      map[uint32]int64    // where SeekHead says that elements are
	have      map[uint32]bool     // what was read
	cluster   int64               // the first Cluster; 0: none
	tracks    map[int64]*mkvTrack // by number
	order     []*mkvTrack
	cued      []cue
	places    []clusterAt // of clusters, by time; only kept for sources with text tracks
	long      []longText  // likewise: text that is shown for long, by time
	sawEnd    bool        // the blocks at the end of the segment were all seen
	lastCue   int64       // the last cluster that a cue of an existing part of the file names
	cuesAt    int64       // the Cues
	beyond    bool        // a cue names a cluster beyond the end of the file
}

// openMatroska finds the segment's headers and its Cues.
func openMatroska(ctx context.Context, src *source, c media.Container) (*Index, error) {
	s := &segment{
		src: src, x: &Index{Container: c}, w: newWindow(src, hopBytes), scale: 1_000_000,
		seek: map[uint32]int64{}, have: map[uint32]bool{}, tracks: map[int64]*mkvTrack{},
	}
	if err := s.findSegment(); err != nil {
		return nil, err
	}
	if err := s.headers(ctx); err != nil {
		return nil, err
	}
	if !s.have[idTracks] {
		return nil, fault.Wrap(errors.New("no Tracks"), fault.Damaged, sentenceUnfinished)
	}
	if err := s.times(ctx); err != nil {
		return nil, err
	}
	s.finish()
	s.keep()
	return s.x, nil
}

// findSegment passes over the EBML header.
func (s *segment) findSegment() error {
	for off, n := int64(0), 0; n < 16; n++ {
		e, ok, err := elementAt(s.w, off, s.src.size)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if e.id == idSegment {
			s.seg = e
			return nil
		}
		off = e.end
	}
	return fault.Wrap(errors.New("no Segment"), fault.Damaged, sentenceUnfinished)
}

// headers reads everything before the first Cluster, then what SeekHead says is elsewhere. Where no SeekHead names
// the Cues, the clusters are hopped over in search of them.
func (s *segment) headers(ctx context.Context) error {
	hops := 0
	for off := s.seg.body; off < s.seg.end; {
		e, ok, err := elementAt(s.w, off, s.seg.end)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if e.id == idCluster {
			if s.cluster == 0 {
				s.cluster = e.off
				if err = s.followSeekHead(); err != nil {
					return err
				}
			}
			if s.have[idCues] || s.seek[idCues] != 0 || e.unknown || hops == maxClusterHops {
				break
			}
			if hops++; hops&0xff == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		} else if err = s.topLevel(e); err != nil {
			return err
		}
		off = e.end
	}
	return s.followSeekHead()
}

// followSeekHead reads the elements that SeekHead names and that were not met yet. One that is not where it should
// be is passed over: an editor moved things, or the file is cut.
func (s *segment) followSeekHead() error {
	for _, id := range []uint32{idSeekHead, idInfo, idTracks, idCues, idChapters} {
		off, ok := s.seek[id]
		if !ok || s.have[id] && id != idSeekHead || off >= s.seg.end {
			continue
		}
		delete(s.seek, id)
		e, ok, err := elementAt(s.w, off, s.seg.end)
		if err != nil {
			return err
		}
		if !ok || e.id != id || e.cut {
			continue
		}
		if err := s.topLevel(e); err != nil {
			return err
		}
		if id == idCues {
			s.seek[idCues] = off // known, so that nobody searches for them
		}
	}
	return nil
}

// topLevel reads one element of the segment, the first of its kind.
func (s *segment) topLevel(e element) error {
	if s.have[e.id] && e.id != idSeekHead {
		return nil
	}
	switch e.id {
	case idSeekHead:
		return s.seekHead(e)
	case idInfo:
		return s.loaded(e, "Info", s.info)
	case idTracks:
		return s.loaded(e, "Tracks", s.trackEntries)
	case idChapters:
		return s.loaded(e, "Chapters", s.chapters)
	case idCues:
		s.have[idCues], s.cuesAt = true, e.off
		return s.cues(e)
	}
	return nil
}

// loaded reads the whole of an element and gives it to do.
func (s *segment) loaded(e element, name string, do func(p []byte)) error {
	s.have[e.id] = true
	p, err := s.w.load(e.body, e.size(), maxHeaderBytes)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	do(p)
	return nil
}

// seekHead notes where elements are (5.1.1).
func (s *segment) seekHead(e element) error {
	if s.have[idSeekHead] && len(s.seek) > 64 {
		return nil
	}
	return s.loaded(e, "SeekHead", func(p []byte) {
		n := 0
		eachElement(p, func(id uint32, seek []byte) {
			if n++; id != 0x4DBB || n > 64 {
				return
			}
			var target, pos int64
			eachElement(seek, func(id uint32, v []byte) {
				switch id {
				case 0x53AB:
					target = uintOf(v)
				case 0x53AC:
					pos = uintOf(v)
				}
			})
			if target > 0 && target <= math.MaxUint32 && pos > 0 && pos < s.src.size {
				if _, ok := s.seek[uint32(target)]; !ok {
					s.seek[uint32(target)] = s.seg.body + pos
				}
			}
		})
	})
}

// info reads Info (5.1.2).
func (s *segment) info(p []byte) {
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0x2AD7B1: // TimestampScale
			if n := uintOf(v); n > 0 && n <= 1e9 {
				s.scale = n
			}
		case 0x4489: // Duration
			if d := floatOf(v); d > 0 {
				s.duration = d
			}
		case 0x7BA9: // Title
			s.x.Title = plainText(v[:min(len(v), maxTextBytes)])
		}
	})
}

// setTimescale chooses the unit of all Ticks.
func (s *segment) setTimescale() {
	s.timescale, s.ticks = uint32(time.Second), s.scale
	if int64(time.Second)%s.scale == 0 {
		s.timescale, s.ticks = clamp32(int64(time.Second)/s.scale), 1
	}
}

// toTicks turns a timestamp of the file into Ticks, saturating.
func (s *segment) toTicks(t int64) media.Ticks { return toTicks(s.ticks, t) }

// toTicks is the timestamp t in Ticks, perTick of which are one tick of the file.
func toTicks(perTick, t int64) media.Ticks {
	if t > maxTicks/perTick {
		return maxTicks
	}
	return max(t, -maxTicks/perTick) * perTick
}
