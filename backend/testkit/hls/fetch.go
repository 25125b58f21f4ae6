package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Limits of fetching.
const (
	maxBody    = 512 << 20
	maxRetries = 12 // far more than a player's, so that slowness is a finding and not the end of the check
	// playerRetries is how often hls.js asks again after a 5xx before it gives up.
	playerRetries = 6
)

// body is what a URL gave.
type body struct {
	data    []byte
	header  http.Header
	packed  bool // it came gzipped
	retries int
}

// statusError is an answer that is not 200 and is not worth another try.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.text) }

// get asks for a URL, and again while the answer is a 5xx.
func (c *checker) get(ctx context.Context, url string) (*body, error) {
	for try := 0; ; try++ {
		b, err := c.getOnce(ctx, url)
		var status *statusError
		if err == nil {
			b.retries = try
			return b, nil
		}
		if !errors.As(err, &status) || status.status < http.StatusInternalServerError || try == maxRetries {
			return nil, err
		}
		pause := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, fmt.Errorf("wait to ask again: %w", ctx.Err())
		case <-pause.C:
		}
	}
}

func (c *checker) getOnce(ctx context.Context, url string) (*body, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{resp.StatusCode, string(data[:min(len(data), 200)])}
	}
	return &body{data: data, header: resp.Header, packed: resp.Uncompressed}, nil
}
