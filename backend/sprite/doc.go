// Package sprite puts thumbnails of a video together into sheets, one JPEG for some two dozen of them, and writes the
// WebVTT index that says which part of which sheet shows which time: a cue for each, whose text is the sheet's address
// with a spatial media fragment (W3C Media Fragments URI 1.0 §4.2.2).
package sprite
