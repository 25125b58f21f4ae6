package library

import (
	"context"
	"errors"
	"log/slog"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Keep has an item stored whole, so that it plays whatever becomes of its source, and gives it. Storing goes on in the
// background. Errors: fault.NotFound, fault.Missing when the source that is to be stored is gone, fault.DiskFull when
// there is no room, and the item's own problem.
func (l *Library) Keep(ctx context.Context, id string) (media.Item, error) {
	it, err := l.o.Store.Item(ctx, id)
	if err != nil || it.Kept {
		return it, err
	}
	if !it.Stored {
		if _, err := l.Source(ctx, id); err != nil {
			return media.Item{}, err
		}
	}
	if err := l.o.Engine.Keep(ctx, id); err != nil {
		return media.Item{}, err
	}
	it, err = l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		it.Kept = true
		return nil
	})
	if err != nil {
		l.o.Engine.Unkeep(id)
		return media.Item{}, err
	}
	l.o.OnChange(id)
	return it, nil
}

// Unkeep gives an item up to eviction again, and ends the storing of it where that was not done, and gives the item.
// Errors: fault.NotFound.
func (l *Library) Unkeep(ctx context.Context, id string) (media.Item, error) {
	it, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		it.Kept = false
		return nil
	})
	if err != nil {
		return media.Item{}, err
	}
	l.o.Engine.Unkeep(id)
	l.o.OnChange(id)
	return it, nil
}

// errSame ends an update that would change nothing.
var errSame = errors.New("nothing to change")

// SetStored records whether all that playing an item needs is in the cache.
func (l *Library) SetStored(ctx context.Context, id string, stored bool) {
	_, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		if it.Stored == stored {
			return errSame
		}
		it.Stored = stored
		return nil
	})
	switch {
	case err == nil:
		l.o.OnChange(id)
	case errors.Is(err, errSame), fault.CodeOf(err) == fault.NotFound:
	default:
		l.o.Log.WarnContext(ctx, "State not recorded", slog.String("item", id), slog.Any("error", err))
	}
}
