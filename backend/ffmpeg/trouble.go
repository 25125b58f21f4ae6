package ffmpeg

import (
	"context"
	"errors"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/proc"
)

// The error numbers of libavutil/error.h that mean something to us, as ffprobe's -show_error prints them.
const (
	avNoEntry      = -2
	avAccess       = -13
	avNoMemory     = -12
	avPatchWelcome = -1163346256
)

// trouble makes a fault of a run that failed. avError is the number ffprobe gave, 0 when it gave none.
func trouble(ctx context.Context, err error, avError int64) error {
	if ctx.Err() != nil {
		return err // it wraps the context's error: being stopped is not the file's fault
	}
	switch avError {
	case avNoEntry:
		return fault.Wrap(err, fault.Missing, "The file is not there any more.")
	case avAccess:
		return fault.Wrap(err, fault.Denied, "This file may not be read.")
	case avPatchWelcome:
		return fault.Wrap(err, fault.Unsupported, "This video is made in a way that cannot be played here.")
	case avNoMemory:
		return fault.Wrap(err, fault.Damaged, "This video asks for more than a video may.")
	}
	var exit *proc.ExitError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(err, fault.Damaged,
			"Reading this video took too long: it is damaged, or its drive is very slow.")
	case errors.As(err, &exit) && exit.Signal != 0:
		return fault.Wrap(err, fault.Damaged, "This video is damaged: reading it had to be stopped.")
	case errors.As(err, &exit), errors.Is(err, proc.ErrTooMuch):
		return fault.Wrap(err, fault.Damaged, "This video is damaged and cannot be read.")
	}
	return fault.Wrap(err, fault.Unavailable, "ffmpeg could not be started. "+remedy())
}

// CheckPlayable says why a source cannot be played here: fault.Encrypted when its picture is locked, or all it has;
// fault.Unsupported when nothing it has can be decoded; fault.Damaged when it has no picture and no sound at all.
// Nil when something plays.
func (t *Tools) CheckPlayable(p *media.Probe) error {
	var some, plays, locked bool
	for _, track := range p.Tracks {
		if track.Kind != media.Video && track.Kind != media.Audio || track.Picture {
			continue
		}
		some = true
		plays = plays || t.CanDecode(track)
		locked = locked || track.Encrypted
	}
	video := p.FirstVideo()
	switch {
	case video != nil && video.Encrypted, locked && !plays:
		return fault.New(fault.Encrypted, "This video is locked by its publisher and plays only in their own apps.")
	case plays:
		return nil
	case some:
		return fault.New(fault.Unsupported, "This video uses a codec that cannot be decoded here.")
	}
	return fault.New(fault.Damaged, "There is no picture and no sound in this file.")
}
