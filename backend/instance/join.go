package instance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dropstream/backend/fault"
)

const (
	joinEvery = 25 * time.Millisecond // how often a held folder is looked at again
	joinFor   = 20 * time.Second      // how long a holder may take to start, or to finish what it does
)

// Join takes the data folder, or finds the running process that has it: exactly one of the two is not nil. A holder
// that has not published yet is waited for, and so is one that is closing. Busy when that takes too long: the holder
// hangs, or it is a command line at a long piece of work.
func Join(ctx context.Context, dir string) (*Lock, *Client, error) {
	ctx, cancel := context.WithTimeout(ctx, joinFor)
	defer cancel()
	tick := time.NewTicker(joinEvery)
	defer tick.Stop()
	for {
		lock, err := Claim(dir)
		if err == nil {
			return lock, nil, nil
		}
		if !errors.Is(err, ErrHeld) {
			return nil, nil, err
		}
		client, err := connect(ctx, dir)
		if err == nil {
			return nil, client, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if context.Cause(ctx) == context.Canceled { //nolint:errorlint // Cause gives the very value
				return nil, nil, fmt.Errorf("wait for the running instance: %w", context.Canceled)
			}
			return nil, nil, fault.Wrap(err, fault.Busy,
				"Another drop.stream holds this data folder and does not answer.")
		}
	}
}

// connect reads the record and checks that who it names answers with the token it gives. The record may be of a dead
// predecessor for the moment between the lock and its removal: then nobody answers.
func connect(ctx context.Context, dir string) (*Client, error) {
	info, err := read(dir)
	if err != nil {
		return nil, err
	}
	client := &Client{info: *info}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := client.ping(ctx); err != nil {
		return nil, err
	}
	return client, nil
}
