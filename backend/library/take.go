package library

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// backgroundTries is how often an item's background work is tried: once, and once more.
const backgroundTries = 2

// sameSizeAtMost bounds how many items of a file's size are looked at when it may be one that moved.
const sameSizeAtMost = 16

// take makes an item of a file that passed the gate, or finds the one it is. isNew is false when the library had it.
func (l *Library) take(ctx context.Context, src media.Source) (it media.Item, isNew bool, err error) {
	unlock, err := l.paths.lock(ctx, src.Path)
	if err != nil {
		return media.Item{}, false, err
	}
	defer unlock()

	it, err = l.o.Store.ItemByPath(ctx, src.Path)
	switch fault.CodeOf(err) {
	case "":
		it, err = l.again(ctx, it, src)
		return it, false, err
	case fault.NotFound:
	default:
		return media.Item{}, false, err
	}
	if old, ok := l.findMoved(ctx, src); ok {
		it, err = l.relocate(ctx, old, src)
		return it, false, err
	}
	src.ItemID = newID()
	a, problem, err := l.prepare(ctx, src)
	if err != nil {
		return media.Item{}, false, err
	}
	it = media.Item{Source: src, AddedAt: l.o.Now(), TriesLeft: backgroundTries}
	describe(&it, &a, problem)
	added, err := l.o.Store.AddItem(ctx, it)
	if err != nil || !added {
		l.forget(ctx, src.ItemID)
	}
	if err == nil && !added { // another process was faster
		it, err = l.o.Store.ItemByPath(ctx, src.Path)
		return it, false, err
	}
	if err != nil {
		return media.Item{}, false, err
	}
	l.o.OnChange(it.ItemID)
	l.refine(ctx, &it, a.Refined)
	return it, true, nil
}

// again takes a file whose item is known: it is assessed anew when it changed, failed before or was missing.
func (l *Library) again(ctx context.Context, it media.Item, src media.Source) (media.Item, error) {
	src.ItemID = it.ItemID
	changed := it.SizeBytes != src.SizeBytes || it.ModTime.UnixNano() != src.ModTime.UnixNano() ||
		it.Container != src.Container
	if !changed && it.ProblemCode == "" && !it.SourceMissing {
		return it, nil
	}
	if changed {
		l.forget(ctx, it.ItemID)
	}
	return l.reassess(ctx, it.ItemID, src, changed)
}

// relocate gives an item whose file moved its new place.
func (l *Library) relocate(ctx context.Context, old media.Item, src media.Source) (media.Item, error) {
	l.o.Log.InfoContext(ctx, "Item relocated", slog.String("item", old.ItemID))
	src.ItemID = old.ItemID
	if old.ModTime.UnixNano() != src.ModTime.UnixNano() { // plans are named after it, so nothing cached fits them
		l.forget(ctx, old.ItemID)
		if err := l.o.Store.RemoveArtifacts(ctx, old.ItemID); err != nil {
			return media.Item{}, err
		}
		l.SetStored(ctx, old.ItemID, false)
	}
	return l.reassess(ctx, old.ItemID, src, false)
}

// reassess prepares an item's source anew and records what came of it. With changed, what was made from the old
// content goes.
func (l *Library) reassess(ctx context.Context, id string, src media.Source, changed bool) (media.Item, error) {
	if changed { // before the engine keeps new ones
		if err := l.o.Store.RemoveArtifacts(ctx, id); err != nil {
			return media.Item{}, err
		}
	}
	a, problem, err := l.prepare(ctx, src)
	if err != nil {
		return media.Item{}, err
	}
	it, err := l.o.Store.UpdateItem(ctx, id, func(it *media.Item) error {
		it.Source, it.SourceMissing = src, false
		if changed {
			it.Fingerprint, it.HasPoster, it.Stored = "", false, false
		}
		if it.Fingerprint == "" || !it.HasPoster {
			it.TriesLeft = backgroundTries
		}
		describe(it, &a, problem)
		return nil
	})
	if err != nil {
		return media.Item{}, err
	}
	if changed {
		l.dropPoster(ctx, id)
	}
	l.o.OnChange(id)
	l.refine(ctx, &it, a.Refined)
	l.worker.nudge() // the worker may have looked before this was recorded
	return it, nil
}

// prepare asks the engine. A source that can never be played is a problem of the item's, not an error.
func (l *Library) prepare(ctx context.Context, src media.Source) (media.Assessment, *fault.Error, error) {
	a, err := l.o.Engine.Prepare(ctx, src)
	switch code := fault.CodeOf(err); code {
	case "":
		return a, nil, nil
	case fault.Damaged, fault.Encrypted, fault.Unsupported:
		l.o.Log.InfoContext(ctx, "Source cannot be played", slog.String("item", src.ItemID), slog.Any("error", err))
		a.Plays, a.Why = "", ""
		return a, fault.New(code, fault.MessageOf(err)), nil
	default:
		return media.Assessment{}, nil, fmt.Errorf("prepare: %w", err)
	}
}

// forget tells the engine to drop what it has of an item whose source is not what it was.
func (l *Library) forget(ctx context.Context, id string) {
	if err := l.o.Engine.Forget(ctx, id); err != nil {
		l.o.Log.WarnContext(ctx, "Cached segments not dropped", slog.String("item", id), slog.Any("error", err))
	}
}

// findMoved looks for an item whose own file is gone and whose fingerprint is this file's. A file of a size that no
// item has costs one lookup, nothing more.
func (l *Library) findMoved(ctx context.Context, src media.Source) (media.Item, bool) {
	same, err := l.o.Store.ItemsBySize(ctx, src.SizeBytes, sameSizeAtMost)
	if err != nil {
		l.o.Log.WarnContext(ctx, "Moved files not looked for", slog.Any("error", err))
		return media.Item{}, false
	}
	digest := ""
	for _, it := range same {
		if _, err := os.Lstat(it.Path); !os.IsNotExist(err) {
			continue // still there: this one is a copy
		}
		if digest == "" {
			if digest, err = fingerprintFile(ctx, src.Path); err != nil {
				return media.Item{}, false // the file is in the way of its own reading; Prepare will say why
			}
		}
		if it.Fingerprint == digest {
			return it, true
		}
	}
	return media.Item{}, false
}

// newID makes an item's name: 80 random bits in 16 characters that are the same in any case and in any URL.
func newID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}
