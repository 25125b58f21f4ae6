//go:build unix

package hostile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// special are no ordinary files.
func special() []File {
	made := func(name string, want Want, f func(t *Target, path string) error) File {
		return File{Name: name, Want: want, make: f}
	}
	link := func(target string) func(*Target, string) error {
		return func(t *Target, path string) error { return os.Symlink(string(t.fill(target)), path) }
	}
	return []File{
		made("empty.mp4", Refused, func(_ *Target, path string) error { return os.WriteFile(path, nil, 0o600) }),
		made("sparse-nothing.mp4", Refused, sparse(nil)),
		made("sparse.mp4", Either, sparse(func(t *Target) []byte { return t.Video[:40] })),
		made("sparse.mkv", Either, sparse(func(*Target) []byte { return segment(picture()) })),
		made("sparse.ts", Either, sparse(func(t *Target) []byte { return t.Stream })),
		made("pipe.mp4", Refused, func(_ *Target, path string) error { return syscall.Mkfifo(path, 0o600) }),
		made("zero.mp4", Refused, link("/dev/zero")), made("random.mp4", Refused, link("/dev/urandom")),
		made("loop.mp4", Refused, func(_ *Target, path string) error { return os.Symlink(path, path) }),
		made("nowhere.mp4", Refused, link("/nowhere/at/all.mp4")),
		made("folder.mp4", Refused, func(_ *Target, path string) error { return os.Mkdir(path, 0o700) }),
		made("folders.mp4", Refused, func(_ *Target, path string) error {
			deep := os.MkdirAll(path+strings.Repeat("/deep.mp4", 100), 0o700)
			return errors.Join(deep, os.Symlink("..", path+"/up.mp4"))
		}),
	}
}

// sparse is a file of a terabyte with only a beginning.
func sparse(start func(*Target) []byte) func(*Target, string) error {
	return func(t *Target, path string) error {
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		if start != nil {
			_, err = f.Write(start(t))
		}
		return errors.Join(err, f.Truncate(1<<40), f.Close())
	}
}
