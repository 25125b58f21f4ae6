//go:build unix

package proc

import "os"

// MinimalEnv is the environment a child gets when none is named: where programs are, where temporary files go, and
// the plain C locale. There is no home folder in it, so nothing of the user's changes what a tool does.
func MinimalEnv() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C",
		"TMPDIR=" + os.TempDir(),
	}
}

// childDir is where a child works: a folder that is always there and keeps no drive from being unplugged.
func childDir() string { return "/" }
