package stream

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dropstream/backend/media"
)

// Extras says what an item has beside picture and sound.
func (e *Engine) Extras(ctx context.Context, itemID string) (media.Extras, error) {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return media.Extras{}, err
	}
	defer release()
	t.look(ctx)
	t.lookForStyle()
	total := t.timeline.total
	x := media.Extras{Chapters: t.chapters(), Segment: textSegment, Segments: textLen(total)}
	for _, s := range t.texts.all() {
		x.Subtitles = append(x.Subtitles, media.Subtitle{Track: s.Track, Drawing: s.drawing})
	}
	return x, nil
}

// Of chapters.
const (
	maxTitleChapters = 1000
	firstChapter     = time.Second / 2        // a first one that begins earlier begins with the presentation
	shortestChapter  = 100 * time.Millisecond // what begins closer behind another one cannot be pointed at
)

// chapters are the source's, on the presentation's clock. The index knows better than ffprobe which ones a viewer is
// meant to see.
func (t *title) chapters() []media.Chapter {
	if t.stored != nil {
		return t.stored.chapters
	}
	all := t.survey.probe.Chapters
	if known := t.survey.index.Chapters; len(known) > 0 {
		all = known
	}
	return tidyChapters(all, t.timeline.origin.duration(), t.timeline.total)
}

// tidyChapters puts chapters in order, each ending where the next one begins at the latest, and leaves out what lies
// outside the presentation.
func tidyChapters(all []media.Chapter, origin, total time.Duration) []media.Chapter {
	tidy := make([]media.Chapter, 0, min(len(all), maxTitleChapters))
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b media.Chapter) int { return cmp.Compare(a.Start, b.Start) })
	for _, c := range all {
		if c.Start > origin+total {
			break
		}
		c.Start, c.End = max(c.Start-origin, 0), min(c.End-origin, total)
		if n := len(tidy); n > 0 && c.Start < tidy[n-1].Start+shortestChapter || c.Start > total-shortestChapter {
			continue
		}
		if len(tidy) == maxTitleChapters {
			break
		}
		tidy = append(tidy, c)
	}
	if len(tidy) > 0 && tidy[0].Start < firstChapter {
		tidy[0].Start = 0 // a track may begin a little before the clock does
	}
	for i := range tidy {
		next := total
		if i+1 < len(tidy) {
			next = tidy[i+1].Start
		}
		if c := &tidy[i]; c.End <= c.Start || c.End > next {
			c.End = next
		}
	}
	return tidy
}

// characteristics say to players what subtitles are for (rfc8216bis §4.4.6.1).
func characteristics(r media.Role) []string {
	if !r.Is(media.ForHearingImpaired) {
		return nil
	}
	return []string{
		"public.accessibility.transcribes-spoken-dialog", "public.accessibility.describes-music-and-sound",
	}
}
