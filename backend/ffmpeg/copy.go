package ffmpeg

import (
	"time"

	"dropstream/backend/media"
)

// Copy is one run of ffmpeg that takes the packets of one stream out of a source as they are, and writes them as
// Matroska on its standard output, with their times on the source's own clock.
type Copy struct {
	Source   media.Source
	Stream   int
	From, To time.Duration // on the source's clock; what is before From may come too
}

// Args is the command line, without the program.
func (c Copy) Args() Args {
	a := Base().Add("-copyts")
	if c.From > 0 {
		a = a.Opt("-seek_timestamp", "1").Time("-ss", c.From)
	}
	return a.Time("-t", c.To-c.From).Source(c.Source).Map(c.Stream).Bare().Opt("-c", "copy").
		To("matroska", "pipe:1")
}
