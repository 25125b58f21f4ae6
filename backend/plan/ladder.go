package plan

import (
	"fmt"

	"dropstream/backend/media"
)

// Rung is one rendition of the video: the source's own samples, or a size to transcode to.
type Rung struct {
	Name          string // in URLs: "original", "1080p"; the number is the shorter side
	Passthrough   bool
	Width, Height int   // as shown; even for transcoded rungs
	BitsPerSecond int64 // the cap of a transcoded rung; 0 for passthrough
}

// Original is the name of a passed-through rendition.
const Original = "original"

// Sides of transcoded rungs: the shorter side of the picture.
const (
	LargestSide = 1080 // what is transcoded is never larger than this
	CostlySide  = 720  // nor than this, where each picture costs much more than its encoding and cores are few
	instantSide = 360  // for weak clients and links
)

// Ladder gives the rungs of a video, best first: its own samples when they can be passed through, else the largest
// size that fits, never more than the source's or than largest; then 360p where that is smaller.
func Ladder(v media.VideoFormat, passthrough bool, largest int) []Rung {
	w, h := v.DisplaySize()
	short := min(w, h)
	var rungs []Rung
	if passthrough {
		rungs = append(rungs, Rung{Name: Original, Passthrough: true, Width: w, Height: h})
	} else {
		rungs = append(rungs, rung(w, h, min(short, largest)))
	}
	if short > instantSide && rungs[0].Name != fmt.Sprintf("%dp", instantSide) {
		rungs = append(rungs, rung(w, h, instantSide))
	}
	return rungs
}

// rung scales w×h so that its shorter side is the given one, to even sizes of at least 16.
func rung(w, h, side int) Rung {
	short := max(1, min(w, h))
	even := func(n int) int { return max(16, min(8192, (n*side+short/2)/short)&^1) }
	r := Rung{Name: fmt.Sprintf("%dp", side), Width: even(w), Height: even(h)}
	r.BitsPerSecond = capFor(r.Width * r.Height)
	return r
}

// capFor is the bit rate a rendition of so many pixels stays under: about 8 Mb/s at 1080p, 1 Mb/s at 360p.
func capFor(pixels int) int64 {
	switch {
	case pixels > 1300*1000:
		return 8_000_000
	case pixels > 600*1000:
		return 4_500_000
	case pixels > 300*1000:
		return 2_500_000
	case pixels > 120*1000:
		return 1_200_000
	}
	return 800_000
}
