package sprite

import (
	"fmt"
	"time"
)

// Unfinished is the text of the NOTE in an index whose thumbnails are still in the making.
const Unfinished = "unfinished"

// Index gives the WebVTT index of sheets by their numbers, which may have holes: nil for a sheet that is not there.
// Their addresses are relative to its own: thumbs/N.jpg, with the content's version as the query. No cue begins before
// the last one has ended, and none is empty.
func Index(sheets []*Sheet, finished bool) []byte {
	b := []byte("WEBVTT\n")
	if !finished {
		b = append(b, "\nNOTE "+Unfinished+"\n"...)
	}
	at := time.Duration(0)
	for n, s := range sheets {
		if s == nil {
			continue
		}
		version := s.Version()
		for i, from := range s.Times {
			to := s.End
			if i+1 < len(s.Times) {
				to = s.Times[i+1]
			}
			if from = max(from, at); to.Milliseconds() <= from.Milliseconds() {
				continue
			}
			at = to
			b = fmt.Appendf(b, "\n%s --> %s\nthumbs/%d.jpg?v=%s#xywh=%d,%d,%d,%d\n", clock(from), clock(to), n, version,
				i%Columns*s.Width, i/Columns*s.Height, s.Width, s.Height)
		}
	}
	return b
}

// clock is a time as WebVTT writes it (W3C WebVTT 1.0 §4.1): two digits of hours or more, milliseconds.
func clock(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
