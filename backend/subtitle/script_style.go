package subtitle

import (
	"math"
	"strconv"
	"strings"
)

// Fields of styles and events, as they are written here and where a file does not say what its own are.
const (
	styleFormat = "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, " +
		"Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, " +
		"Alignment, MarginL, MarginR, MarginV, Encoding\n"
	eventFormat = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)

var (
	eventFields   = fieldNames(strings.TrimPrefix(eventFormat, "Format: "))
	styleFields   = fieldNames(strings.TrimPrefix(styleFormat, "Format: "))
	styleFieldsV4 = fieldNames("Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,TertiaryColour,BackColour,Bold," +
		"Italic,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,AlphaLevel,Encoding")
)

// Bounds of what styles and overrides say, in units of the script's plane or in per cent.
const (
	mostMargin  = 10_000
	mostScale   = 1000
	mostSpacing = 500
	mostAngle   = 36_000
	mostLayer   = 9999
)

// scriptStyle is a style. Colours are 0xAABBGGRR, where A is how much is seen through.
type scriptStyle struct {
	font                              string
	size                              float64
	primary, secondary, outline, back uint32
	bold, italic, underline, strike   bool
	scaleX, scaleY, spacing, angle    float64
	box                               bool // BorderStyle 3: a box behind the text
	border, shadow                    float64
	alignment                         int // as on a numeric keypad
	left, right, vertical             float64
}

// addStyle reads one line "Style:".
func (s *Script) addStyle(line string, format []string, v4 bool) {
	x := scriptStyle{
		font: "sans-serif", size: 18, primary: 0xffffff, secondary: 0xff, scaleX: 100, scaleY: 100,
		border: 2, shadow: 2, alignment: 2, left: 10, right: 10, vertical: 10,
	}
	name := ""
	values := strings.SplitN(line, ",", len(format)+1)
	for i, field := range format[:min(len(format), len(values))] {
		value := strings.TrimSpace(values[i])
		if field == "name" {
			name = styleName(value)
			continue
		}
		x.set(field, value, v4)
	}
	if v4 {
		x.outline = x.back // it has one colour for what lies behind the text
	}
	// The last of several with one name counts.
	s.numbers[name] = len(s.styles)
	if _, ok := s.numbers["default"]; !ok {
		s.numbers["default"] = 0
	}
	s.styles = append(s.styles, x)
}

// styleName is how a style's name is compared.
func styleName(s string) string { return strings.ToLower(strings.TrimLeft(strings.TrimSpace(s), "*")) }

func (x *scriptStyle) set(field, value string, v4 bool) {
	if field == "fontname" {
		x.font = family(value)
		return
	}
	if into := map[string]*uint32{
		"primarycolour": &x.primary, "secondarycolour": &x.secondary,
		"outlinecolour": &x.outline, "backcolour": &x.back,
	}[field]; into != nil {
		if c, ok := styleColour(value); ok {
			*into = c
		}
		return
	}
	n, ok := decimal(value, -mostAngle, mostAngle)
	if !ok {
		return
	}
	switch field {
	case "fontsize":
		x.size = n
	case "bold":
		x.bold = n != 0
	case "italic":
		x.italic = n != 0
	case "underline":
		x.underline = n != 0
	case "strikeout":
		x.strike = n != 0
	case "scalex":
		x.scaleX = n
	case "scaley":
		x.scaleY = n
	case "spacing":
		x.spacing = n
	case "angle":
		x.angle = n
	case "borderstyle":
		x.box = n == 3 || n == 4
	case "outline":
		x.border = n
	case "shadow":
		x.shadow = n
	case "alignment":
		x.alignment = keypad(int(n), v4)
	case "marginl":
		x.left = n
	case "marginr":
		x.right = n
	case "marginv":
		x.vertical = n
	}
}

// bound keeps a style in its bounds on a plane of a height.
func (x *scriptStyle) bound(height float64) {
	within := func(n *float64, least, most float64) {
		const thousandth = 1000
		*n = math.Round(min(max(*n, least), most)*thousandth) / thousandth
	}
	within(&x.size, 1, 2*height)
	within(&x.scaleX, 0, mostScale)
	within(&x.scaleY, 0, mostScale)
	within(&x.spacing, -mostSpacing, mostSpacing)
	within(&x.angle, -mostAngle, mostAngle)
	within(&x.border, 0, height/4)
	within(&x.shadow, 0, height/4)
	for _, margin := range []*float64{&x.left, &x.right, &x.vertical} {
		within(margin, 0, mostMargin)
	}
}

// append writes the style under a number.
func (x *scriptStyle) append(dst []byte, n int) []byte {
	dst = append(dst, "Style: s"...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, ","+x.font...)
	next := func(n float64) {
		dst = append(dst, ',')
		dst = appendNumber(dst, n)
	}
	set := func(on bool) {
		if on {
			dst = append(dst, ",-1"...)
		} else {
			dst = append(dst, ",0"...)
		}
	}
	next(x.size)
	for _, c := range []uint32{x.primary, x.secondary, x.outline, x.back} {
		dst = append(dst, ",&H"...)
		dst = appendHex(dst, c, 8)
	}
	set(x.bold)
	set(x.italic)
	set(x.underline)
	set(x.strike)
	for _, n := range []float64{x.scaleX, x.scaleY, x.spacing, x.angle} {
		next(n)
	}
	if x.box {
		next(3)
	} else {
		next(1)
	}
	for _, n := range []float64{x.border, x.shadow, float64(x.alignment), x.left, x.right, x.vertical} {
		next(n)
	}
	return append(dst, ",1\n"...)
}

// keypad gives an alignment as on a numeric keypad. v4 counts 1 to 3 from the left, with 4 for the top and 8 for the
// middle added.
func keypad(n int, v4 bool) int {
	if !v4 {
		if n < 1 || n > 9 {
			return 2
		}
		return n
	}
	column := n & 3
	switch {
	case column == 0 || n < 1 || n > 11:
		return 2
	case n&8 != 0:
		return column + 3
	case n&4 != 0:
		return column + 6
	}
	return column
}

// family is the generic family that comes nearest to a font. No font's name of a file is written.
func family(name string) string {
	name = strings.ToLower(name)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("sans"):
		return "sans-serif"
	case has("mono", "courier", "consol", "typewriter"):
		return "monospace"
	case has("serif", "times", "georgia", "garamond", "palatino", "roman", "mincho", "song", "baskerville", "minion"):
		return "serif"
	}
	return "sans-serif"
}

// styleColour reads a colour of a style: hexadecimal after &H, else decimal.
func styleColour(s string) (uint32, bool) {
	if rest := strings.TrimLeft(s, "&hHxX"); rest != s && strings.ContainsAny(s[:len(s)-len(rest)], "hH") {
		return hexColour(rest)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return uint32(n & math.MaxUint32), err == nil
}

// hexColour reads hexadecimal digits, and perhaps an ampersand behind them.
func hexColour(s string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimRight(s, "&"), 16, 64)
	return uint32(n & math.MaxUint32), err == nil
}

// appendHex writes the lowest digits of a number.
func appendHex(dst []byte, n uint32, digits int) []byte {
	for i := range digits {
		dst = append(dst, "0123456789ABCDEF"[n>>(4*(digits-1-i))&15])
	}
	return dst
}
