package ffmpeg

import (
	"strconv"
	"strings"
)

// orientation reads a display matrix as ffprobe prints it, three rows of three numbers:
//
//	00000000:            0       65536           0
//	00000001:       -65536           0           0
//	00000002:     47185920           0  1073741824
//
// A point goes to (ax + cy, bx + dy), y downward (ISO/IEC 14496-12 8.3.2, rows a b u, c d v, x y w). It gives the
// nearest quarter turn clockwise, in degrees, and whether the picture is mirrored left to right before that turn.
// A matrix that cannot be read, or shows nothing, turns nothing.
func orientation(matrix string) (clockwise int, mirrored bool) {
	var n []int64
	for row := range strings.Lines(matrix) {
		_, numbers, ok := strings.Cut(row, ":")
		if !ok {
			continue
		}
		for f := range strings.FieldsSeq(numbers) {
			v, err := strconv.ParseInt(f, 10, 32)
			if err != nil {
				return 0, false
			}
			n = append(n, v)
		}
	}
	if len(n) != 9 {
		return 0, false
	}
	a, b, c, d := n[0], n[1], n[3], n[4]
	determinant := a*d - b*c // of 32-bit numbers: fits but for one corner, which no file has
	if determinant == 0 {
		return 0, false
	}
	if mirrored = determinant < 0; mirrored {
		a, b = -a, -b // what is left is the turn
	}
	switch {
	case abs(a)+abs(d) >= abs(b)+abs(c) && a+d >= 0:
		return 0, mirrored
	case abs(a)+abs(d) >= abs(b)+abs(c):
		return 180, mirrored
	case b-c > 0:
		return 90, mirrored
	}
	return 270, mirrored
}

func abs(n int64) int64 { return max(n, -n) }
