package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// resolve gives the absolute path of a file with its links followed, and what is there. A name that came through
// JSON may have lost bytes that are no UTF-8; the file is then looked for by what is left of it.
func resolve(path string) (string, fs.FileInfo, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", nil, fmt.Errorf("make path absolute: %w", err)
	}
	fi, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsRune(abs, utf8.RuneError) {
		if found, ok := findLossy(abs); ok {
			abs = found
			fi, err = os.Stat(abs)
		}
	}
	if err != nil {
		return "", nil, statFault(err)
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if err != nil {
		// Some network folders cannot be walked name by name. The path itself works.
		return abs, fi, nil //nolint:nilerr // see above
	}
	return resolved, fi, nil
}

func statFault(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(err, fault.Missing, "There is no such file.")
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(err, fault.Denied, "This file may not be read.")
	default:
		return fault.Wrap(err, fault.Missing, "This file cannot be reached.")
	}
}

// findLossy finds the one file whose path differs from the given one only in bytes that are no UTF-8.
func findLossy(path string) (string, bool) {
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	if dir == path {
		return "", false
	}
	if strings.ContainsRune(dir, utf8.RuneError) {
		if _, err := os.Lstat(dir); err != nil {
			var ok bool
			if dir, ok = findLossy(dir); !ok {
				return "", false
			}
		}
	}
	if !strings.ContainsRune(name, utf8.RuneError) {
		return filepath.Join(dir, name), true
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", false
	}
	defer f.Close() //nolint:errcheck // only read
	want, found := lossy(name), ""
	for range maxEntries / dirChunk {
		names, err := f.Readdirnames(dirChunk)
		for _, n := range names {
			if lossy(n) != want {
				continue
			}
			if found != "" {
				return "", false // two of them: guessing would open the wrong one
			}
			found = n
		}
		if err != nil {
			break
		}
	}
	return filepath.Join(dir, found), found != ""
}

// lossy is a name as it looks after a journey through JSON: runs of bytes that are no UTF-8 become one U+FFFD.
// Decoders differ in how many they write for a run.
func lossy(name string) string {
	var b strings.Builder
	bad := false
	for _, r := range name {
		if r != utf8.RuneError || !bad {
			b.WriteRune(r)
		}
		bad = r == utf8.RuneError
	}
	return b.String()
}

// refuseMode refuses what is no regular file before anything opens it: opening a FIFO blocks, and opening a device
// may do things.
func refuseMode(mode fs.FileMode) error {
	var what string
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&(fs.ModeDevice|fs.ModeCharDevice) != 0:
		what = "a device"
	default:
		what = "a special file"
	}
	return fault.New(fault.NotVideo, "This is "+what+", not a video file.")
}

// gate looks at a file's kind and its first bytes, before anything else opens it.
func (l *Library) gate(ctx context.Context, path string, fi fs.FileInfo) (media.Source, error) {
	if err := ctx.Err(); err != nil {
		return media.Source{}, err
	}
	if err := refuseMode(fi.Mode()); err != nil {
		return media.Source{}, err
	}
	f, err := openRegular(path)
	if err != nil {
		return media.Source{}, statFault(err)
	}
	defer f.Close() //nolint:errcheck // only read
	// What was opened counts, not what was there a moment before.
	if fi, err = f.Stat(); err != nil {
		return media.Source{}, statFault(err)
	}
	if err := refuseMode(fi.Mode()); err != nil {
		return media.Source{}, err
	}
	container, err := l.o.Sniff(f, fi.Size())
	if err != nil {
		return media.Source{}, fmt.Errorf("sniff: %w", err)
	}
	return media.Source{Path: path, Container: container, SizeBytes: fi.Size(), ModTime: fi.ModTime()}, nil
}

// sameFile says whether a file still looks as it did. Times are compared as they are stored.
func sameFile(src *media.Source, fi fs.FileInfo) bool {
	return fi.Mode().IsRegular() && src.SizeBytes == fi.Size() && src.ModTime.UnixNano() == fi.ModTime().UnixNano()
}
