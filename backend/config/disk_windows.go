package config

import (
	"fmt"
	"math"

	"golang.org/x/sys/windows"
)

// FreeBytes is the space on the disk that holds dir which this user may still fill.
func FreeBytes(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	return int64(min(free, math.MaxInt64)), nil
}
