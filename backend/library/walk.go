package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"dropstream/backend/fault"
)

// Bounds of one drop's walk.
const (
	maxEntries = 100_000 // entries looked at in folders
	maxDepth   = 64      // folders within folders
	dirChunk   = 1024    // entries read at once
)

// candidate is a file to be looked at, or what is wrong with a dropped path.
type candidate struct {
	path   string // resolved; as dropped when err is set
	shown  string // as it was found
	info   fs.FileInfo
	folder *folder // the dropped folder it was found in, nil for a file that was named itself
	closes bool    // no file: everything before it in its folder was given
	err    error
}

// folder is what was found in a dropped folder. It is read after the candidate that closes it.
type folder struct {
	// Of the walk:
	files   int  // candidates found
	skipped int  // hidden or dead entries
	cut     bool // a bound was met: there is more in it
	known   bool // it, or a folder in it, was walked before in this drop
	err     error
	// Of whoever handles the files:
	videos  int // not refused
	refused int // refused at the gate
}

// walker walks the paths of one drop.
type walker struct {
	entries int
	most    int                 // entries looked at in folders
	seen    map[string]struct{} // real paths of folders, against loops of links
}

// walk gives the files of a drop in order: each path in turn, folders in the order of their names. After the last
// file of a folder comes a candidate without a path that only closes the folder.
func walk(ctx context.Context, paths []string, most int) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		w := &walker{most: most, seen: make(map[string]struct{})}
		for _, p := range paths {
			if ctx.Err() != nil {
				return
			}
			found, fi, err := resolve(p)
			switch {
			case err != nil:
				if !yield(candidate{path: p, shown: p, err: err}) {
					return
				}
			case fi.IsDir():
				f := &folder{}
				if !w.dir(ctx, found, p, f, 0, yield) || !yield(candidate{shown: p, folder: f, closes: true}) {
					return
				}
			default:
				if !yield(candidate{path: found, shown: p, info: fi}) {
					return
				}
			}
		}
	}
}

// dir walks one folder. It is false when yield wants no more.
func (w *walker) dir(ctx context.Context, path, shown string, f *folder, depth int, yield func(candidate) bool) bool {
	if _, ok := w.seen[path]; ok {
		f.known = true
		return true
	}
	w.seen[path] = struct{}{}
	entries, err := w.read(ctx, path)
	if err != nil {
		f.err = errors.Join(f.err, err)
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return true
		}
		if w.entries++; w.entries > w.most || depth >= maxDepth {
			f.cut = true
			return true
		}
		if hidden(e) {
			f.skipped++
			continue
		}
		file, fi, err := resolveEntry(path, e)
		show := filepath.Join(shown, e.Name())
		switch {
		case err != nil:
			f.skipped++
		case fi.IsDir():
			if !w.dir(ctx, file, show, f, depth+1, yield) {
				return false
			}
		default:
			f.files++
			if !yield(candidate{path: file, shown: show, info: fi, folder: f}) {
				return false
			}
		}
	}
	return true
}

// resolveEntry is resolve for an entry of a folder whose own path is resolved already.
func resolveEntry(dir string, e os.DirEntry) (string, fs.FileInfo, error) {
	path := filepath.Join(dir, e.Name())
	if e.Type()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
		return resolve(path)
	}
	fi, err := e.Info()
	return path, fi, err
}

// read gives a folder's entries by name, no more than the drop has room for.
func (w *walker) read(ctx context.Context, path string) ([]os.DirEntry, error) {
	d, err := os.Open(path) //nolint:gosec // the person who drops a folder means that folder, wherever it is
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	defer d.Close() //nolint:errcheck // only read
	var entries []os.DirEntry
	for len(entries)+w.entries <= w.most && ctx.Err() == nil {
		chunk, readErr := d.ReadDir(dirChunk)
		entries = append(entries, chunk...)
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			err = fmt.Errorf("read folder: %w", readErr)
			break
		}
	}
	// Only a whole listing can be put in order; of one that was cut it is anyhow chance what is in it.
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return compareNames(a.Name(), b.Name()) })
	return entries, err
}

// verdict is what to say of a dropped folder once its files were handled; nil when there is nothing to say.
func (f *folder) verdict() error {
	switch {
	case f.cut:
		return fault.New(fault.Invalid, "This folder holds too much. Only the first part of it was looked at.")
	case f.videos > 0, f.known:
		return nil
	case f.err != nil && f.files == 0:
		return fault.Wrap(f.err, fault.CodeOf(f.err), "This folder cannot be read.")
	case f.files+f.skipped == 0:
		return fault.New(fault.NotVideo, "This folder is empty.")
	default:
		return fault.New(fault.NotVideo, "There is no video in this folder.")
	}
}
