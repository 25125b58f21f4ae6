package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeBytes is how much a child may write before it has to wait: enough to go on working while its reader waits for a
// disk, where the system's 64 KiB are the output of a few milliseconds.
const pipeBytes = 512 << 10

// widen makes a pipe larger, as far as the system lets it.
func widen(w *os.File) {
	_, _ = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, pipeBytes) // the pipe works at any size
}
