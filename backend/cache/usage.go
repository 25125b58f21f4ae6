package cache

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// TitleUsage is what one title takes of the disk.
type TitleUsage struct {
	Title  string // the item's id
	Bytes  int64
	UsedAt time.Time // when it was last watched or written to
}

// UsedBytes is what the cache takes of the disk, in whole blocks.
func (c *Cache) UsedBytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// Usage lists what is kept, most recently used first. Titles whose packs cannot be read are left out.
func (c *Cache) Usage() []TitleUsage {
	type known struct {
		TitleUsage
		path string
		used uint64
	}
	c.mu.Lock()
	all := make([]known, 0, len(c.titles))
	for _, t := range c.titles {
		u := known{TitleUsage: TitleUsage{Title: t.name, UsedAt: t.usedAt}, path: t.anyPack(), used: t.used}
		for _, r := range t.renditions {
			for _, p := range r.packs {
				u.Bytes += p.bytes
			}
		}
		if u.path != "" {
			all = append(all, u)
		}
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b known) int { return int(int64(b.used) - int64(a.used)) }) //nolint:gosec // counts
	usage := make([]TitleUsage, 0, len(all))
	for _, u := range all {
		if u.Title == "" {
			u.Title = readTitle(u.path)
		}
		if u.Title != "" {
			usage = append(usage, u.TitleUsage)
		}
	}
	return usage
}

// readTitle reads the title from a pack that is not loaded; "" when it cannot.
func readTitle(path string) string {
	f, err := os.Open(path + packExt)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // only read
	k, _, _, err := readPackHeader(f)
	if err != nil {
		return ""
	}
	return k.Title
}

// RemoveTitle forgets a title and deletes what is kept of it, guarded or not. It waits for what is being written.
// What is being read is read to its end; its space is free after that. Errors: ErrClosed, or the system's when files
// could not be deleted: the title is forgotten all the same, until the cache is opened again.
func (c *Cache) RemoveTitle(name string) error {
	var err error
	closed := c.withWriter(func(w *writer) { err = w.removeTitle(hashName(name)) })
	if closed != nil {
		return closed
	}
	return err
}

func (w *writer) removeTitle(titleID string) error {
	c := w.c
	c.mu.Lock()
	t := c.titles[titleID]
	if t == nil {
		c.mu.Unlock()
		return nil
	}
	var packs []*pack
	for _, r := range t.renditions {
		packs = append(packs, r.packs...)
	}
	for _, p := range packs {
		c.detach(p)
	}
	delete(c.titles, titleID)
	c.mu.Unlock()
	var failed error
	for _, p := range packs {
		if f := w.files[p]; f != nil {
			w.close(f)
		}
		if err := c.removePack(p); err != nil {
			failed = fmt.Errorf("remove title: %w", err)
		}
	}
	return failed
}
