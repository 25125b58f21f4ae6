// Package clips makes the video files that the tests and the benchmark play, with ffmpeg, from nothing. Each is made
// once and kept in a folder, under a name that holds the hash of its recipe, so that a changed recipe makes a new file.
//
// The folder is $DROPSTREAM_CLIPS, or dropstream-clips in the system's folder for temporary files.
package clips

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Clip is a file and how it is made.
type Clip struct {
	Name string // the file's name
	// Args are ffmpeg's, without the output: PATH/{other clip's name} stands for another clip.
	Args []string
	// After changes the finished file's bytes: cuts its tail, damages it, turns its picture.
	After  func(data []byte) []byte
	Append string // the clip whose bytes follow those of this one
	Recipe string // says what After does, so that a change of it is a change of the clip

	Passthrough string // "yes" or "no" when it is certain how it has to be delivered, otherwise ""
	Pattern     bool   // a flash and a beep every 2 s
	Damaged     bool   // broken on purpose: it may be refused, or play in part
	Resized     bool   // the size of its pictures changes
	Shuffled    bool   // seeks only: nobody watches it in order
	Refused     bool   // has to be refused, or to end as an item that says why it does not play
}

// needs are the other clips that a clip is made of.
func (c Clip) needs() []string {
	var names []string
	for _, a := range c.Args {
		if name, ok := strings.CutPrefix(a, "PATH/"); ok {
			names = append(names, name)
		}
	}
	if c.Append != "" {
		names = append(names, c.Append)
	}
	return names
}

// Dir is the folder that clips are kept in.
func Dir() string {
	if dir := os.Getenv("DROPSTREAM_CLIPS"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "dropstream-clips")
}

// Named gives the clip of a name, of all that there are.
func Named(name string) (Clip, bool) {
	all := slices.Concat(All(), Sent(), Large())
	i := slices.IndexFunc(all, func(c Clip) bool { return c.Name == name })
	if i < 0 {
		return Clip{}, false
	}
	return all[i], true
}

// hash is that of everything the clip is made of.
func (c Clip) hash() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q %q", c.Args, c.Recipe) // a hash takes everything
	for _, name := range c.needs() {
		if other, ok := Named(name); ok {
			h.Write([]byte(other.hash()))
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Path is where the clip is; it is made first if it is not there. Several processes may ask at once.
func (c Clip) Path(ctx context.Context) (string, error) {
	dir := filepath.Join(Dir(), c.hash())
	path := filepath.Join(dir, c.Name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make clip folder: %w", err)
	}
	if err := c.make(ctx, dir, path); err != nil {
		return "", fmt.Errorf("make clip %s: %w", c.Name, err)
	}
	return path, nil
}

// make makes the clip under another name and then gives it its own, so that half a clip is never taken for a whole.
func (c Clip) make(ctx context.Context, dir, path string) error {
	work, err := os.MkdirTemp(dir, "making-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	args := []string{"-hide_banner", "-nostdin", "-v", "error", "-y"}
	for _, a := range c.Args {
		if name, ok := strings.CutPrefix(a, "PATH/"); ok {
			other, found := Named(name)
			if !found {
				return fmt.Errorf("no clip %q", name)
			}
			if a, err = other.Path(ctx); err != nil {
				return err
			}
		}
		args = append(args, a)
	}
	made := filepath.Join(work, c.Name)
	out, err := exec.CommandContext(ctx, "ffmpeg", append(args, made)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	if c.After != nil {
		data, err := os.ReadFile(made)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := os.WriteFile(made, c.After(data), 0o600); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	if c.Append != "" {
		if err := c.extend(ctx, made); err != nil {
			return err
		}
	}
	if err := os.Rename(made, path); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	return nil
}

// extend writes the other clip's bytes after those of the file.
func (c Clip) extend(ctx context.Context, file string) error {
	other, found := Named(c.Append)
	if !found {
		return fmt.Errorf("no clip %q", c.Append)
	}
	path, err := other.Path(ctx)
	if err != nil {
		return err
	}
	more, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if err := os.WriteFile(file, slices.Concat(data, more), 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
