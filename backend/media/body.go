package media

import (
	"bytes"
	"hash/crc32"
	"io"
)

// Body is the bytes of a finished segment, to be sent to a viewer. Close it. One goroutine at a time may use it.
type Body interface {
	io.ReadSeeker
	io.Closer
	Size() int64
	// Sum is the CRC-32C of all the bytes (RFC 3720 appendix B.4).
	Sum() uint32
	// Send writes the next n bytes, or those that are left, to w: straight from the file where both sides can. It
	// gives how many it wrote, and no error at the end.
	Send(w io.Writer, n int64) (int64, error)
}

// castagnoli is the CRC-32C table: computed by the processor itself where it can.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of some bytes.
func Checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// InMemory is a Body of bytes in memory, of which the checksum is known already. They must not be changed any more.
func InMemory(data []byte, sum uint32) Body {
	return &inMemory{Reader: bytes.NewReader(data), data: data, sum: sum}
}

type inMemory struct {
	*bytes.Reader

	data []byte
	sum  uint32
}

func (b *inMemory) Close() error { return nil }
func (b *inMemory) Sum() uint32  { return b.sum }

func (b *inMemory) Send(w io.Writer, n int64) (int64, error) {
	rest := b.data[b.Size()-int64(b.Len()):]
	written, err := w.Write(rest[:min(n, int64(len(rest)))])
	if _, seeked := b.Seek(int64(written), io.SeekCurrent); err == nil {
		err = seeked
	}
	return int64(written), err //nolint:wrapcheck // the writer's own
}
