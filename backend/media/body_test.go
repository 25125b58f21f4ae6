package media

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestInMemory(t *testing.T) {
	data := []byte("0123456789")
	b := InMemory(data, Checksum(data))
	defer func() { _ = b.Close() }()
	if b.Size() != 10 || b.Sum() != 0x280c069e {
		t.Errorf("%d bytes, checksum %08x", b.Size(), b.Sum())
	}
	var out bytes.Buffer
	for _, want := range []int64{4, 4, 2, 0} {
		if n, err := b.Send(&out, 4); n != want || err != nil {
			t.Errorf("sent %d, %v, want %d", n, err, want)
		}
	}
	if out.String() != string(data) {
		t.Errorf("sent %q", out.String())
	}
	if _, err := b.Seek(7, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(b); string(rest) != "789" || err != nil {
		t.Errorf("read %q, %v", rest, err)
	}
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Send(failing{}, 10); n != 3 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("sent %d, %v", n, err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 3, io.ErrClosedPipe }
