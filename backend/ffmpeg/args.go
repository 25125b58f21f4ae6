package ffmpeg

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dropstream/backend/media"
)

// Args are the arguments of ffmpeg or ffprobe, in order. Each method gives the list with something added; none
// joins or splits strings, so that nothing in a name can become an option.
type Args []string

// Base is what every run of ffmpeg begins with: it asks nothing, says only errors, and takes at most 512 MiB in
// one piece.
func Base() Args {
	return Args{"-nostdin", "-hide_banner", "-loglevel", "error", "-max_alloc", maxAlloc}
}

// probeBase is what every run of ffprobe begins with.
func probeBase() Args {
	return Args{"-hide_banner", "-loglevel", "error", "-max_alloc", maxAlloc}
}

// Add adds words as they are.
func (a Args) Add(words ...string) Args { return append(a, words...) }

// Opt adds an option and its value.
func (a Args) Opt(name, value string) Args { return append(a, name, value) }

// Int adds an option and a whole number.
func (a Args) Int(name string, value int64) Args {
	return append(a, name, strconv.FormatInt(value, 10))
}

// Time adds an option and a time, exact to the microsecond ffmpeg counts in.
func (a Args) Time(name string, d time.Duration) Args {
	return append(a, name, Seconds(d))
}

// Source adds an input with all that must stand before it. Options of the caller's own for that input, such as a
// seek, come before.
func (a Args) Source(src media.Source) Args { return append(a, InputArgs(src)...) }

// inputs are the files that are named as inputs: each is a word of its own, a file: URL behind -i.
func (a Args) inputs() (paths []string) {
	for i := 1; i < len(a); i++ {
		if path, ok := strings.CutPrefix(a[i], "file:"); ok && a[i-1] == "-i" {
			paths = append(paths, path)
		}
	}
	return paths
}

// Generated adds an input that a filter of ours generates; it must hold nothing that came from a file or a peer.
func (a Args) Generated(filter string) Args { return append(a, "-f", "lavfi", "-i", filter) }

// Map takes one stream of the first input, by its index there.
func (a Args) Map(stream int) Args { return append(a, "-map", "0:"+strconv.Itoa(stream)) }

// Bare leaves out what is not asked for: the file's own tags and chapters.
func (a Args) Bare() Args { return append(a, "-map_metadata", "-1", "-map_chapters", "-1") }

// To adds the output: a format and a place, "pipe:1" or a file: URL.
func (a Args) To(format, place string) Args { return append(a, "-f", format, place) }

// Seconds is a time as ffmpeg's options take it: decimal seconds, rounded to the microsecond, never a float.
func Seconds(d time.Duration) string {
	sign := ""
	us := d.Round(time.Microsecond).Microseconds()
	if us < 0 {
		sign, us = "-", -us
	}
	return fmt.Sprintf("%s%d.%06d", sign, us/1_000_000, us%1_000_000)
}
