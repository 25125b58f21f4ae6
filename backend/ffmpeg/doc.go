// Package ffmpeg finds the ffmpeg and ffprobe binaries, knows what they can do, builds their arguments and reads
// what they say. It runs them through proc, confined: no shell, no network, one input named by its sniffed
// container, whitelisted demuxer and decoders, bounded memory, processor time and output.
//
// Nothing a binary says of a file is believed without a look: every number may be absent, "N/A" or absurd. What it
// writes to stderr is for the log alone; an error that leaves this package is a *fault.Error with a sentence of our
// own, or wraps the error of the context that ended the call or of the file system.
package ffmpeg
