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
	LargestSide = 2160 // what is transcoded is never larger than this
	FullSide    = 1080 // nor than this, where the encoder does not keep up with more
	CostlySide  = 720  // nor than this, where each picture costs much more than its encoding and cores are few
)

// steps are the usual sizes, largest first. The last one is made at once anywhere, and goes through any link.
var steps = []int{2160, 1440, 1080, 720, 480, 360}

// Ladder gives the rungs that a video can be transcoded to, best first: the largest size that fits, never more than
// the source's or than largest, then the usual sizes below that are clearly smaller.
func Ladder(v media.VideoFormat, largest int) []Rung {
	w, h := v.DisplaySize()
	top := min(w, h, largest)
	rungs := []Rung{rung(w, h, top)}
	for _, side := range steps {
		if side*5 <= top*4 {
			rungs = append(rungs, rung(w, h, side))
		}
	}
	return rungs
}

// AsItIs is the rung of a video's own samples.
func AsItIs(v media.VideoFormat) Rung {
	w, h := v.DisplaySize()
	return Rung{Name: Original, Passthrough: true, Width: w, Height: h}
}

// rung scales w×h so that its shorter side is the given one, to even sizes of at least 16.
func rung(w, h, side int) Rung {
	short := max(1, min(w, h))
	even := func(n int) int { return max(16, min(8192, (n*side+short/2)/short)&^1) }
	r := Rung{Name: fmt.Sprintf("%dp", side), Width: even(w), Height: even(h)}
	r.BitsPerSecond = capFor(r.Width * r.Height)
	return r
}

// capFor is the bit rate a rendition of so many pixels stays under: about 24 Mb/s at 2160p, 8 at 1080p, 1 at
// 360p.
func capFor(pixels int) int64 {
	switch {
	case pixels > 5000*1000:
		return 24_000_000
	case pixels > 2500*1000:
		return 14_000_000
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
