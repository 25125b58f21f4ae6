package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Want is what has to become of a file.
type Want int

// What may become of a file.
const (
	Either  Want = iota // refused in words, or an item that plays as far as it goes
	Refused             // refused in words, or an item that says why it does not play
	Plays               // its content is a good video; only its name is nasty
)

// File is one hostile file.
type File struct {
	Name string
	Want Want
	data func(*Target) ([]byte, error)
	make func(t *Target, path string) error // instead of data
}

// Target is what the files point at, and what they are made of.
type Target struct {
	URL    string // of a listener that nobody may ever call: "http://127.0.0.1:1234"
	Canary string // the path of a file that nobody may ever open
	Video  []byte // a good MP4 with its index last
	Stream []byte // a good MPEG transport stream that has to be transcoded
}

// Make writes the file into a folder and gives its path.
func (f *File) Make(t *Target, dir string) (string, error) {
	path := filepath.Join(dir, f.Name)
	if f.make != nil {
		if err := f.make(t, path); err != nil {
			return "", fmt.Errorf("make %q: %w", f.Name, err)
		}
		return path, nil
	}
	data, err := f.data(t)
	if err != nil {
		return "", fmt.Errorf("make %q: %w", f.Name, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("write %q: %w", f.Name, err)
	}
	return path, nil
}

// Files are all of them.
func Files() []File {
	return slices.Concat(scripts(), references(), tables(), matroska(), sizes(), names(), special())
}

// text is a file of text in which {url} and {canary} stand for what it points at.
func text(name, content string) File {
	return File{Name: name, Want: Refused, data: func(t *Target) ([]byte, error) { return t.fill(content), nil }}
}
