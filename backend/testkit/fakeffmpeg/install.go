package fakeffmpeg

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// dirKey names the environment variable by which the fake knows itself, and where its orders are.
const dirKey = "DROPSTREAM_FAKE_FFMPEG"

// Fake is an installed fake.
type Fake struct {
	Path string // what DROPSTREAM_FFMPEG has to name
	dir  string
}

// Install puts a fake in place for the length of a test. It skips where there is no ffmpeg, or no shell to start it by.
func Install(t *testing.T, mode Mode) *Fake {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not here")
	}
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no shell here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := &Fake{dir: t.TempDir()}
	f.Path = filepath.Join(f.dir, "ffmpeg")
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s' \"$@\"\n", dirKey, f.dir, self)
	for name, text := range map[string]string{"real": ffmpeg, "ffmpeg": script} {
		err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o700)
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Set(t, mode)
	return f
}

// Set changes how the encoder behaves, from its next run on.
func (f *Fake) Set(t *testing.T, mode Mode) {
	t.Helper()
	temp := filepath.Join(f.dir, "mode.new")
	err := os.WriteFile(temp, []byte(mode), 0o600)
	if err == nil {
		err = os.Rename(temp, filepath.Join(f.dir, "mode"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Runs is how often the encoder was used to make segments, and how often for a test encode.
func (f *Fake) Runs(t *testing.T) (heads, tests int) {
	t.Helper()
	count := func(kind string) int {
		files, err := filepath.Glob(filepath.Join(f.dir, kind+"-*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	return count("head"), count("test")
}
