package ffmpeg

import (
	"runtime"

	"dropstream/backend/media"
	"dropstream/backend/proc"
)

// memoryBytes is the address space a run may take. Decoding 4K HEVC of ten bits and encoding it at the same size,
// which is the most that is asked for, takes about 3 GiB with 16 threads and 5 GiB with 32: every thread has frames
// of its own under way.
var memoryBytes = int64(4<<30) + 128<<20*int64(max(0, runtime.NumCPU()-16))

// Tools are the two binaries and what they can do. They do not change once found; all methods may be called by any
// goroutine.
type Tools struct {
	FFmpeg, FFprobe string // absolute paths

	Version             string // as the binary says it, such as "5.1.9-0+deb12u1"
	Major, Minor, Patch int    // 0 when the version is not a number, as in builds from a repository

	Encoders map[string]bool // by ffmpeg's names for encoders, such as "libx264"
	Decoders map[string]bool // codecs that can be decoded here, by ffmpeg's names for codecs, such as "av1"
	Filters  map[string]bool

	Unconfined error // why these binaries run without confinement: they do not run with it; nil when they do

	BelowSecurityFloor bool   // older than the versions in which known holes are closed, or of unknown age
	FloorAdvice        string // what to do about it, one sentence for people; "" when nothing
}

// CanDecode says whether a track's codec can be decoded here.
func (t *Tools) CanDecode(track media.Track) bool {
	return !track.Encrypted && track.Codec != "" && t.Decoders[string(track.Codec)]
}

// CanToneMap says whether HDR pictures can be brought to SDR here.
func (t *Tools) CanToneMap() bool { return t.Filters["zscale"] && t.Filters["tonemap"] }

// Spec is how ffmpeg is run with the given arguments when it writes to its pipe alone: it may read its inputs and
// nothing else, write no file, open few, and take a bounded amount of memory. The caller may add Low, Grace, or a
// bound on processor time.
func (t *Tools) Spec(args Args) proc.Spec { return t.spec(t.FFmpeg, args) }

func (t *Tools) spec(path string, args Args) proc.Spec {
	s := proc.Spec{
		Path: path,
		Args: args,
		// Each thread of a C program may reserve an arena of 64 MiB of address space, used or not. On a machine
		// with many cores that alone would reach the memory limit.
		Env:    append(proc.MinimalEnv(), "MALLOC_ARENA_MAX=4"),
		Limits: proc.Limits{MemoryBytes: memoryBytes, OpenFiles: 64},
	}
	if t.Unconfined == nil {
		s.Confine = &proc.Confinement{ReadFiles: args.inputs()}
	}
	return s
}

// withCPU bounds the processor time of a run.
func withCPU(s proc.Spec, seconds int64) proc.Spec {
	s.Limits.CPUSeconds = seconds
	return s
}
