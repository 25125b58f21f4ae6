package api

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"dropstream/backend/media"
)

// damage adds to an item what was found damaged in it. What is not known now is left out: it is no reason not to play.
func (s *Service) damage(ctx context.Context, it *Item) {
	if s.o.Damage == nil || it.Problem != nil {
		return
	}
	spans, err := s.o.Damage(ctx, it.ID)
	if err != nil {
		s.o.Log.LogAttrs(ctx, slog.LevelDebug, "Damage not known", slog.String("item", it.ID), slog.Any("error", err))
		return
	}
	for _, d := range spans {
		it.Damage = append(it.Damage, Damage{
			Kind: string(d.Kind), FromMS: d.From.Milliseconds(), ToMS: d.To.Milliseconds(), Text: damageText(d),
		})
	}
}

// damageText says in words what could not be read and what is there instead.
func damageText(d media.Damage) string {
	instead := "the last good picture is shown"
	if d.Kind == media.Audio {
		instead = "there is no sound"
	}
	return fmt.Sprintf("From %s to %s the file is damaged; %s.", clock(d.From), clock(d.To), instead)
}

// clock is a time as players show it: "0:41", "1:02:03".
func clock(d time.Duration) string {
	s := int64(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
