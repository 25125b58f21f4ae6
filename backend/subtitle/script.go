package subtitle

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Bounds of scripts.
const (
	maxStyles       = 200
	maxScriptEvents = 2000    // of one segment
	maxScriptBytes  = 1 << 20 // of one segment
	maxEventBytes   = 8 << 10 // of the text of one event, overrides included
	leastPlayRes    = 16
	mostPlayRes     = 16384
	defaultPlayResX = 384 // what renderers take where a script says nothing
	defaultPlayResY = 288
)

// Script is the head of a script of SubStation Alpha (v4 or v4+), and writes events under it. Nothing of the file is
// written as it came: numbers are read and written again inside bounds, styles get names of ours, fonts become one of
// three families, and of overrides those that are known remain. So what a renderer is given is small and harmless.
type Script struct {
	width, height float64 // PlayResX and PlayResY: the plane on which everything lies
	wrap          int     // WrapStyle
	unscaled      bool    // ScaledBorderAndShadow is not set
	stretch       float64 // by which what lies across is multiplied, see Fit
	styles        []scriptStyle
	numbers       map[string]int // of styles, by the names they have in the file
}

// ParseScript reads the head of a script: Matroska's CodecPrivate, or a whole file. What cannot be made out is passed
// over; there is always one style at least.
func ParseScript(head []byte) *Script {
	return parseScript(Decode(head[:min(len(head), MaxFileBytes)]))
}

func parseScript(text string) *Script {
	s := &Script{stretch: 1, numbers: map[string]int{}}
	section, format := "", styleFields
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ToLower(line)
			if section == "[v4 styles]" {
				format = styleFieldsV4
			}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch section {
		case "[script info]":
			s.info(key, value)
		case "[v4+ styles]", "[v4 styles]":
			switch {
			case key == "format":
				format = fieldNames(value)
			case key == "style" && len(s.styles) < maxStyles:
				s.addStyle(value, format, section == "[v4 styles]")
			}
		}
	}
	s.settle()
	return s
}

// info reads one line of [Script Info].
func (s *Script) info(key, value string) {
	switch key {
	case "playresx":
		s.width = playRes(value)
	case "playresy":
		s.height = playRes(value)
	case "wrapstyle":
		n, _ := decimal(value, 0, 3)
		s.wrap = int(n)
	case "scaledborderandshadow":
		s.unscaled = strings.EqualFold(value, "no") || value == "0"
	}
}

func playRes(s string) float64 {
	n, ok := decimal(s, 0, mostPlayRes)
	if !ok || n < 1 {
		return 0
	}
	return max(math.Round(n), leastPlayRes)
}

// settle completes a head that leaves things out, as renderers do.
func (s *Script) settle() {
	switch {
	case s.width == 0 && s.height == 0:
		s.width, s.height = defaultPlayResX, defaultPlayResY
	case s.width == 0:
		s.width = min(max(math.Round(s.height*4/3), leastPlayRes), mostPlayRes)
	case s.height == 0:
		s.height = max(math.Round(s.width*3/4), leastPlayRes)
	}
	if len(s.styles) == 0 {
		s.addStyle("Default", styleFields[:1], false)
	}
	for i := range s.styles {
		s.styles[i].bound(s.height)
	}
}

// Fit has the plane take the shape of the picture, in pixels that are square, with everything on it at its place: the
// renderer takes both measures to be of one scale. It is called before the script is used.
func (s *Script) Fit(width, height int) {
	if width <= 0 || height <= 0 {
		return
	}
	fit := math.Round(s.height * float64(width) / float64(height))
	if fit < leastPlayRes || fit > mostPlayRes || math.Abs(fit-s.width) < 2 {
		return
	}
	s.stretch = fit / s.width
	s.width = fit
	for i := range s.styles {
		s.styles[i].left = min(s.styles[i].left*s.stretch, mostMargin)
		s.styles[i].right = min(s.styles[i].right*s.stretch, mostMargin)
	}
}

// style gives the number of the style that an event names; one that is not there is the default.
func (s *Script) style(name string) int {
	name = styleName(name)
	if n, ok := s.numbers[name]; ok {
		return n
	}
	return s.numbers["default"]
}

// Differs says whether the styles are more than one look at the bottom of the picture.
func (s *Script) Differs() bool {
	for _, x := range s.styles {
		if x.alignment != 2 || x != s.styles[0] {
			return true
		}
	}
	return false
}

// Segment writes a script of events on the presentation's clock: the cues that have any. Those beyond a bound are left
// out, and cut says so.
func (s *Script) Segment(cues []Cue) (data []byte, cut bool) {
	data = append(data, "[Script Info]\nScriptType: v4.00+\nPlayResX: "...)
	data = appendNumber(data, s.width)
	data = append(data, "\nPlayResY: "...)
	data = appendNumber(data, s.height)
	data = append(data, "\nWrapStyle: "...)
	data = strconv.AppendInt(data, int64(s.wrap), 10)
	if s.unscaled {
		data = append(data, "\nScaledBorderAndShadow: no\n"...)
	} else {
		data = append(data, "\nScaledBorderAndShadow: yes\n"...)
	}
	data = append(data, "\n[V4+ Styles]\n"+styleFormat...)
	for i := range s.styles {
		data = s.styles[i].append(data, i)
	}
	data = append(data, "\n[Events]\n"+eventFormat...)
	events := 0
	for _, c := range cues {
		layer, rest, ok := strings.Cut(c.Event, ",")
		if !ok {
			continue
		}
		if events >= maxScriptEvents || len(data)+len(c.Event) > maxScriptBytes {
			return data, true
		}
		events++
		start := max(0, c.Start.Round(scriptTick))
		data = append(data, "Dialogue: "+layer+","...)
		data = appendScriptClock(data, start)
		data = append(data, ',')
		data = appendScriptClock(data, max(c.End.Round(scriptTick), start+scriptTick))
		data = append(data, ',')
		data = append(data, rest...)
		data = append(data, '\n')
	}
	return data, false
}

// scriptTick is the unit of a script's clock.
const scriptTick = 10 * time.Millisecond

// appendScriptClock writes a time as h:mm:ss.cc.
func appendScriptClock(dst []byte, at time.Duration) []byte {
	two := func(n time.Duration) {
		dst = append(dst, byte('0'+n/10%10), byte('0'+n%10))
	}
	dst = strconv.AppendInt(dst, int64(at/time.Hour), 10)
	dst = append(dst, ':')
	two(at / time.Minute % 60)
	dst = append(dst, ':')
	two(at / time.Second % 60)
	dst = append(dst, '.')
	two(at / scriptTick % 100)
	return dst
}

// fieldNames reads the value of a line "Format:".
func fieldNames(s string) []string {
	const longest = 1 << 10
	names := strings.Split(strings.ToLower(s[:min(len(s), longest)]), ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// decimal reads a decimal number, which it keeps inside bounds. No exponents, no other notations.
func decimal(s string, least, most float64) (float64, bool) {
	const longest = 24
	s = strings.TrimSpace(s)
	if s == "" || len(s) > longest || strings.Trim(s, "0123456789.+-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	return min(max(n, least), most), true
}

// appendNumber writes a number with three decimals at most, which reads back as the same number.
func appendNumber(dst []byte, n float64) []byte {
	const thousandth = 1000
	n = math.Round(n*thousandth) / thousandth
	if n == 0 { // or its negative
		return append(dst, '0')
	}
	return strconv.AppendFloat(dst, n, 'f', -1, 64)
}
