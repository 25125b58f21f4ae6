//go:build unix

package instance

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile takes an flock(2): it belongs to the open file, which no child inherits (O_CLOEXEC), and ends with it.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		default:
			return fmt.Errorf("lock data folder: %w", err)
		}
	}
}
