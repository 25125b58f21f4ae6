//go:build unix

package library

import (
	"os"
	"strings"
	"syscall"
)

// openRegular opens a file for reading without waiting for anybody, should it have become a FIFO in the meantime.
func openRegular(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// hidden says whether the system's file manager hides an entry.
func hidden(entry os.DirEntry) bool { return strings.HasPrefix(entry.Name(), ".") }
