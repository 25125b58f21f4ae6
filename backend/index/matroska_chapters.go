package index

import (
	"time"

	"dropstream/backend/media"
)

// maxChapterDepth is how deep chapters may lie in chapters.
const maxChapterDepth = 8

// chapters reads the chapters of the default edition (RFC 9559 5.1.7), or else of the first that is not hidden.
func (s *segment) chapters(p []byte) {
	const maxEditions = 64
	var chosen []byte
	byDefault := false
	editions := 0
	eachElement(p, func(id uint32, edition []byte) {
		if id != 0x45B9 || editions == maxEditions {
			return
		}
		editions++
		hidden, isDefault := false, false
		eachElement(edition, func(id uint32, v []byte) {
			switch id {
			case 0x45BD: // EditionFlagHidden
				hidden = uintOf(v) != 0
			case 0x45DB: // EditionFlagDefault
				isDefault = uintOf(v) != 0
			}
		})
		if !hidden && (chosen == nil || isDefault && !byDefault) {
			chosen, byDefault = edition, isDefault
		}
	})
	s.chapterAtoms(chosen, 0)
}

// chapterAtoms reads the ChapterAtoms in p (5.1.7.1.4), those in others behind them: a player's list has no levels.
// What is hidden or disabled is left out, with all that is in it.
func (s *segment) chapterAtoms(p []byte, depth int) {
	eachElement(p, func(id uint32, atom []byte) {
		if id != 0xB6 || len(s.x.Chapters) >= maxChapters || depth == maxChapterDepth {
			return
		}
		var c media.Chapter
		shown := true
		eachElement(atom, func(id uint32, v []byte) {
			switch id {
			case 0x91:
				c.Start = time.Duration(uintOf(v))
			case 0x92:
				c.End = time.Duration(uintOf(v))
			case 0x98: // ChapterFlagHidden
				shown = shown && uintOf(v) == 0
			case 0x4598: // ChapterFlagEnabled
				shown = shown && uintOf(v) != 0
			case 0x80:
				eachElement(v, func(id uint32, v []byte) {
					if id == 0x85 && c.Title == "" {
						c.Title = plainText(v[:min(len(v), maxTextBytes)])
					}
				})
			}
		})
		if shown {
			s.x.Chapters = append(s.x.Chapters, c)
			s.chapterAtoms(atom, depth+1)
		}
	})
}
