package cache

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// freeBytes is the free space at dir that this user may have.
func freeBytes(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("name of cache folder: %w", err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("ask free space: %w", err)
	}
	return int64(free), nil //nolint:gosec // no disk has 2^63 bytes
}

// isFull says whether an error means that there is no room.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// syncFolder does nothing: NTFS journals its names.
func syncFolder(string) error { return nil }
