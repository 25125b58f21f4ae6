package core

import (
	"context"

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
