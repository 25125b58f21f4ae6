package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// blockBytes is what a file's length is rounded up to when it is counted: what file systems give out.
const blockBytes = 4096

func blocks(n int64) int64 { return (n + blockBytes - 1) / blockBytes * blockBytes }

// diskFile is what the committer needs of an open file.
type diskFile interface {
	WriteAt(b []byte, off int64) (int, error)
	Write(b []byte) (int, error)
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Datasync() error // the data and what is needed to find it are on the disk when it returns
	Close() error
}

type osFile struct{ *os.File }

// Datasync implements diskFile.
func (f osFile) Datasync() error { return datasync(f.File) }

func openDiskFile(path string, flag int) (diskFile, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// account counts a pack of packBytes with its index; add is for the part of it that is counted alone while the
// folder is listed. The caller holds mu, or is Open.
func (c *Cache) account(p *pack, packBytes int64, add bool) {
	if add {
		p.bytes += blocks(packBytes)
		c.used += blocks(packBytes)
		return
	}
	now := blocks(packBytes) + blocks(p.indexSize)
	c.used += now - p.bytes
	p.bytes = now
}

// detach takes a pack out of what is kept: nothing finds it any more, its files are still there and counted. The
// caller holds mu and then calls removePack without it.
func (c *Cache) detach(p *pack) {
	if p.dead {
		return
	}
	p.dead = true
	r := p.rendition
	for i, other := range r.packs {
		if other == p {
			r.packs = append(r.packs[:i:i], r.packs[i+1:]...)
			break
		}
	}
	for n, s := range r.segments {
		if s.pack == p {
			delete(r.segments, n)
		}
	}
}

// tidy forgets a title of which nothing is left. The caller holds mu and is the committer.
func (c *Cache) tidy(t *title) {
	for _, r := range t.renditions {
		if len(r.packs) > 0 {
			return
		}
	}
	delete(c.titles, t.id)
}

// removePack deletes a dead pack's files, and counts them as gone when nobody reads them any more: only then is the
// space free, and on Windows only then can they be deleted. The last reader calls it again.
func (c *Cache) removePack(p *pack) error {
	err := removeFiles(p.path)
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.readers > 0 {
		return nil
	}
	if err == nil {
		c.used -= p.bytes
		p.bytes = 0
	}
	return err
}

// removeFiles deletes a pack and its index. The pack goes first: an index without its pack is known for rubbish at
// the next start, a pack without its index would be read again.
func removeFiles(path string) error {
	return errors.Join(remove(path+packExt), remove(path+indexExt))
}

func (c *Cache) removeFile(path string) {
	if err := remove(path); err != nil {
		c.log.Warn("File in the cache not deleted", "file", filepath.Base(path), "error", err)
	}
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { //nolint:gosec // made of hashes
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}
