package api

import (
	"context"
	"log/slog"

	"dropstream/backend/media"
)

// extras adds what an item has beside picture and sound. A video plays without them.
func (s *Service) extras(ctx context.Context, itemID string, p *Playback) {
	p.Subtitles, p.Chapters = []Subtitle{}, []Chapter{}
	if s.o.Extras == nil {
		return
	}
	x, err := s.o.Extras(ctx, itemID)
	if err != nil {
		// The playlist, which the player asks for next, fails in the same way and says so.
		s.o.Log.DebugContext(ctx, "Extras not known", slog.String("item", itemID), slog.Any("error", err))
		return
	}
	p.SubtitlesSegmentMS, p.SubtitlesSegments = x.Segment.Milliseconds(), x.Segments
	for _, t := range x.Subtitles {
		p.Subtitles = append(p.Subtitles, Subtitle{
			Track: t.Index, Kind: string(t.Drawing), Language: showText(t.Language), Title: showText(t.Title),
			Default: t.Default, Forced: t.Forced, Impaired: t.Role.Is(media.ForHearingImpaired),
			Commentary: t.Role.Is(media.IsCommentary),
		})
	}
	for _, c := range x.Chapters {
		p.Chapters = append(p.Chapters, Chapter{
			StartMS: c.Start.Milliseconds(), EndMS: c.End.Milliseconds(), Title: showText(c.Title),
		})
	}
}

// role is what a track is for, in one word: the one that tells most.
func role(r media.Role) string {
	for _, known := range []struct {
		role media.Role
		name string
	}{
		{media.IsCommentary, RoleCommentary},
		{media.ForVisuallyImpaired, RoleDescription},
		{media.ForHearingImpaired, RoleImpaired},
		{media.IsDub, RoleDub},
		{media.IsOriginal, RoleOriginal},
	} {
		if r.Is(known.role) {
			return known.name
		}
	}
	return ""
}
