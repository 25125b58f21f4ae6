//go:build unix

package config

import (
	"fmt"
	"math"
	"syscall"
)

// FreeBytes is the space on the disk that holds dir which this user may still fill.
func FreeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	free := float64(st.Bavail) * float64(st.Bsize) // never exact enough to matter, never overflowing
	return int64(min(free, math.MaxInt64/2)), nil
}
