//go:build unix

package fakeffmpeg

import (
	"path/filepath"
	"syscall"
)

// open takes the one session there is. It is given back when the process ends, however it does.
func (f fake) open() bool {
	fd, err := syscall.Open(filepath.Join(f.dir, "session"), syscall.O_CREAT|syscall.O_RDWR, 0o600)
	return err == nil && syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
