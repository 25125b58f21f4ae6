package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// maxFiles is how many packs the committer keeps open.
const maxFiles = 32

// writer is the committer's own state: the packs it has open. Only the committer touches it.
type writer struct {
	c     *Cache
	files map[*pack]*packFiles
}

// packFiles is a pack open for appending.
type packFiles struct {
	pack  *pack
	data  diskFile
	index diskFile
	end   int64   // after the last record written, durable or not
	wrote []entry // since the last sync
	fresh bool    // its name is not durable yet
}

// record writes a record after the last one: header first, so that one cut short by kill -9 shows by the length.
func (w *writer) record(f *packFiles, e entry, data []byte) error {
	e.offset = f.end
	if _, err := f.data.WriteAt(encodeRecordHead(e), e.offset); err != nil {
		return fmt.Errorf("write record header: %w", err)
	}
	if _, err := f.data.WriteAt(data, e.offset+recordHeadLen); err != nil {
		return fmt.Errorf("write payload: %w", err)
	}
	f.end = e.end()
	f.wrote = append(f.wrote, e)
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	f.pack.dirty = true
	f.pack.last = e.segment
	f.pack.indexSize += indexEntryLen
	w.c.account(f.pack, f.end, false)
	return nil
}

// cutTail takes back a record that was written in part. A pack whose end is not known is not appended to again.
func (w *writer) cutTail(f *packFiles) {
	if err := f.data.Truncate(f.end); err != nil {
		w.c.mu.Lock()
		f.pack.sealed = true
		w.c.mu.Unlock()
	}
}

