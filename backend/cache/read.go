package cache

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
)

// Get reads a segment; false when it is not kept. Its checksum is verified; a bad segment is dropped and reported as
// absent, so that it is made anew. The error is for what says nothing about the segment (too many open files, a
// closed cache): it is then still kept.
func (c *Cache) Get(k Key, segment int) ([]byte, bool, error) {
	s, f, err := c.openSlot(k, segment)
	if f == nil {
		return nil, false, err
	}
	defer c.closeSlot(s, f)
	buf := make([]byte, recordHeadLen+int(s.length))
	if _, err := f.ReadAt(buf, s.offset); err != nil {
		c.drop(k, s, err)
		return nil, false, nil
	}
	head, ok := decodeRecordHead(buf, s.offset)
	if payload := buf[recordHeadLen:]; ok && head == s.entry && checksum(payload) == s.crc {
		return payload, true, nil
	}
	c.drop(k, s, errDamaged)
	return nil, false, nil
}

// Section is a segment open for reading straight from its pack: a [media.Body]. It outlives the segment's eviction and
// the cache's Close. Close it. One goroutine at a time may use it.
type Section struct {
	*io.SectionReader
	file  *os.File
	sum   uint32
	once  sync.Once
	close func()
}

// Section opens a segment for serving; false when it is not kept. The payload is verified the first time a segment
// is asked for after the cache was opened, and read from the disk again by nobody but the reader after that. A bad
// one is dropped and reported as absent; the error is as Get's.
func (c *Cache) Section(k Key, segment int) (*Section, bool, error) {
	s, f, err := c.openSlot(k, segment)
	if f == nil {
		return nil, false, err
	}
	body := io.NewSectionReader(f, s.offset+recordHeadLen, int64(s.length))
	if bad := c.verify(s, f, body); bad != nil {
		c.drop(k, s, bad)
		c.closeSlot(s, f)
		return nil, false, nil
	}
	return &Section{SectionReader: body, file: f, sum: s.crc, close: func() { c.closeSlot(s, f) }}, true, nil
}

// Send implements [media.Body]: by sendfile where w can (a TCP connection, a plain HTTP response).
func (s *Section) Send(w io.Writer, n int64) (int64, error) {
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, fmt.Errorf("place in segment: %w", err)
	}
	_, offset, length := s.Outer()
	if _, err = s.file.Seek(offset+at, io.SeekStart); err != nil {
		return 0, fmt.Errorf("seek segment: %w", err)
	}
	sent, err := io.CopyN(w, s.file, min(n, length-at))
	if errors.Is(err, io.EOF) { // the pack was cut by somebody else
		err = io.ErrUnexpectedEOF
	}
	if _, seekErr := s.Seek(at+sent, io.SeekStart); err == nil {
		err = seekErr
	}
	return sent, err
}

// Sum implements [media.Body].
func (s *Section) Sum() uint32 { return s.sum }

// Close gives the file back. It is safe to call twice.
func (s *Section) Close() error {
	s.once.Do(s.close)
	return nil
}

// openSlot finds a segment and opens its pack, counted as a reader. The file is nil when there is none.
func (c *Cache) openSlot(k Key, segment int) (*slot, *os.File, error) {
	if c.isClosed() {
		return nil, nil, ErrClosed
	}
	r := c.load(k.id())
	if r == nil || int64(segment) != int64(int32(segment)) { //nolint:gosec // the comparison is the check
		return nil, nil, nil
	}
	c.mu.Lock()
	s := r.segments[int32(segment)] //nolint:gosec // checked above
	if s == nil {
		c.mu.Unlock()
		return nil, nil, nil
	}
	s.pack.readers++
	c.mu.Unlock()
	f, err := os.Open(s.pack.path + packExt)
	if err == nil {
		return s, f, nil
	}
	c.mu.Lock()
	if errors.Is(err, fs.ErrNotExist) { // evicted since, or deleted by somebody else
		err = nil
		c.detach(s.pack)
	} else {
		err = fmt.Errorf("open pack: %w", err)
	}
	c.mu.Unlock()
	c.leave(s.pack)
	return nil, nil, err
}

func (c *Cache) closeSlot(s *slot, f *os.File) {
	if err := f.Close(); err != nil {
		c.log.Warn("Pack of segments not closed", "error", err)
	}
	c.leave(s.pack)
}

// leave ends a reader; the last one of a dead pack sees it out.
func (c *Cache) leave(p *pack) {
	c.mu.Lock()
	p.readers--
	last := p.dead && p.readers == 0
	c.mu.Unlock()
	if !last {
		return
	}
	if err := c.removePack(p); err != nil {
		c.log.Warn("Pack of segments not deleted", "error", err)
	}
}

// verify reads a record that has not been read since the cache was opened. It gives what is wrong with it: also when
// that is the header alone, which the index can do without, so that both ways of reading find the same.
func (c *Cache) verify(s *slot, f *os.File, body *io.SectionReader) error {
	c.mu.Lock()
	done := s.verified
	c.mu.Unlock()
	if done {
		return nil
	}
	buf := make([]byte, recordHeadLen)
	if _, err := f.ReadAt(buf, s.offset); err != nil {
		return fmt.Errorf("read record header: %w", err)
	}
	if head, ok := decodeRecordHead(buf, s.offset); !ok || head != s.entry {
		return errDamaged
	}
	const chunk = 128 << 10
	sum := crc32.New(castagnoli)
	n, err := io.CopyBuffer(struct{ io.Writer }{sum}, io.NewSectionReader(body, 0, body.Size()), make([]byte, chunk))
	switch {
	case err != nil:
		return fmt.Errorf("read segment: %w", err)
	case n != int64(s.length), sum.Sum32() != s.crc:
		return errDamaged
	}
	c.mu.Lock()
	s.verified = true
	c.mu.Unlock()
	return nil
}

// drop forgets a bad segment, here and in the index.
func (c *Cache) drop(k Key, s *slot, why error) {
	c.mu.Lock()
	r := s.pack.rendition
	known := r.segments[s.segment] == s
	if known {
		delete(r.segments, s.segment)
	}
	sealed := s.pack.sealed
	c.mu.Unlock()
	if !known {
		return
	}
	c.log.Warn("Segment is damaged and dropped", "item", k.Title, "segment", s.segment, "error", why)
	if sealed {
		return
	}
	if err := c.takeBack(s); err != nil {
		c.log.Debug("Damaged segment not taken back in the index", "error", err)
	}
}

// takeBack appends an entry that says so to the index. Appending is atomic: the committer may be doing it too.
func (c *Cache) takeBack(s *slot) error {
	f, err := os.OpenFile(s.pack.path+indexExt, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open index: %w", err)
	}
	_, err = f.Write(appendIndexEntry(nil, s.pack.nonce, s.entry, dropped))
	return errors.Join(err, f.Close())
}
