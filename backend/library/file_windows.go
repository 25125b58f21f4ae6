package library

import (
	"os"
	"strings"
	"syscall"
)

// openRegular opens a file for reading.
func openRegular(path string) (*os.File, error) { return os.Open(path) }

// hidden says whether the system's file manager hides an entry.
func hidden(entry os.DirEntry) bool {
	if strings.HasPrefix(entry.Name(), ".") {
		return true
	}
	fi, err := entry.Info()
	if err != nil {
		return false
	}
	data, ok := fi.Sys().(*syscall.Win32FileAttributeData)
	return ok && data.FileAttributes&(syscall.FILE_ATTRIBUTE_HIDDEN|syscall.FILE_ATTRIBUTE_SYSTEM) != 0
}
