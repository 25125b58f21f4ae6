package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Bounds of posters.
const (
	posterWidth    = 640
	maxPosterBytes = 4 << 20
	posterTimeout  = 30 * time.Second
)

// finish does an item's background work once: its fingerprint and its poster. It is false when the outcome could not
// be recorded.
func (l *Library) finish(ctx context.Context, it *media.Item) bool {
	work, done, err := l.o.Background(ctx)
	if err != nil {
		return false // the program is closing
	}
	digest, posted, err := l.produceExtras(work, it)
	yielded := work.Err() != nil
	done()
	if ctx.Err() != nil {
		return false // cut short: the try does not count
	}
	if yielded {
		return true // a viewer needed the machine: the item comes up again
	}
	if err != nil {
		l.o.Log.WarnContext(ctx, "Background work failed", slog.String("item", it.ItemID), slog.Any("error", err))
	}
	_, uerr := l.o.Store.UpdateItem(ctx, it.ItemID, func(now *media.Item) error {
		if !unchanged(&it.Source, &now.Source) {
			return errChanged
		}
		now.Fingerprint = first(digest, now.Fingerprint)
		now.HasPoster = now.HasPoster || posted
		now.TriesLeft = max(0, now.TriesLeft-1)
		if err == nil {
			now.TriesLeft = 0
		}
		return nil
	})
	switch {
	case uerr == nil:
		l.o.OnChange(it.ItemID)
		return true
	case errors.Is(uerr, errChanged):
		return true
	case fault.CodeOf(uerr) == fault.NotFound: // removed in the meantime
		l.dropPoster(ctx, it.ItemID)
		return true
	default:
		l.o.Log.WarnContext(ctx, "Background work not recorded", slog.String("item", it.ItemID),
			slog.Any("error", uerr))
		return false
	}
}

// errChanged says that the source changed while something was made from it.
var errChanged = errors.New("source changed meanwhile")

// unchanged says whether two records mean the same file with the same content.
func unchanged(a, b *media.Source) bool {
	return a.Path == b.Path && a.SizeBytes == b.SizeBytes && a.ModTime.UnixNano() == b.ModTime.UnixNano()
}

// produceExtras makes what is still missing. Both are tried, whatever becomes of the first.
func (l *Library) produceExtras(ctx context.Context, it *media.Item) (digest string, posted bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			l.o.Log.ErrorContext(ctx, "Background work panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if it.Fingerprint == "" {
		digest, err = fingerprintFile(ctx, it.Path)
	}
	if !it.HasPoster && l.o.Posters != nil && hasPicture(&it.Probe) {
		perr := l.makePoster(ctx, it)
		posted, err = perr == nil, errors.Join(err, perr)
	}
	return digest, posted, err
}

func hasPicture(p *media.Probe) bool {
	for i := range p.Tracks {
		if p.Tracks[i].Kind == media.Video {
			return true
		}
	}
	return false
}

// makePoster draws a poster and keeps it. The second try takes the first frame: there may be nothing to be decoded
// further in.
func (l *Library) makePoster(ctx context.Context, it *media.Item) error {
	ctx, cancel := context.WithTimeout(ctx, posterTimeout)
	defer cancel()
	at := posterTime(it.Duration)
	if it.TriesLeft < backgroundTries {
		at = 0
	}
	jpeg, err := l.o.Posters.Poster(ctx, it.Source, it.Probe, at, posterWidth)
	if err != nil {
		return fmt.Errorf("draw poster: %w", err)
	}
	if len(jpeg) == 0 || len(jpeg) > maxPosterBytes {
		return fmt.Errorf("draw poster: %d bytes: %w", len(jpeg), fs.ErrInvalid)
	}
	return writeFile(l.posterPath(it.ItemID), jpeg)
}

// writeFile writes a file that is whole or not there.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".*.tmp")
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write file: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// Poster gives an item's poster, a JPEG. Errors: fault.NotFound when there is none.
func (l *Library) Poster(ctx context.Context, id string) ([]byte, error) {
	it, err := l.o.Store.Item(ctx, id) // also keeps anything that is no item's name from becoming a path
	if err != nil {
		return nil, err
	}
	if !it.HasPoster {
		return nil, fault.New(fault.NotFound, "There is no poster for this video yet.")
	}
	data, err := os.ReadFile(l.posterPath(it.ItemID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "There is no poster for this video.")
	}
	if err != nil {
		return nil, fmt.Errorf("read poster: %w", err)
	}
	return data, nil
}

// sweepPosters removes posters of items that are no more, and files an earlier run did not finish writing.
func (l *Library) sweepPosters(ctx context.Context) {
	dir, err := os.Open(filepath.Join(l.o.Dir, "posters"))
	if err != nil {
		return // none were ever made
	}
	defer dir.Close() //nolint:errcheck // only read
	for ctx.Err() == nil {
		names, err := dir.Readdirnames(dirChunk)
		for _, name := range names {
			id, isPoster := strings.CutSuffix(name, ".jpg")
			if isPoster {
				if _, err := l.o.Store.Item(ctx, id); fault.CodeOf(err) != fault.NotFound {
					continue
				}
			} else if !strings.HasSuffix(name, ".tmp") {
				continue
			}
			if err := os.Remove(filepath.Join(dir.Name(), name)); err != nil {
				l.o.Log.WarnContext(ctx, "Stray poster not removed", slog.Any("error", err))
			}
		}
		if err != nil {
			return // the end, most likely; the next start tries again
		}
	}
}
