package library

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// besideAtMost bounds how many other items are looked for beside one that was located.
const besideAtMost = 1000

// The refusals of Locate.
var (
	errOtherSize = fault.New(fault.Invalid, "This is another video: its size differs.")
	errOther     = fault.New(fault.Invalid, "This is another video: what is in it differs.")
	errTaken     = fault.New(fault.Invalid, "This file is in the library already, as another video.")
	errNotInside = fault.New(fault.NotFound, "The video is not in this folder.")
)

// Located is what Locate found.
type Located struct {
	Item media.Item
	Also []string // other items whose sources were found in the same place relative to this one
}

// Locate takes the file at a path for an item's source, when it is the same one: of the same size, and the same at
// both ends. A folder is searched for it, as far as a drop of it would be. Other items whose sources were missing and
// lie beside it as they did are found too. Errors: fault.NotFound, fault.Invalid for another file, fault.Missing.
func (l *Library) Locate(ctx context.Context, id, path string) (Located, error) {
	l.worker.begin()
	defer l.worker.end()
	it, err := l.o.Store.Item(ctx, id)
	if err != nil {
		return Located{}, err
	}
	found, fi, err := resolve(path)
	if err != nil {
		return Located{}, err
	}
	if fi.IsDir() {
		if found, fi, err = l.searchFolder(ctx, &it, found); err != nil {
			return Located{}, err
		}
	}
	before := it.Path
	if it, err = l.relink(ctx, &it, found, fi); err != nil {
		return Located{}, err
	}
	return Located{Item: it, Also: l.locateBeside(ctx, before, it.Path)}, nil
}

// searchFolder finds an item's source in a folder.
func (l *Library) searchFolder(ctx context.Context, it *media.Item, folder string) (string, os.FileInfo, error) {
	for c := range walk(ctx, []string{folder}, maxEntries) {
		if c.closes || c.err != nil || c.info.Size() != it.SizeBytes {
			continue
		}
		if l.isSource(ctx, it, c.path, c.info) == nil {
			return c.path, c.info, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	return "", nil, errNotInside
}

// isSource says why a file is not an item's source; nil when it is. An item whose fingerprint was never taken is told
// by its size, its date and its kind.
func (l *Library) isSource(ctx context.Context, it *media.Item, path string, fi os.FileInfo) error {
	if err := refuseMode(fi.Mode()); err != nil {
		return err
	}
	if fi.Size() != it.SizeBytes {
		return errOtherSize
	}
	if it.Fingerprint == "" {
		if !sameFile(&it.Source, fi) {
			return errOther
		}
		return nil
	}
	digest, err := fingerprintFile(ctx, path)
	if err != nil {
		return err
	}
	if digest != it.Fingerprint {
		return errOther
	}
	return nil
}

// relink gives an item a file that is its source as its source.
func (l *Library) relink(ctx context.Context, it *media.Item, path string, fi os.FileInfo) (media.Item, error) {
	unlock, err := l.paths.lock(ctx, path)
	if err != nil {
		return media.Item{}, err
	}
	defer unlock()
	if err := l.isSource(ctx, it, path, fi); err != nil {
		return media.Item{}, err
	}
	other, err := l.o.Store.ItemByPath(ctx, path)
	switch {
	case err == nil && other.ItemID != it.ItemID:
		return media.Item{}, errTaken
	case err != nil && fault.CodeOf(err) != fault.NotFound:
		return media.Item{}, err
	}
	src, err := l.gate(ctx, path, fi)
	if err != nil {
		return media.Item{}, err
	}
	return l.relocate(ctx, *it, src)
}

// locateBeside looks for the sources of other items where they must be when the folders above one were moved: an item
// that was at /old/a/b and is at /new/a/b says that what was below /old is below /new. It gives the items found.
func (l *Library) locateBeside(ctx context.Context, before, now string) []string {
	oldRoot, newRoot := filepath.Dir(before), filepath.Dir(now)
	for filepath.Base(oldRoot) == filepath.Base(newRoot) && oldRoot != filepath.Dir(oldRoot) {
		oldRoot, newRoot = filepath.Dir(oldRoot), filepath.Dir(newRoot)
	}
	if oldRoot == newRoot {
		return nil
	}
	inside := strings.TrimSuffix(oldRoot, string(filepath.Separator)) + string(filepath.Separator)
	items, err := l.o.Store.ItemsUnder(ctx, inside, besideAtMost)
	if err != nil {
		l.o.Log.WarnContext(ctx, "Items beside a located one not looked for", slog.Any("error", err))
		return nil
	}
	var also []string
	for i := range items {
		it := &items[i]
		if ctx.Err() != nil {
			break
		}
		if _, err := os.Lstat(it.Path); !os.IsNotExist(err) {
			continue // still there
		}
		rel, err := filepath.Rel(oldRoot, it.Path)
		if err != nil {
			continue
		}
		path, fi, err := resolve(filepath.Join(newRoot, rel))
		if err != nil {
			continue
		}
		if _, err := l.relink(ctx, it, path, fi); err != nil {
			l.o.Log.DebugContext(ctx, "Item beside a located one not found", slog.String("item", it.ItemID),
				slog.Any("error", err))
			continue
		}
		also = append(also, it.ItemID)
	}
	return also
}
