package cache

import "context"

// Pin keeps all of a title from being evicted until Unpin. It may name what is not kept yet.
func (c *Cache) Pin(titleName string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pins[hashName(titleName)] = struct{}{}
}

// Unpin lets a title be evicted like any other.
func (c *Cache) Unpin(titleName string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pins, hashName(titleName))
}

// pinned says whether a title is pinned. The caller holds mu.
func (c *Cache) pinned(titleID string) bool {
	_, ok := c.pins[titleID]
	return ok
}

// Fill is Put for what nobody waits for. It displaces only titles that nobody watches, and of these only such as were
// used before its own; those of a pinned title displace any of them. It never displaces anything of its own title.
func (c *Cache) Fill(ctx context.Context, k Key, segment int, data []byte) error {
	return c.put(ctx, k, segment, data, true)
}

// Room says whether so many bytes more of a title would find room by Fill, of a pinned title when pinned is set. It
// changes nothing. Errors: what asking for the free space gave.
func (c *Cache) Room(titleName string, bytes int64, pinned bool) (bool, error) {
	lack, err := c.lack(bytes)
	if err != nil || lack <= 0 {
		return err == nil, err
	}
	of := hashName(titleName)
	c.mu.Lock()
	defer c.mu.Unlock()
	return enough(c.fillVictims(of, pinned || c.pinned(of)), lack) != nil, nil
}

// fillVictims lists what may be evicted for a title by Fill. The caller holds mu.
func (c *Cache) fillVictims(titleID string, pinned bool) []victim {
	used := uint64(0)
	if t := c.titles[titleID]; t != nil {
		used = t.used
	}
	all := c.victims()
	kept := all[:0]
	for _, v := range all {
		older := pinned || v.used < used
		if !v.live && older && v.pack.rendition.title.id != titleID {
			kept = append(kept, v)
		}
	}
	return kept
}
