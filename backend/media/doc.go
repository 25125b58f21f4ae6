// Package media is the program's vocabulary as types: containers, codecs, tracks, times. It does no I/O and
// imports nothing of the program.
package media
