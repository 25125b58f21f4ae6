package index

import (
	"errors"
	"fmt"
	"io"

	"dropstream/backend/fault"
)

// source is a file of known size, read at offsets.
type source struct {
	r    io.ReaderAt
	size int64
}

// readAt fills p from off. A file that ends too early is a fault.Damaged.
func (s *source) readAt(p []byte, off int64) error {
	if off < 0 || off > s.size-int64(len(p)) {
		return fault.Wrap(fmt.Errorf("read %d bytes at %d of %d: %w", len(p), off, s.size, io.ErrUnexpectedEOF),
			fault.Damaged, sentenceCut)
	}
	n, err := s.r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fault.Wrap(fmt.Errorf("read %d bytes at %d: got %d: %w", len(p), off, n, io.ErrUnexpectedEOF),
			fault.Damaged, sentenceCut)
	default:
		return fmt.Errorf("read %d bytes at %d: %w", len(p), off, err)
	}
}

// window reads small pieces of a source through one buffer, so that a walk over many small boxes is few reads.
type window struct {
	src  *source
	off  int64 // of buf[0]
	buf  []byte
	fill int // bytes read at once
}

func newWindow(src *source, fill int) *window {
	return &window{src: src, fill: fill}
}

// at gives the n bytes at off. They are valid until the next call. n is at most some KB: larger pieces are loaded.
func (w *window) at(off int64, n int) ([]byte, error) {
	if off >= w.off && off+int64(n) <= w.off+int64(len(w.buf)) {
		return w.buf[off-w.off:][:n:n], nil
	}
	want := int64(max(n, w.fill))
	want = max(min(want, w.src.size-off), int64(n))
	if int64(cap(w.buf)) < want {
		w.buf = make([]byte, want)
	}
	w.buf = w.buf[:want]
	if err := w.src.readAt(w.buf, off); err != nil {
		w.buf = w.buf[:0]
		return nil, err
	}
	w.off = off
	return w.buf[:n:n], nil
}

// load gives its own copy of the n bytes at off, at most limit of them.
func (w *window) load(off, n, limit int64) ([]byte, error) {
	if n < 0 || n > limit {
		return nil, tooLarge("%d bytes at %d, at most %d", n, off, limit)
	}
	p := make([]byte, n)
	if off >= w.off && off+n <= w.off+int64(len(w.buf)) {
		copy(p, w.buf[off-w.off:])
		return p, nil
	}
	return p, w.src.readAt(p, off)
}
