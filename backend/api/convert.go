package api

import (
	"path/filepath"
	"strings"
	"time"

	"dropstream/backend/media"
)

// item is an item in the API's words.
func (s *Service) item(it *media.Item) Item {
	out := Item{
		ID: it.ItemID, Title: it.Title, Path: showPath(it.Path), FileName: showPath(filepath.Base(it.Path)),
		Container: it.Container.Name(), DurationMS: it.Duration.Milliseconds(), SizeBytes: it.SizeBytes,
		Width: it.Width, Height: it.Height, State: string(it.State()), Plays: string(it.Plays), Why: it.Why,
		Tracks: tracks(it.Probe.Tracks), PositionMS: resumeAt(it.Position, it.Duration).Milliseconds(),
		AddedAt: timestamp(it.AddedAt), PlayedAt: timestamp(it.PlayedAt), Kept: it.Kept,
		SourceMissing: it.SourceMissing,
	}
	if s.o.Progress != nil {
		out.Progress = s.o.Progress(it.ItemID)
	}
	if it.ProblemCode != "" {
		out.Problem = &Problem{Code: it.ProblemCode, Message: it.ProblemMessage}
	}
	out.URL, out.PosterURL = s.o.URLs(it.ItemID)
	if !it.HasPoster {
		out.PosterURL = ""
	}
	return out
}

// Within these of its end, an item counts as watched.
const (
	watchedFraction = 20               // a twentieth of its length
	watchedTail     = 30 * time.Second // or this, but never more than half of it
)

// resumeAt is where playback starts after it was left at position: there, or at the beginning when the rest is only
// credits.
func resumeAt(position, duration time.Duration) time.Duration {
	if duration <= 0 {
		return position
	}
	tail := max(duration/watchedFraction, min(watchedTail, duration/2))
	if position >= duration-tail {
		return 0
	}
	return position
}

// timestamp is a time in RFC 3339, "" for never.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// tracks are the tracks people know of: no data, no cover art.
func tracks(in []media.Track) []Track {
	out := make([]Track, 0, len(in))
	for i := range in {
		t := &in[i]
		if t.Kind == media.Other || t.Kind == "" || t.Picture {
			continue
		}
		out = append(out, Track{
			Kind: string(t.Kind), Codec: codecName(t.Codec), Language: showText(t.Language), Title: showText(t.Title),
			Detail: detail(t), Default: t.Default, Role: role(t.Role),
		})
	}
	return out
}

// showText is a text from a file, bounded and valid.
func showText(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
