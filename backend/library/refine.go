package library

import (
	"context"
	"errors"
	"log/slog"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// refine waits in the background for the fuller probe of an item, if one is to come, and records it.
func (l *Library) refine(ctx context.Context, it *media.Item, refined <-chan media.Probe) {
	if refined == nil {
		return
	}
	select {
	case l.refining <- struct{}{}:
	case <-ctx.Done(): // a huge drop was given up: the fuller probe is lost, nothing else
		return
	case <-l.ctx.Done():
		return
	}
	src := it.Source
	started := l.spawn(func() {
		defer func() { <-l.refining }()
		select {
		case p, ok := <-refined:
			if ok {
				l.record(l.ctx, src, &p)
			}
		case <-l.ctx.Done():
		}
	})
	if !started {
		<-l.refining
	}
}

// record merges a fuller probe into its item, unless the source changed in the meantime.
func (l *Library) record(ctx context.Context, src media.Source, fuller *media.Probe) {
	_, err := l.o.Store.UpdateItem(ctx, src.ItemID, func(it *media.Item) error {
		if !unchanged(&src, &it.Source) {
			return errChanged
		}
		p := mergeProbes(&it.Probe, fuller)
		setProbe(it, &p)
		return nil
	})
	switch {
	case err == nil:
		l.o.OnChange(src.ItemID)
	case errors.Is(err, errChanged), fault.CodeOf(err) == fault.NotFound, ctx.Err() != nil:
	default:
		l.o.Log.WarnContext(ctx, "Refined probe not recorded", slog.String("item", src.ItemID), slog.Any("error", err))
	}
}
