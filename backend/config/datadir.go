package config

import (
	"os"
	"path/filepath"
	"runtime"

	"dropstream/backend/fault"
)

// DataDir is where this user's library is kept unless another place is named: $XDG_DATA_HOME/dropstream or
// ~/.local/share/dropstream (XDG Base Directory), %LOCALAPPDATA%\dropstream, ~/Library/Application Support/dropstream.
// Errors: fault.Unavailable when the system does not say where the user's home is.
func DataDir() (string, error) { return dataDir(runtime.GOOS, os.Getenv) }

func dataDir(goos string, getenv func(string) string) (string, error) {
	const name = "dropstream"
	home := getenv("HOME")
	switch goos {
	case "windows":
		if dir := getenv("LOCALAPPDATA"); dir != "" {
			return filepath.Join(dir, name), nil
		}
		if dir := getenv("USERPROFILE"); dir != "" {
			return filepath.Join(dir, "AppData", "Local", name), nil
		}
	case "darwin", "ios":
		if home != "" {
			return filepath.Join(home, "Library", "Application Support", name), nil
		}
	default:
		// A relative path is invalid and is to be ignored, the specification says.
		if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, name), nil
		}
		if home != "" {
			return filepath.Join(home, ".local", "share", name), nil
		}
	}
	return "", fault.New(fault.Unavailable, "The system does not say where your home folder is. "+
		"Name a folder with --data.")
}
