package cache

import (
	"math"
	"os"
	"time"
)

// touchEvery is how often a title's use is written to disk, as the time of one of its packs.
const touchEvery = time.Minute

// Touch makes a title the most recently used one: the last to go. It knows only titles of which something is kept.
func (c *Cache) Touch(name string) {
	c.mu.Lock()
	t := c.titles[hashName(name)]
	if t == nil {
		c.mu.Unlock()
		return
	}
	c.use(t)
	path, now := "", t.usedAt
	if d := now.Sub(t.touchedAt); d >= touchEvery || d < 0 {
		t.touchedAt = now
		path = t.anyPack()
	}
	c.mu.Unlock()
	if path == "" || c.isClosed() {
		return
	}
	if err := os.Chtimes(path+packExt, now, now); err != nil {
		c.log.Debug("Use of a title not recorded", "error", err)
	}
}

func (t *title) anyPack() string {
	for _, r := range t.renditions {
		for _, p := range r.packs {
			return p.path
		}
	}
	return ""
}

// guard is a range that may not be evicted.
type guard struct {
	title     string
	rendition string // "" for all
	from, to  int
}

// AllSegments as the end of a guard means up to the last one.
const AllSegments = math.MaxInt32

// Guard keeps the segments from..to (both included) of a rendition from being evicted, and its init segment, until
// the returned function is called. The rendition "" stands for every one of the title. It is cheap, may overlap with
// others, and may name what is not kept yet. A title with a guard counts as live: somebody is watching it.
func (c *Cache) Guard(titleName, renditionName string, from, to int) (release func()) {
	g := &guard{title: hashName(titleName), from: from, to: to}
	if renditionName != "" {
		g.rendition = hashName(renditionName)
	}
	c.mu.Lock()
	c.guards[g] = struct{}{}
	if t := c.titles[g.title]; t != nil {
		c.use(t)
	}
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.guards, g)
		c.mu.Unlock()
	}
}
