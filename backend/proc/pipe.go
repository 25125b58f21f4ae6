package proc

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// pipe is the reading end of a child's stdout.
type pipe struct {
	r    *os.File
	done <-chan struct{} // closed when the child is gone
}

// Read reads what the child wrote: io.EOF at the end, an error that wraps os.ErrClosed after Close. A descendant
// that left the group and still holds the pipe when the child is gone is not waited for.
func (p *pipe) Read(b []byte) (int, error) {
	select {
	case <-p.done:
		p.expire()
	default:
	}
	n, err := p.r.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("stdout is still held though the child is gone: %w", err)
	}
	return n, err //nolint:wrapcheck // io.EOF must stay as it is
}

// Close closes the reading end. A Read under way returns.
func (p *pipe) Close() error { return p.r.Close() } //nolint:wrapcheck // nothing to add

// expire gives whoever reads, now or later, a bound. Not every system can; where it can't, the job is the bound.
func (p *pipe) expire() { _ = p.r.SetReadDeadline(time.Now().Add(waitDelay)) }
