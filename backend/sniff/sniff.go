// Package sniff is the gate: it reads a file's first 4 KB and names the true container, or refuses the file with a
// sentence that says what it really is. No other code opens a file before it has passed here, and names never count.
//
// A video's own signature at the very start decides first, so a file that is two things at once is the video, and its
// demuxer is then forced to that container. Everything else has to be recognised by what it is not: first the
// disguises that a demuxer would follow to other files (playlists, scripts, session descriptions), then programs,
// archives, documents, images and sounds.
package sniff

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// HeadBytes is how much of a file's start is looked at.
const HeadBytes = 4096

// Reader names the container of a file of size bytes by its first HeadBytes.
//
// Errors: a *fault.Error of fault.NotVideo whose message says what the file is; r's own errors, wrapped.
func Reader(r io.ReaderAt, size int64) (media.Container, error) {
	head := make([]byte, max(0, min(size, HeadBytes)))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the first %d bytes: %w", len(head), err)
	}
	return Sniff(head[:n], size)
}

// Sniff names the container of a file of size bytes whose first bytes are head: 4096 of them, or the whole file.
// It never panics, and gives only the containers that package media lists.
//
// Errors: a *fault.Error of fault.NotVideo whose message says what the file is.
func Sniff(head []byte, size int64) (c media.Container, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = "", fault.Wrap(fmt.Errorf("sniff panicked: %v", p), fault.NotVideo, sentenceUnknown)
		}
	}()
	head = head[:min(len(head), HeadBytes)]
	if size <= 0 || len(head) == 0 {
		return "", fault.New(fault.NotVideo, "This file is empty.")
	}
	if c, what := atStart(head, size); c != "" {
		return c, nil
	} else if what != "" {
		return "", refuse(what)
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return "", fault.New(fault.NotVideo,
			"This file begins with nothing but zeros, as a download does that was not finished.")
	}
	if what := disguise(head); what != "" {
		return "", refuse(what)
	}
	if c := resync(head); c != "" {
		return c, nil
	}
	if what := known(head); what != "" {
		return "", refuse(what)
	}
	return "", fault.New(fault.NotVideo, sentenceUnknown)
}

const sentenceUnknown = "This is not a video this program knows."

// refuse says what a file is instead of a video.
func refuse(what string) error {
	return fault.New(fault.NotVideo, "This is "+what+", not a video.")
}
