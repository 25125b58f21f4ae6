package proc

import "sync"

// tailBytes is how much of a child's stderr is kept. Tools say what went wrong at the end.
const tailBytes = 8 << 10

// tail is an io.Writer that keeps the last tailBytes bytes written to it. It never fails and never blocks.
type tail struct {
	mu   sync.Mutex
	ring [tailBytes]byte
	next int  // where the next byte goes
	full bool // the ring has gone round
}

// Write keeps the end of b.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if len(b) > tailBytes {
		b = b[len(b)-tailBytes:]
	}
	first := copy(t.ring[t.next:], b)
	copy(t.ring[:], b[first:])
	if t.next+len(b) >= tailBytes {
		t.full = true
	}
	t.next = (t.next + len(b)) % tailBytes
	return n, nil
}

// String is what is kept, oldest byte first.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.full {
		return string(t.ring[:t.next])
	}
	return string(t.ring[t.next:]) + string(t.ring[:t.next])
}
