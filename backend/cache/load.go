package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// list takes stock of the folder.
func (c *Cache) list() error {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("list cache folder: %w", err)
	}
	packs := map[string]*pack{}
	type modified struct {
		t  *title
		at time.Time
	}
	var order []modified
	// Names are sorted, and an index (".idx") comes before its pack: two passes.
	for _, ext := range []string{packExt, indexExt} {
		for _, file := range files {
			of, seq, got, ok := parseName(file.Name())
			if !ok || got != ext || !file.Type().IsRegular() {
				continue
			}
			info, err := file.Info()
			if err != nil {
				continue // gone since
			}
			path := filepath.Join(c.dir, of.baseName(seq))
			p := packs[path]
			if ext == indexExt {
				if p == nil {
					c.removeFile(path + indexExt) // its pack went, and the program with it
					continue
				}
				p.indexSize = info.Size()
				c.account(p, info.Size(), true)
				continue
			}
			r := c.rendition(of, true)
			p = &pack{rendition: r, path: path, seq: seq, end: info.Size()}
			c.nextSeq = max(c.nextSeq, seq+1)
			packs[path] = p
			r.packs = append(r.packs, p)
			c.account(p, info.Size(), true)
			order = append(order, modified{r.title, info.ModTime()})
		}
	}
	slices.SortStableFunc(order, func(a, b modified) int { return a.at.Compare(b.at) })
	for _, m := range order {
		c.clock++
		m.t.used, m.t.usedAt, m.t.touchedAt = c.clock, m.at, m.at
	}
	return nil
}

// load finds a rendition and, the first time, recovers its packs. Nil when nothing is kept of it.
func (c *Cache) load(of id) *rendition {
	c.mu.Lock()
	r := c.rendition(of, false)
	c.mu.Unlock()
	if r != nil {
		c.loadPacks(r)
	}
	return r
}

func (c *Cache) loadPacks(r *rendition) {
	r.loading.Lock()
	defer r.loading.Unlock()
	if r.loaded {
		return
	}
	c.mu.Lock()
	packs := slices.Clone(r.packs)
	c.mu.Unlock()
	slices.SortFunc(packs, func(a, b *pack) int { return int(int64(a.seq) - int64(b.seq)) })
	for _, p := range packs {
		k, n, rec, sealed, err := recoverPack(p.path, r.id)
		c.mu.Lock()
		switch {
		case p.dead:
		case errors.Is(err, errDamaged), errors.Is(err, fs.ErrNotExist):
			c.detach(p)
			c.mu.Unlock()
			c.log.Warn("Pack of segments is lost", "pack", filepath.Base(p.path), "error", err,
				"removed", c.removePack(p))
			continue
		case err != nil: // stays, and can be evicted, but is of no use now
			p.sealed = true
			c.log.Warn("Pack of segments cannot be read", "pack", filepath.Base(p.path), "error", err)
		default:
			c.publish(p, k, n, rec, sealed)
		}
		c.mu.Unlock()
	}
	r.loaded = true
}

// publish makes what a pack holds known. The caller holds mu.
func (c *Cache) publish(p *pack, k Key, n nonce, rec recovered, sealed bool) {
	r := p.rendition
	r.title.name = k.Title
	p.known, p.nonce, p.sealed, p.last = true, n, sealed, rec.lastWrote
	p.inits = len(rec.entries) > 0 && rec.entries[0].segment < 0
	for _, e := range rec.entries {
		r.segments[e.segment] = &slot{entry: e, pack: p}
	}
	if !sealed {
		p.end = rec.end
		p.indexSize = max(rec.indexEnd, indexHeaderLen) + int64(len(rec.hopped))*indexEntryLen
		c.account(p, p.end, false)
	}
}
