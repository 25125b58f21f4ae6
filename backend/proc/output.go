package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrTooMuch says that a child wrote more than the caller would take.
var ErrTooMuch = errors.New("the child wrote too much")

// Output runs a child to its end and gives all it wrote to stdout. More than maxBytes kills it and fails with
// ErrTooMuch. When the child fails, what it wrote is given beside the error of Wait.
func Output(ctx context.Context, s Spec, maxBytes int64) ([]byte, error) {
	p, err := Start(ctx, s)
	if err != nil {
		return nil, err
	}
	out, rerr := io.ReadAll(io.LimitReader(p.Stdout(), maxBytes+1))
	tooMuch := int64(len(out)) > maxBytes
	if rerr != nil || tooMuch {
		p.Kill()
	}
	_ = p.Stdout().Close()
	err = p.Wait()
	switch {
	case tooMuch:
		return nil, fmt.Errorf("%s: more than %d bytes: %w", p.name, maxBytes, ErrTooMuch)
	case rerr != nil:
		return nil, fmt.Errorf("read the output of %s: %w", p.name, rerr)
	}
	return out, err
}
