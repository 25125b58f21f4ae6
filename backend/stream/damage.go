package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// damageKey is the artifact in which an item's damage is kept.
const damageKey = "damage"

// maxDamage bounds the spans kept of one item; more of them are told as one.
const maxDamage = 64

// damageLog is what was found damaged in one source. It is safe for use by several goroutines.
type damageLog struct {
	mu    sync.Mutex
	spans []media.Damage // by time, apart from each other within a kind
}

// keptDamage is how it is kept: with what the source was, so that another one is not called damaged.
type keptDamage struct {
	SizeBytes int64          `json:"sizeBytes"`
	ModTime   int64          `json:"modTime"` // nanoseconds since 1970
	Spans     []media.Damage `json:"spans"`
}

// add puts a span in, joined with those it touches, and says whether it tells anything new.
func (l *damageLog) add(d media.Damage) (all []media.Damage, isNew bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.spans {
		if s.Kind == d.Kind && s.From <= d.From && d.To <= s.To {
			return nil, false
		}
	}
	l.spans = slices.DeleteFunc(l.spans, func(s media.Damage) bool {
		touches := s.Kind == d.Kind && s.From <= d.To && d.From <= s.To
		if touches {
			d.From, d.To = min(d.From, s.From), max(d.To, s.To)
		}
		return touches
	})
	l.spans = append(l.spans, d)
	slices.SortFunc(l.spans, func(a, b media.Damage) int { return int(a.From - b.From) })
	if len(l.spans) > maxDamage { // the last two of a kind become one
		last := len(l.spans) - 1
		for i := last - 1; i >= 0; i-- {
			if l.spans[i].Kind == l.spans[last].Kind {
				l.spans[i].To = max(l.spans[i].To, l.spans[last].To)
				l.spans = l.spans[:last]
				break
			}
		}
	}
	return slices.Clone(l.spans), true
}

func (l *damageLog) list() []media.Damage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.spans)
}

// Damage is what was found damaged in an item so far, by time. It opens nothing.
func (e *Engine) Damage(ctx context.Context, itemID string) ([]media.Damage, error) {
	e.mu.Lock()
	o := e.titles[itemID]
	e.mu.Unlock()
	if o != nil {
		select {
		case <-o.ready:
			if o.title != nil {
				return o.title.damage.list(), nil
			}
		default: // it is being opened
		}
	}
	kept, err := e.keptDamage(ctx, itemID)
	return kept.Spans, err
}

// keptDamage is what was found before; nothing is no error.
func (e *Engine) keptDamage(ctx context.Context, itemID string) (kept keptDamage, err error) {
	if e.artifacts == nil {
		return kept, nil
	}
	data, err := e.artifacts.GetArtifact(ctx, itemID, damageKey)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return kept, nil
	case err != nil:
		return kept, err //nolint:wrapcheck // it says what it did
	}
	if err := json.Unmarshal(data, &kept); err != nil {
		return kept, fmt.Errorf("decode damage: %w", err)
	}
	kept.Spans = kept.Spans[:min(len(kept.Spans), maxDamage)]
	return kept, nil
}

// loadDamage brings back what was found before in the same source.
func (t *title) loadDamage(ctx context.Context) {
	kept, err := t.e.keptDamage(ctx, t.src.ItemID)
	if err != nil {
		t.e.log.LogAttrs(ctx, slog.LevelWarn, "Kept damage unreadable", slog.String("item", t.src.ItemID),
			slog.Any("error", err))
		return
	}
	if kept.SizeBytes == t.src.SizeBytes && kept.ModTime == t.src.ModTime.UnixNano() {
		for _, d := range kept.Spans {
			t.damage.add(d)
		}
	}
}

// spoiled gives what a feed calls for a segment that had to be stood in for.
func (t *title) spoiled(kind media.TrackKind) func(ctx context.Context, p *plan.Plan, n int) {
	return func(ctx context.Context, p *plan.Plan, n int) {
		from, to := p.Span(n)
		spans, isNew := t.damage.add(media.Damage{
			Kind: kind, From: media.ToDuration(from, p.Timescale), To: media.ToDuration(to, p.Timescale),
		})
		if !isNew {
			return
		}
		t.e.log.LogAttrs(ctx, slog.LevelWarn, "Segment stood in for", slog.String("item", t.src.ItemID),
			slog.String("kind", string(kind)), slog.Int("segment", n))
		if err := t.keepDamage(ctx, spans); err != nil && ctx.Err() == nil {
			t.e.log.LogAttrs(ctx, slog.LevelWarn, "Damage not kept", slog.String("item", t.src.ItemID),
				slog.Any("error", err))
		}
		if t.e.onDamage != nil {
			t.e.onDamage(t.src.ItemID)
		}
	}
}

func (t *title) keepDamage(ctx context.Context, spans []media.Damage) error {
	if t.e.artifacts == nil {
		return nil
	}
	data, err := json.Marshal(keptDamage{t.src.SizeBytes, t.src.ModTime.UnixNano(), spans})
	if err != nil {
		return fmt.Errorf("encode damage: %w", err)
	}
	if err := t.e.artifacts.PutArtifact(ctx, t.src.ItemID, damageKey, data); fault.CodeOf(err) != fault.NotFound {
		return err //nolint:wrapcheck // it says what it did
	}
	return nil
}

// gone says why a source that children cannot read is not there, or is another one than it was: its drive was pulled,
// or it was moved. What cannot be made of it then is not the file's fault, and is not stood in for.
func (t *title) gone() error {
	st, err := os.Stat(t.src.Path)
	if err == nil {
		var b [1]byte
		_, err = t.file.ReadAt(b[:], max(0, t.src.SizeBytes-1))
	}
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Missing, "The file cannot be read now. Is its drive connected?")
	case st.Size() != t.src.SizeBytes || !st.ModTime().Equal(t.src.ModTime):
		return fault.New(fault.Missing, "The file has changed since it was opened. Drop it again to play it.")
	}
	return nil
}
