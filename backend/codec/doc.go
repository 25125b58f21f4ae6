// Package codec reads the headers of coded frames: whether decoding can start at one, and what a container that says
// less than MP4 leaves to the frames themselves. It also makes frames of silence. It does no I/O, and takes nothing
// that it is given for true: what is cut short or makes no sense is said to be malformed.
package codec

import "errors"

// ErrMalformed says that a header is not what its codec's specification says.
var ErrMalformed = errors.New("malformed codec header")
