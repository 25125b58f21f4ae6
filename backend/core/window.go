package core

import (
	"context"

	"dropstream/backend/config"
)

// WindowState is where the window was when it was last there.
func (c *Core) WindowState() config.WindowState { return c.config.Get().Window }

// SaveWindowState remembers where the window is.
func (c *Core) SaveWindowState(ctx context.Context, w config.WindowState) error {
	return c.config.Update(ctx, func(s *config.Settings) { s.Window = w })
}
