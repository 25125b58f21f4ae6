package stream

import (
	"context"

	"dropstream/backend/fault"
)

// Keep begins to store an item whole.
func (e *Engine) Keep(context.Context, string) error {
	return fault.New(fault.Unavailable, "Videos cannot be kept yet.")
}

// Unkeep gives up what Keep does.
func (e *Engine) Unkeep(string) {}
