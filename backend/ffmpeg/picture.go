package ffmpeg

import (
	"fmt"

	"dropstream/backend/media"
)

// still is the part of a filter chain that makes one picture what a JPEG holds: of standard range, in the matrix and
// the full range of JFIF, without a pixel aspect. It comes after scaling, for it costs by the pixel.
func (t *Tools) still(v media.VideoFormat) []string {
	var chain []string
	matrix := v.Matrix
	if v.HighDynamicRange() && t.CanToneMap() {
		transfer := v.Transfer
		if transfer != "arib-std-b67" {
			transfer = "smpte2084" // Dolby Vision says nothing, and uses this one
		}
		// Said outright: a file that leaves one of them out makes zscale give up.
		chain = append(chain, "zscale=tin="+transfer+":min=2020_ncl:pin=2020:rin=tv:t=linear:npl=100",
			"format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv")
		matrix = "bt709"
	}
	return append(chain, "setsar=1", fmt.Sprintf("scale=in_color_matrix=%s:out_color_matrix=bt601:out_range=pc",
		matrixOf(matrix, v)))
}

// matrixOf is what the scale filter calls a matrix; where a file says none it is the one that players take then, by
// the size of the picture.
func matrixOf(matrix string, v media.VideoFormat) string {
	switch matrix {
	case "bt709", "smpte240m", "fcc":
		return matrix
	case "bt470bg", "smpte170m":
		return "bt601"
	case "bt2020nc", "bt2020c":
		return "bt2020"
	case "gbr":
		return "auto"
	}
	if v.Width >= 1280 || v.Height > 576 {
		return "bt709"
	}
	return "bt601"
}

// oneField takes one field of an interlaced picture, for the two are of different times. What compares pictures to
// tell moving parts is of no use where only keyframes are decoded.
func oneField(v media.VideoFormat) []string {
	if !v.Interlaced || v.Rotation%180 != 0 {
		return nil
	}
	return []string{"field=type=top"}
}

// upright turns a picture as its track says: mirrored first, then turned clockwise.
func upright(v media.VideoFormat) (chain []string) {
	if v.Mirrored {
		chain = append(chain, "hflip")
	}
	switch v.Rotation {
	case 90:
		chain = append(chain, "transpose=clock")
	case 180:
		chain = append(chain, "hflip", "vflip")
	case 270:
		chain = append(chain, "transpose=cclock")
	}
	return chain
}
