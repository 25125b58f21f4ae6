package media

import "time"

// Extras are what a presentation has beside picture and sound. Times are on the presentation's clock.
type Extras struct {
	Subtitles []Subtitle
	Chapters  []Chapter     // in order, none overlapping, all inside the presentation
	Segment   time.Duration // length of a segment of subtitles; the last one may be longer by less than a second
	Segments  int           // how many there are
}

// Subtitle is one track of subtitles, as the program serves it.
type Subtitle struct {
	Track
	Drawing Drawing
}

// Drawing is how subtitles come to be seen.
type Drawing string

// The ways. What is Styled can be had as plain cues too.
const (
	DrawnByPlayer Drawing = "text"   // cues of WebVTT
	DrawnStyled   Drawing = "styled" // a script with places, fonts and colours
	DrawnAsImage  Drawing = "image"  // pictures laid over the video's
)
