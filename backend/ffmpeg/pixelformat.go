package ffmpeg

import (
	"regexp"
	"strconv"
	"strings"
)

// planarYUV is a planar format's name: yuv420p10le, yuva444p, yuvj422p.
var planarYUV = regexp.MustCompile(`^yuv[aj]?(4\d\d)p(\d{1,2})?(?:le|be)?$`)

// depthAtEnd is the depth in names such as gbrp12le, gray10be.
var depthAtEnd = regexp.MustCompile(`^(?:gray|gbra?p)(\d{1,2})(?:le|be)$`)

// packed are formats whose names do not follow the pattern.
var packed = map[string]struct {
	depth  int
	chroma string
}{
	"nv12": {8, "4:2:0"}, "nv21": {8, "4:2:0"}, "nv16": {8, "4:2:2"}, "nv24": {8, "4:4:4"}, "nv42": {8, "4:4:4"},
	"nv20le": {10, "4:2:2"}, "p010le": {10, "4:2:0"}, "p016le": {16, "4:2:0"}, "p210le": {10, "4:2:2"},
	"yuyv422": {8, "4:2:2"}, "uyvy422": {8, "4:2:2"}, "yvyu422": {8, "4:2:2"}, "uyyvyy411": {8, "4:1:1"},
	"gray": {8, "4:0:0"}, "monow": {1, "4:0:0"}, "monob": {1, "4:0:0"}, "ya8": {8, "4:0:0"}, "gbrp": {8, "4:4:4"},
	"gbrap": {8, "4:4:4"}, "pal8": {8, "4:4:4"}, "rgb24": {8, "4:4:4"}, "bgr24": {8, "4:4:4"}, "rgba": {8, "4:4:4"},
	"bgra": {8, "4:4:4"}, "argb": {8, "4:4:4"}, "abgr": {8, "4:4:4"}, "rgb0": {8, "4:4:4"}, "bgr0": {8, "4:4:4"},
	"0rgb": {8, "4:4:4"}, "0bgr": {8, "4:4:4"}, "rgb48le": {16, "4:4:4"}, "rgb48be": {16, "4:4:4"},
	"rgb555le": {5, "4:4:4"}, "rgb565le": {5, "4:4:4"}, "rgb8": {2, "4:4:4"},
}

// pixelFormat is the bits per component and the chroma sampling of one of ffmpeg's pixel formats; 0 and "" when it
// is not known.
func pixelFormat(name string) (depth int, chroma string) {
	if f, ok := packed[name]; ok {
		return f.depth, f.chroma
	}
	if m := planarYUV.FindStringSubmatch(name); m != nil {
		return orEight(m[2]), m[1][:1] + ":" + m[1][1:2] + ":" + m[1][2:]
	}
	if m := depthAtEnd.FindStringSubmatch(name); m != nil {
		if strings.HasPrefix(name, "gray") {
			return orEight(m[1]), "4:0:0"
		}
		return orEight(m[1]), "4:4:4"
	}
	return 0, ""
}

func orEight(digits string) int {
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	return 8
}
