package index

import (
	"fmt"
	"strings"
	"time"

	"dropstream/backend/media"
)

const (
	maxChapters  = 1 << 12
	maxTextBytes = 1 << 10
	maxUserData  = 1 << 20 // of a box of text; cover art is passed over unread
)

// userData reads what udta or meta of the movie says in text: the title and Nero's chapter list.
func (f *isoFile) userData(b box) error {
	from := b.body
	if b.typ == "meta" {
		from = metaBody(f.walk, b)
	}
	return eachBox(f.walk, from, b.end, func(b box) error {
		switch b.typ {
		case "meta":
			return f.userData(box{typ: "udta", body: metaBody(f.walk, b), end: b.end})
		case "ilst":
			return f.itemList(b)
		case "chpl":
			return f.chapterList(b)
		case "\xa9nam":
			p, err := f.walk.load(b.body, min(b.bodySize(), maxTextBytes), maxTextBytes)
			if err != nil {
				return fmt.Errorf("read title: %w", err)
			}
			if len(p) > 4 && f.x.Title == "" { // length, language
				f.x.Title = plainText(p[4:])
			}
		}
		return nil
	})
}

// metaBody is where the boxes of a meta start: after the version and flags that QuickTime's meta does not have.
func metaBody(w *window, b box) int64 {
	if h, err := w.at(b.body, int(min(b.bodySize(), 8))); err == nil && len(h) == 8 && string(h[4:8]) == "hdlr" {
		return b.body
	}
	return min(b.body+4, b.end)
}

// itemList reads ilst, the list of iTunes metadata. Every picture of a covr becomes a stream of ffmpeg's.
func (f *isoFile) itemList(ilst box) error {
	return eachBox(f.walk, ilst.body, ilst.end, func(b box) error {
		if b.typ != "\xa9nam" && b.typ != "covr" {
			return nil
		}
		return eachBox(f.walk, b.body, b.end, func(d box) error {
			switch {
			case d.typ != "data" || d.bodySize() <= 8:
			case b.typ == "covr":
				f.stream++
			case f.x.Title == "":
				p, err := f.walk.load(d.body, min(d.bodySize(), maxTextBytes), maxTextBytes)
				if err != nil {
					return fmt.Errorf("read title: %w", err)
				}
				f.x.Title = plainText(p[8:])
			}
			return nil
		})
	})
}

// chapterList reads Nero's chpl: start times in units of 100 ns, and titles.
func (f *isoFile) chapterList(b box) error {
	p, err := f.walk.load(b.body, b.bodySize(), maxUserData)
	if err != nil {
		return fmt.Errorf("read chpl: %w", err)
	}
	version, _, p, _ := fullBox(p)
	r := newBE(p)
	if version != 0 {
		r.skip(4)
	}
	for range r.u8() {
		start := r.u64()
		title := r.take(int(r.u8()))
		if !r.ok || start > maxTicks/100 {
			break
		}
		f.x.Chapters = append(f.x.Chapters, media.Chapter{
			Start: time.Duration(start) * 100, Title: plainText(title),
		})
	}
	return nil
}

// closeChapters ends each chapter where the next one starts.
func closeChapters(chapters []media.Chapter, end time.Duration) {
	for i := range chapters {
		if chapters[i].End > chapters[i].Start {
			continue
		}
		chapters[i].End = max(end, chapters[i].Start)
		if i+1 < len(chapters) {
			chapters[i].End = max(chapters[i+1].Start, chapters[i].Start)
		}
	}
}

// trackUserData reads a track's own name.
func (f *isoFile) trackUserData(t *trak, udta box) error {
	return eachBox(f.walk, udta.body, udta.end, func(b box) error {
		switch b.typ {
		case "kind":
			return f.trackRole(t, b, true)
		case "tagc":
			return f.trackRole(t, b, false)
		case "name", "\xa9nam":
		default:
			return nil
		}
		p, err := f.walk.load(b.body, min(b.bodySize(), maxTextBytes), maxTextBytes)
		if err != nil {
			return fmt.Errorf("read track name: %w", err)
		}
		if b.typ == "\xa9nam" && len(p) > 4 {
			p = p[4:]
		}
		t.out.Title = plainText(p)
		return nil
	})
}

// plainText is p as one line of valid text without control characters.
func plainText(p []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, cString(p))
	return strings.TrimSpace(s)
}
