// Package index says where a source's frames are, read from its container's own tables and without a decoder: every
// sample of an MP4 or QuickTime file (moov anywhere, fragments, edit lists), the keyframes of a Matroska or WebM file
// (Cues). Other containers have no index and need a packet scan.
//
// The tables of a long file are large: 52 MB for ten hours. They are read once, as a stream, and only a checkpoint
// for every thousand samples is kept; [Track.Samples] reads the slices it needs again. So an Index keeps the
// io.ReaderAt it was made from, and lives no longer than it does.
//
// Nothing a file says is trusted: counts are checked against the box that holds them before anything is allocated,
// offsets against the file's size when they are used, sums against overflow. Box names are those of ISO/IEC 14496-12
// and of the QuickTime File Format, element names those of RFC 9559 (Matroska).
package index
