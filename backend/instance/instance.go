// Package instance sees to it that a data folder has one program at a time, and lets a second one talk to the first.
//
// The truth is an OS lock on DATA/instance.lock: it goes when its process does, however that ends, so nothing has to
// be cleaned up after a kill. DATA/instance.json says how to reach the holder; it is written once the holder listens,
// and what it says is worth nothing while the lock is free. Neither needs a session bus, a home folder or a user.
package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"dropstream/backend/fault"
)

const (
	lockName = "instance.lock"
	infoName = "instance.json"
	maxInfo  = 16 << 10 // bytes; the file is ours, but a folder may hold anything under its name
)

// ErrHeld says that another process holds the data folder.
var ErrHeld = errors.New("the data folder is held by another process")

// Info is how to reach the process that holds a data folder.
type Info struct {
	URL   string `json:"url"`   // http://127.0.0.1:PORT, the root of the HTTP API
	Token string `json:"token"` // the API's bearer token
	PID   int    `json:"pid"`
	// Control is the URL of the holder's window control, with its secret; "" when it has no window.
	Control string `json:"control,omitempty"`
}

// Lock is the holding of a data folder.
type Lock struct {
	dir  string
	file *os.File

	mu      sync.Mutex
	closed  bool
	control *control
}

// Claim takes the data folder, which is made when it is not there. It does not wait: ErrHeld when another process
// (or another Lock of this one) has it; a *fault.Error when the folder cannot be written.
func Claim(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(fmt.Errorf("make data folder: %w", err))
	}
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(fmt.Errorf("open instance lock: %w", err))
	}
	if err := lockFile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// Whoever wrote this is gone, or its lock would not have been free.
	if err := os.Remove(filepath.Join(dir, infoName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unwritable(errors.Join(fmt.Errorf("remove stale instance record: %w", err), file.Close()))
	}
	return &Lock{dir: dir, file: file}, nil
}

func unwritable(err error) error {
	return fault.Wrap(err, fault.CodeOf(err), "The folder for drop.stream's data cannot be written.")
}

// Publish writes how this process is reached, readable by its own user alone, in one step: a reader sees all of it
// or nothing. With a non-nil Handler the process is also asked, through Info.Control, to take files and show itself.
func (l *Lock) Publish(info Info, h Handler) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("publish instance: %w", os.ErrClosed)
	}
	if h != nil && l.control == nil {
		c, err := newControl(h)
		if err != nil {
			return err
		}
		l.control = c
	}
	if l.control != nil {
		info.Control = l.control.url
	}
	data, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("encode instance record: %w", err)
	}
	return writeAtomic(filepath.Join(l.dir, infoName), append(data, '\n'))
}

// Close removes the record and gives the folder back. It waits for control requests under way. It is idempotent.
func (l *Lock) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	if err := os.Remove(filepath.Join(l.dir, infoName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, fmt.Errorf("remove instance record: %w", err))
	}
	if l.control != nil {
		errs = append(errs, l.control.close())
	}
	// The lock file itself stays: removing it would let two processes hold two files of one name.
	errs = append(errs, l.file.Close())
	return errors.Join(errs...)
}

// read gives the record, or an error when there is none or it is not whole.
func read(dir string) (*Info, error) {
	file, err := os.Open(filepath.Join(dir, infoName))
	if err != nil {
		return nil, fmt.Errorf("open instance record: %w", err)
	}
	defer func() { _ = file.Close() }()
	var info Info
	if err := decodeBounded(file, maxInfo, &info); err != nil {
		return nil, fmt.Errorf("read instance record: %w", err)
	}
	return &info, nil
}

// writeAtomic writes a file readable by its owner alone under a temporary name and moves it in place.
func writeAtomic(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+infoName+"-*") // made with 0600
	if err != nil {
		return fmt.Errorf("make instance record: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	if _, err := tmp.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write instance record: %w", err), tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("close instance record: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("place instance record: %w", err)
	}
	return nil
}
