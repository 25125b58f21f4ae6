package stream

import (
	"context"
	"log/slog"

	"dropstream/backend/media"
)

// fromMemory is up to how many bytes a segment is rather sent from memory than from its pack: below it, opening the
// pack costs more than copying.
const fromMemory = 128 << 10

// Body is segment n of a rendition, to be sent to a viewer. Errors: as Segment's.
func (e *Engine) Body(ctx context.Context, ref media.Ref, n int) (media.Body, error) {
	if ref.Kind == media.Text {
		return e.bytesOf(e.textSegment(ctx, ref, n))
	}
	r, p, release, err := e.rendition(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer release()
	if n < 0 || n >= p.Len() {
		return nil, errNoRendition
	}
	switch r := r.(type) {
	case *copyTrack:
		if b, ok := e.recent.body(copiedKey(ref, n)); ok {
			return b, nil
		}
		return e.bytesOf(e.copied(ctx, ref, r, n))
	case interface {
		ready(n int) (media.Body, bool)
	}:
		if b, ok := r.ready(n); ok {
			return b, nil
		}
	}
	return e.bytesOf(r.Segment(ctx, n))
}

func (e *Engine) bytesOf(data []byte, err error) (media.Body, error) {
	if err != nil {
		return nil, err
	}
	return media.InMemory(data, media.Checksum(data)), nil
}

// ready gives a segment that was made before: a large one straight from its pack.
func (f *feed) ready(n int) (media.Body, bool) {
	p, err := f.plan()
	if err != nil {
		return nil, false
	}
	b, ok := f.e.recent.body(recentKey{f.key, n})
	if !ok || b.Size() > fromMemory {
		s, kept, err := f.e.cache.Section(f.key, n)
		switch {
		case err != nil:
			f.log.LogAttrs(f.e.ctx, slog.LevelWarn, "Cached segment unreadable", slog.Int("segment", n),
				slog.Any("error", err))
		case kept && s.Size() > fromMemory:
			b, ok = s, true
		case kept: // into memory, where the next viewer finds it
			_ = s.Close() // only read from
		}
	}
	if ok {
		f.watch(p, n)
		f.touch(n)
	}
	return b, ok
}