// opened opens a pack for appending. Nil without an error when its file has gone: the pack is then detached.
func (w *writer) opened(p *pack) (*packFiles, error) {
	f := w.files[p]
	if f == nil {
		w.limit()
		var err error
		if f, err = w.openPack(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if f != nil && f.inPlace() {
		w.files[p] = f
		return f, nil
	}
	if f != nil {
		w.close(f)
	}
	w.c.mu.Lock()
	w.c.detach(p)
	w.c.mu.Unlock()
	if err := w.c.removePack(p); err != nil {
		return nil, err
	}
	return nil, nil
}

func (w *writer) openPack(p *pack) (*packFiles, error) {
	data, err := w.c.open(p.path+packExt, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("open pack: %w", err)
	}
	index, err := w.c.open(p.path+indexExt, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open index: %w", err), data.Close())
	}
	return &packFiles{pack: p, data: data, index: index, end: p.end}, nil
}

// inPlace says whether the pack that is open is still the one that has the name: what goes to a deleted file is lost.
func (f *packFiles) inPlace() bool {
	named, err := os.Stat(f.pack.path + packExt)
	if err != nil {
		return false
	}
	opened, err := f.data.Stat()
	return err == nil && os.SameFile(named, opened)
}

// create begins a new pack.
func (w *writer) create(r *rendition, k Key, inits bool) (*packFiles, error) {
	w.limit()
	p := &pack{rendition: r, known: true, inits: inits, last: math.MinInt32, indexSize: indexHeaderLen}
	rand.Read(p.nonce[:]) // never fails
	w.c.mu.Lock()
	p.seq = w.c.nextSeq
	w.c.nextSeq++
	w.c.mu.Unlock()
	p.path = filepath.Join(w.c.dir, r.id.baseName(p.seq))
	head := encodePackHeader(k, p.nonce)
	p.end = int64(len(head))
	const fresh = os.O_RDWR | os.O_CREATE | os.O_EXCL
	data, err := w.c.open(p.path+packExt, fresh)
	if err != nil {
		return nil, fmt.Errorf("create pack: %w", err)
	}
	index, err := w.c.open(p.path+indexExt, fresh|os.O_APPEND)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create index: %w", err), data.Close(), removeFiles(p.path))
	}
	f := &packFiles{pack: p, data: data, index: index, end: p.end, fresh: true}
	if _, err = data.WriteAt(head, 0); err == nil {
		_, err = index.Write(encodeIndexHeader(p.nonce))
	}
	if err != nil {
		w.close(f)
		return nil, errors.Join(fmt.Errorf("write pack header: %w", err), removeFiles(p.path))
	}
	w.files[p] = f
	w.c.mu.Lock()
	r.packs = append(r.packs, p)
	w.c.account(p, p.end, false)
	w.c.mu.Unlock()
	return f, nil
}

// sync waits for the disk, pack by pack, and makes known what is then durable. It gives what went wrong.
func (w *writer) sync() map[*pack]error {
	failed := map[*pack]error{}
	var folder error
	folderSynced := false
	for p, f := range w.files {
		if len(f.wrote) == 0 {
			continue
		}
		err := f.data.Datasync()
		if err == nil && f.fresh {
			if !folderSynced {
				folder, folderSynced = syncFolder(w.c.dir), true
			}
			err = folder
		}
		if err != nil {
			failed[p] = diskError(fmt.Errorf("sync pack: %w", err))
			w.rollback(f)
			continue
		}
		f.fresh = false
		if err := w.publish(f); err != nil {
			failed[p] = err
		}
	}
	return failed
}

// publish names the records that are durable in the index and makes them known. The index itself is not waited for:
// where it falls behind, recovery hops over the record headers.
func (w *writer) publish(f *packFiles) error {
	c, p := w.c, f.pack
	log := make([]byte, 0, len(f.wrote)*indexEntryLen)
	for _, e := range f.wrote {
		log = appendIndexEntry(log, p.nonce, e, present)
	}
	if _, err := f.index.Write(log); err != nil {
		c.log.Warn("Index of segments fell behind", "pack", filepath.Base(p.path), "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.dirty = false
	if p.dead {
		f.wrote = nil
		return fmt.Errorf("write pack: %w", fs.ErrNotExist)
	}
	for _, e := range f.wrote {
		p.rendition.segments[e.segment] = &slot{entry: e, pack: p, verified: true}
	}
	p.end = f.end
	f.wrote = f.wrote[:0]
	return nil
}

// rollback takes back what the disk could not keep. After a failed sync nobody knows what is on the disk (the system
// may say so once only), so the pack is never appended to again; the records before are as durable as they were.
func (w *writer) rollback(f *packFiles) {
	c, p := w.c, f.pack
	err := f.data.Truncate(p.end)
	w.close(f)
	c.mu.Lock()
	p.sealed, p.dirty = true, false
	p.indexSize -= int64(len(f.wrote)) * indexEntryLen
	if err == nil {
		c.account(p, p.end, false)
	}
	empty := f.fresh
	if empty {
		c.detach(p)
	}
	c.mu.Unlock()
	if empty {
		err = errors.Join(err, c.removePack(p))
	}
	if err != nil {
		c.log.Warn("Pack of segments not cut back", "pack", filepath.Base(p.path), "error", err)
	}
}

// limit closes packs that are not being written, where too many are open.
func (w *writer) limit() {
	for _, f := range w.files {
		if len(w.files) < maxFiles {
			return
		}
		if len(f.wrote) == 0 {
			w.close(f)
		}
	}
}

func (w *writer) close(f *packFiles) {
	delete(w.files, f.pack)
	if err := errors.Join(f.data.Close(), f.index.Close()); err != nil {
		w.c.log.Warn("Pack of segments not closed", "pack", filepath.Base(f.pack.path), "error", err)
	}
}

// closeDead closes packs that were found missing by a reader.
func (w *writer) closeDead() {
	for p, f := range w.files {
		w.c.mu.Lock()
		dead := p.dead
		w.c.mu.Unlock()
		if dead {
			w.close(f)
		}
	}
}

func (w *writer) closeAll() {
	for _, f := range w.files {
		w.close(f)
	}
}
