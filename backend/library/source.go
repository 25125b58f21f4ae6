package library

import (
	"context"
	"log/slog"
	"os"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Source gives an item's original for playback, after a look at whether it is still there and still the same. A
// source that changed is assessed anew first, which calls Engine.Prepare: the engine must not hold the item then.
// Errors: fault.NotFound, fault.Missing when the source is not where it was (the item's state says so from then on),
// and the item's own problem when it cannot be played.
func (l *Library) Source(ctx context.Context, id string) (media.Source, error) {
	l.worker.touch()
	it, err := l.o.Store.Item(ctx, id)
	if err != nil {
		return media.Source{}, err
	}
	if !l.asRecorded(&it) {
		if it, err = l.recheck(ctx, id); err != nil {
			return media.Source{}, err
		}
	}
	if it.ProblemCode != "" {
		return media.Source{}, fault.New(fault.Code(it.ProblemCode), it.ProblemMessage)
	}
	return it.Source, nil
}

// Playable says why an item cannot be played now: nil when its source is there, or when it is stored and needs none.
// Errors: those of Source.
func (l *Library) Playable(ctx context.Context, id string) error {
	_, err := l.Source(ctx, id)
	if fault.CodeOf(err) != fault.Missing {
		return err
	}
	if it, ierr := l.o.Store.Item(ctx, id); ierr == nil && it.Stored {
		return nil
	}
	return err
}

// asRecorded says whether the item's file is what the record says, with one look at the folder.
func (l *Library) asRecorded(it *media.Item) bool {
	fi, err := os.Stat(it.Path)
	return err == nil && !it.SourceMissing && sameFile(&it.Source, fi)
}

// recheck brings an item's record in line with its file.
func (l *Library) recheck(ctx context.Context, id string) (media.Item, error) {
	it, err := l.o.Store.Item(ctx, id)
	if err != nil {
		return media.Item{}, err
	}
	unlock, err := l.paths.lock(ctx, it.Path)
	if err != nil {
		return media.Item{}, err
	}
	defer unlock()
	if it, err = l.o.Store.Item(ctx, id); err != nil { // as it is now that nobody else is at it
		return media.Item{}, err
	}
	fi, err := os.Stat(it.Path)
	if err != nil {
		return media.Item{}, l.markMissing(ctx, id, err)
	}
	src, err := l.gate(ctx, it.Path, fi)
	switch code := fault.CodeOf(err); code {
	case "":
		return l.again(ctx, it, src)
	case fault.Missing, fault.Denied:
		return media.Item{}, l.markMissing(ctx, id, err)
	case fault.Canceled, fault.Internal:
		return media.Item{}, err
	default: // something else is there now
		return media.Item{}, l.markMissing(ctx, id, err)
	}
}

// markMissing records that an item's source is not where it was, and gives the error that says so.
func (l *Library) markMissing(ctx context.Context, id string, cause error) error {
	changed := false
	_, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		changed = !it.SourceMissing
		it.SourceMissing = true
		return nil
	})
	if err != nil {
		return err
	}
	if changed {
		l.o.Log.InfoContext(ctx, "Source missing", slog.String("item", id), slog.Any("error", cause))
		l.o.OnChange(id)
	}
	return fault.Wrap(cause, fault.Missing, "The original is not where it was.")
}
