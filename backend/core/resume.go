package core

import (
	"context"
	"fmt"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// forgetStrays removes what is cached of items that the library does not have any more: a removal that was cut short.
// It gives the items of which something is cached.
func (c *Core) forgetStrays(ctx context.Context) (cached map[string]bool, err error) {
	cached = map[string]bool{}
	for _, u := range c.cache.Usage() {
		_, err := c.store.Item(ctx, u.Title)
		if err == nil {
			cached[u.Title] = true
			continue
		}
		if fault.CodeOf(err) != fault.NotFound {
			return nil, fmt.Errorf("look for cached item: %w", err)
		}
		if err := c.cache.RemoveTitle(u.Title); err != nil {
			return nil, fmt.Errorf("remove what is cached of a forgotten item: %w", err)
		}
	}
	return cached, nil
}

// maxTakenUp bounds how many items an earlier run's work is taken up for.
const maxTakenUp = 10_000

// forgetStored brings the record of what is stored in line with the cache's folder: it may have been emptied.
func (c *Core) forgetStored(ctx context.Context, cached map[string]bool) error {
	stored, err := c.store.ItemSet(ctx, media.StoredItems, maxTakenUp)
	if err != nil {
		return err
	}
	for i := range stored {
		if id := stored[i].ItemID; !cached[id] {
			_, err := c.store.UpdateItem(ctx, id, func(it *media.Item) error { it.Stored = false; return nil })
			if err != nil {
				return fmt.Errorf("forget that an item is stored: %w", err)
			}
		}
	}
	return nil
}

// playedTakenUp is for how many of the items that were played last filling goes on after a start.
const playedTakenUp = 32

// resume takes up what an earlier run stored and filled.
func (c *Core) resume(ctx context.Context) error {
	kept, err := c.store.ItemSet(ctx, media.KeptItems, maxTakenUp)
	if err != nil {
		return err
	}
	played, err := c.store.ItemSet(ctx, media.PlayedItems, playedTakenUp)
	if err != nil {
		return err
	}
	c.engine.Resume(ctx, kept, played)
	return nil
}
