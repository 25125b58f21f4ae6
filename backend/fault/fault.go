// Package fault is the error that crosses the program's boundaries: a code for programs, a sentence that is safe
// to show to people, and the cause for the log. The sentence never holds a path, an argument or a tool's output.
package fault

import (
	"context"
	"errors"
	"io/fs"
)

// Code says what kind of trouble it is. Codes are stable: the command line, the API and the UI branch on them.
type Code string

// The codes.
const (
	NotVideo    Code = "not_video"   // refused at the gate: the file is something else
	Unsupported Code = "unsupported" // a video, but with nothing in it that can be decoded here
	Encrypted   Code = "encrypted"   // a video whose tracks are locked
	Damaged     Code = "damaged"     // a video that cannot be read, whole or in part
	Missing     Code = "missing"     // the source is not where it was
	NotFound    Code = "not_found"   // no such item, track, segment or link
	Invalid     Code = "invalid"     // the request makes no sense
	Denied      Code = "denied"      // not allowed: token, origin, permission
	Busy        Code = "busy"        // not ready in time: ask again
	Unavailable Code = "unavailable" // a part that is needed is not installed or too old
	DiskFull    Code = "disk_full"   // no room
	Newer       Code = "newer"       // data written by a newer version of the program
	Canceled    Code = "canceled"    // the asker went away
	Internal    Code = "internal"    // a fault of the program's own
)

// Error is a code, a sentence and a cause.
type Error struct {
	Code    Code
	Message string // one plain sentence, safe to show to anybody
	Err     error  // the cause, for the log; may be nil
}

// Error gives the sentence and the cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + " (" + e.Err.Error() + ")"
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error without a cause.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Wrap gives a cause a code and a sentence.
func Wrap(err error, code Code, message string) *Error {
	return &Error{Code: code, Message: message, Err: err}
}

// CodeOf is the code of the outermost fault in the chain; Canceled for a context that ended, Missing for a file
// that is not there, Denied for one that may not be read, and Internal for all else. It is "" for nil.
func CodeOf(err error) Code {
	f, isFault := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return ""
	case isFault:
		return f.Code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Canceled
	case errors.Is(err, fs.ErrNotExist):
		return Missing
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	return Internal
}

// MessageOf is the sentence to show for an error: the outermost fault's own, or a plain one for its code.
func MessageOf(err error) string {
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Message
	}
	switch CodeOf(err) {
	case "":
		return ""
	case Canceled:
		return "This was stopped before it was done."
	case Missing:
		return "The file is not there any more."
	case Denied:
		return "This file may not be read."
	default:
		return "Something went wrong inside drop.stream. The log has the details."
	}
}
