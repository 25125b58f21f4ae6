package core

import (
	"context"

	"dropstream/backend/api"
	"dropstream/backend/library"
	"dropstream/backend/media"
	"dropstream/backend/stream"
)

// mediaOf is what the server serves: the engine's playlists and segments, and the library's posters.
type mediaOf struct {
	*stream.Engine

	library *library.Library
}

// Segment is a segment of an item, to be sent.
func (m mediaOf) Segment(ctx context.Context, ref media.Ref, n int) (media.Body, error) {
	return m.Body(ctx, ref, n)
}

// Poster is an item's poster, a JPEG.
func (m mediaOf) Poster(ctx context.Context, itemID string) ([]byte, error) {
	return m.library.Poster(ctx, itemID)
}

// sourceOf asks the library for an item's source. The library is made after the engine, so it is looked up late.
func sourceOf(c *Core) func(context.Context, string) (media.Source, error) {
	return func(ctx context.Context, id string) (media.Source, error) { return c.library.Source(ctx, id) }
}

// progressOf says in the API's words how far the storing of an item is.
func progressOf(e *stream.Engine) func(string) *api.Progress {
	return func(id string) *api.Progress {
		p, ok := e.Progress(id)
		if !ok {
			return nil
		}
		out := &api.Progress{Kind: "storing", Fraction: p.Fraction, RemainingMS: -1}
		if p.Remaining >= 0 {
			out.RemainingMS = p.Remaining.Milliseconds()
		}
		if p.Problem != nil {
			problem := api.ProblemOf(p.Problem)
			out.Problem = &problem
		}
		return out
	}
}
