package subtitle

import (
	"errors"
	"strings"
)

// Format is how a file of subtitles is written.
type Format string

// The formats that are read.
const (
	SubRip Format = "subrip"
	WebVTT Format = "webvtt"
	ASS    Format = "ass" // Advanced SubStation Alpha, and SSA before it
)

// ErrNoSubtitles says that a file is none of the formats.
var ErrNoSubtitles = errors.New("no subtitles in it")

// Sniff says from the beginning of a file, some kilobytes of it, how it is written; false when it is nothing known.
func Sniff(head []byte) (Format, bool) {
	return sniff(strings.TrimLeft(Decode(head), " \t\n"))
}

func sniff(text string) (Format, bool) {
	const looked = 8 << 10
	text = text[:min(len(text), looked)]
	switch {
	case strings.HasPrefix(text, "WEBVTT"):
		return WebVTT, true
	case strings.HasPrefix(strings.ToLower(text[:min(len(text), 16)]), "[script info]"):
		return ASS, true
	}
	for line := range strings.SplitSeq(text, "\n") {
		if _, _, ok := timing(line); ok {
			return SubRip, true
		}
	}
	return "", false
}

// Parse reads a file of subtitles, whatever its encoding and its name. What cannot be made out is passed over.
// Errors: ErrNoSubtitles.
func Parse(file []byte) (*Cues, error) { return ParseFor(file, 0, 0) }

// ParseFor is Parse, with a script made to fit a picture (see Script.Fit).
func ParseFor(file []byte, width, height int) (*Cues, error) {
	text := Decode(file[:min(len(file), MaxFileBytes)])
	f, ok := sniff(strings.TrimLeft(text, " \t\n"))
	if !ok {
		return nil, ErrNoSubtitles
	}
	switch f {
	case WebVTT:
		return NewCues(parseWebVTT(text)), nil
	case ASS:
		script := parseScript(text)
		script.Fit(width, height)
		return NewCues(parseASS(text, script)).Under(script), nil
	default:
		return NewCues(parseSubRip(text)), nil
	}
}
