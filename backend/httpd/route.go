package httpd

import (
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// what a media path asks for.
type what uint8

const (
	aMultivariant what = iota + 1
	aPoster
	aThumbIndex
	aThumbSheet
	aPlaylist
	anInit
	aSegment
)

// mediaRoute is a media path, taken apart.
type mediaRoute struct {
	what what
	item string
	ref  media.Ref // for aPlaylist, anInit, aSegment
	n    int       // for aSegment, aThumbSheet
	// client is what the player can play, for aMultivariant; it is in the query, and not part of the path.
	client media.Client
}

// playsQuery names the part of the query that says what a player can play, as [media.Client.String] writes it.
const playsQuery = "plays"

// parseMedia takes apart what follows the token in a media path, as it came over the wire: nothing in a good path
// needs an escape, so one with any is not good. It says false for all that is not exactly of a known form.
func parseMedia(path string) (mediaRoute, bool) {
	if len(path) > 512 {
		return mediaRoute{}, false
	}
	parts := strings.Split(path, "/")
	r := mediaRoute{item: parts[0]}
	if !isName(r.item) {
		return mediaRoute{}, false
	}
	rest := parts[1:]
	switch {
	case len(rest) == 1 && rest[0] == "multivariant.m3u8":
		r.what = aMultivariant
		return r, true
	case len(rest) == 1 && rest[0] == "poster.jpg":
		r.what = aPoster
		return r, true
	case len(rest) == 1 && rest[0] == "thumbs.vtt":
		r.what = aThumbIndex
		return r, true
	case len(rest) == 2 && rest[0] == "thumbs":
		digits, ok := strings.CutSuffix(rest[1], ".jpg")
		if !ok {
			return mediaRoute{}, false
		}
		r.what = aThumbSheet
		r.n, ok = parseNumber(digits, 3)
		return r, ok
	case len(rest) == 4 && rest[0] == "v":
		r.ref = media.Ref{Item: r.item, Kind: media.Video, Rendition: rest[1], Plan: rest[2]}
	case len(rest) == 5 && rest[0] == "a":
		track, ok := parseNumber(rest[1], 3)
		if !ok {
			return mediaRoute{}, false
		}
		r.ref = media.Ref{Item: r.item, Kind: media.Audio, Track: track, Rendition: rest[2], Plan: rest[3]}
	case len(rest) == 3 && rest[0] == "t":
		track, ok := parseNumber(rest[1], 4)
		if !ok {
			return mediaRoute{}, false
		}
		r.ref = media.Ref{Item: r.item, Kind: media.Text, Track: track}
		return r, r.file(rest[2])
	default:
		return mediaRoute{}, false
	}
	if !isName(r.ref.Rendition) || !isName(r.ref.Plan) {
		return mediaRoute{}, false
	}
	return r, r.file(rest[len(rest)-1])
}

// file reads the last part of a rendition's path.
func (r *mediaRoute) file(name string) bool {
	switch name {
	case "media.m3u8":
		r.what = aPlaylist
		return true
	case "init.mp4":
		r.what = anInit
		return r.ref.Kind != media.Text
	}
	digits, ending, ok := strings.Cut(name, ".")
	switch {
	case !ok:
		return false
	case r.ref.Kind != media.Text:
		ok = ending == "m4s"
	case textTypes[ending] != "":
		r.ref.Rendition = ending
	default:
		ok = false
	}
	if !ok {
		return false
	}
	r.what = aSegment
	r.n, ok = parseNumber(digits, 6)
	return ok
}

// isName says whether a part of a path is a name of ours: [A-Za-z0-9_-]{1,64}.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// parseNumber reads a number of at most maxDigits decimal digits, in the one way to write it.
func parseNumber(s string, maxDigits int) (int, bool) {
	if s == "" || len(s) > maxDigits || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
