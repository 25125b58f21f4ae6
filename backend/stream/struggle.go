package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/plan"
)

const (
	// strugglesBefore is how many segments of a rendition a viewer has to wait for longer than they play, each behind
	// another of the same head, before the rendition is held to be too much for this computer.
	strugglesBefore = 3

	// maxStruggles bounds what is remembered, of items that were too much.
	maxStruggles = 1000
)

// struggles are the items that were too much, and the side at which they were.
type struggles struct {
	mu    sync.Mutex
	sides map[string]int
}

// struggle notes that a segment somebody waited for took a head longer than it plays. What a viewer is offered cannot
// change while it plays; the next time the item is opened its pictures are made smaller. The lock is held.
func (f *feed) struggle(ctx context.Context, h *head, p *plan.Plan, n int) {
	if f.side == 0 || h.began.IsZero() || time.Since(h.began) <= media.ToDuration(p.Duration(n), p.Timescale) {
		return
	}
	if f.late++; f.late == strugglesBefore {
		f.e.log.LogAttrs(ctx, slog.LevelWarn, "Converted slower than it plays", slog.String("item", f.key.Title),
			slog.Int("side", f.side))
		f.e.struggles.add(f.key.Title, f.side)
	}
}

// add remembers an item at which pictures of a shorter side were too much.
func (s *struggles) add(itemID string, side int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sides == nil || len(s.sides) >= maxStruggles {
		s.sides = map[string]int{}
	}
	if known, ok := s.sides[itemID]; !ok || side < known {
		s.sides[itemID] = side
	}
}

// most is the largest side for an item at which pictures were not too much yet, where largest is that of any item.
func (s *struggles) most(itemID string, largest int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	side, ok := s.sides[itemID]
	if !ok {
		return largest
	}
	for _, smaller := range sides {
		if smaller < side {
			return min(largest, smaller)
		}
	}
	return min(largest, sides[len(sides)-1])
}
