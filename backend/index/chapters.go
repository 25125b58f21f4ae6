package index

import (
	"encoding/binary"
	"fmt"

	"dropstream/backend/media"
)

// references reads tref (ISO/IEC 14496-12 8.3.3) for the tracks that hold another one's chapters.
func (f *isoFile) references(tref box) error {
	return eachBox(f.walk, tref.body, tref.end, func(b box) error {
		if b.typ != "chap" {
			return nil
		}
		p, err := f.walk.load(b.body, min(b.bodySize(), 4*maxTracks), 4*maxTracks)
		if err != nil {
			return fmt.Errorf("read tref: %w", err)
		}
		for ; len(p) >= 4; p = p[4:] {
			if f.chapterTracks == nil {
				f.chapterTracks = map[uint32]bool{}
			}
			f.chapterTracks[binary.BigEndian.Uint32(p)] = true
		}
		return nil
	})
}

// chapterTrack makes a track of chapters what it is: neither subtitles nor a moving picture. Its titles become the
// chapters where no list of them was there. One that cannot be read leaves the video without, which still plays.
func (f *isoFile) chapterTrack(t *Track) {
	switch t.Kind {
	case media.Video:
		t.Picture = true
		return
	case media.Text:
		t.Kind = media.Other
	default:
		return
	}
	if len(f.x.Chapters) > 0 || t.SampleCount > maxChapters {
		return
	}
	all, err := t.Samples(nil, 0, t.SampleCount)
	if err != nil {
		return
	}
	for _, s := range all {
		p := make([]byte, min(s.Size, maxTextBytes))
		if len(p) < 2 || f.src.readAt(p, s.Offset) != nil {
			continue
		}
		n := min(int(binary.BigEndian.Uint16(p)), len(p)-2) // the title, then boxes
		start := media.ToDuration(s.PTS(), t.Timescale)
		f.x.Chapters = append(f.x.Chapters, media.Chapter{
			Start: max(start, 0), End: start + media.ToDuration(int64(s.Duration), t.Timescale),
			Title: plainText(p[2 : 2+n]),
		})
	}
}
