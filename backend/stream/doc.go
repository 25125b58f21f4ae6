// Package stream turns a source into a presentation that is complete from the first moment and made on demand.
//
// A title is a source that is open: its index, its timeline, its renditions. A rendition either copies the source's
// own samples (copyTrack: no process, no disk) or is a feed, whose segments are made by heads, runs of ffmpeg over a
// window of segments. A feed hands a finished segment first to whoever waits for it, then to the cache. The
// scheduler decides which heads run: one that somebody waits for always goes first.
package stream
