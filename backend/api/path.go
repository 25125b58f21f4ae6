package api

import (
	"net/url"
	"path/filepath"
	"strings"

	"dropstream/backend/fault"
)

// absolute makes a path absolute against dir. An address of a file, as file managers and browsers copy it, counts
// as its path.
func absolute(path, dir string) (string, error) {
	if p, ok := fromFileURL(path); ok {
		path = p
	}
	switch {
	case path == "" || strings.ContainsRune(path, 0):
		return "", fault.New(fault.Invalid, "This is no name of a file.")
	case filepath.IsAbs(path):
		return path, nil
	case filepath.IsAbs(dir):
		return filepath.Join(dir, path), nil
	}
	return "", fault.New(fault.Invalid, "The place of a file must be given whole, from the top folder on.")
}

// fromFileURL takes the path out of a file: address (RFC 8089) of this machine.
func fromFileURL(s string) (string, bool) {
	if len(s) < 8 || !strings.EqualFold(s[:7], "file://") {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Path == "" || (u.Host != "" && !strings.EqualFold(u.Host, "localhost")) {
		return "", false
	}
	p := u.Path
	if len(p) > 2 && p[0] == '/' && p[2] == ':' { // file:///C:/...
		p = p[1:]
	}
	return filepath.FromSlash(p), true
}

// showPath is a path as text: bytes that are no UTF-8 become U+FFFD.
func showPath(p string) string { return strings.ToValidUTF8(p, "\uFFFD") }
