package ffmpeg

import (
	"encoding/binary"
	"io"
	"math"
)

// The pictures of the sample clip, drawn small: ffmpeg makes them large, which also makes them soft.
const (
	waveWidth, waveHeight = 320, 180
	waveRate              = 30
	waveFrames            = sampleSeconds * waveRate
	waveFormat            = "yuv420p10le"
	waveFrameBytes        = waveWidth * waveHeight * 3 // two bytes a sample, one and a half samples a pixel
)

// waves are layers of slow water in the accent's blue-green, one before the other: an io.Reader of raw frames.
type waves struct {
	frame int
	left  []byte // of the frame being read
	buf   [waveFrameBytes]byte
}

// layers are the crests from far to near. Heights are parts of the picture's height from its top; the crest is two
// sines that run against each other.
var layers = [...]struct{ height, swing, perWidth, perSecond, phase, light, fade float64 }{
	{0.30, 0.05, 0.7, 0.05, 0, 150, 2.2},
	{0.48, 0.06, 0.9, -0.07, 2, 190, 2.6},
	{0.68, 0.05, 0.8, 0.09, 4, 230, 3.0},
}

// Read gives the frames one after the other, and io.EOF after the last.
func (w *waves) Read(b []byte) (int, error) {
	if len(w.left) == 0 {
		if w.frame == waveFrames {
			return 0, io.EOF
		}
		w.draw(float64(w.frame) / waveRate)
		w.frame++
		w.left = w.buf[:]
	}
	n := copy(b, w.left)
	w.left = w.left[n:]
	return n, nil
}

// draw draws the picture at a time in seconds: a luma plane, then the two of chroma at half the size.
func (w *waves) draw(at float64) {
	const cells = waveWidth / 2 * (waveHeight / 2)
	var crests [waveWidth][len(layers)]float64
	for x := range crests {
		for i, l := range layers {
			turn := 2 * math.Pi * float64(x) / waveWidth * l.perWidth
			drift := 2 * math.Pi * at * l.perSecond
			crests[x][i] = l.height + l.swing*math.Sin(turn+drift+l.phase) +
				l.swing/2*math.Sin(1.7*turn-0.6*drift+2*l.phase)
		}
	}
	luma, blue := w.buf[:], w.buf[2*waveWidth*waveHeight:]
	red := blue[2*cells:]
	for y := range waveHeight {
		down := float64(y) / waveHeight
		for x := range waveWidth {
			light := 190 + 60*down
			for i, l := range layers {
				// The crest is a soft edge; below it the light fades with depth.
				if depth := down - crests[x][i]; depth > -0.02 {
					light += l.light * min(1, depth*25+0.5) * math.Exp(-l.fade*max(0, depth))
				}
			}
			put(luma, y*waveWidth+x, light)
			if x&1 == 0 && y&1 == 0 {
				// Chroma that goes with the light so that the hue stays, with a slow drift towards blue and back.
				drift := math.Sin(2 * math.Pi * (0.6*float64(x)/waveWidth - 0.04*at))
				cell := y/2*waveWidth/2 + x/2
				put(blue, cell, 584-0.00027*(light-600)*(light-600)+14*drift)
				dim := min(light, 700) - 560
				put(red, cell, 280+0.00113*dim*dim+10*drift)
			}
		}
	}
}

// put sets a ten-bit sample of a plane, little endian.
func put(plane []byte, i int, v float64) {
	binary.LittleEndian.PutUint16(plane[2*i:], uint16(max(64, min(940, v+0.5))))
}
