package proc

import (
	"io"
	"time"
)

// Spec says what to run and what it may do.
type Spec struct {
	Path string   // the program's file, absolute
	Args []string // its arguments, without its name; handed over as they are, never through a shell
	Env  []string // the whole environment as KEY=value; nil means MinimalEnv

	// Stdin is what the child reads; nil means nothing. A reader that is not an *os.File is copied by a goroutine
	// that ends when the reader's Read returns, so such a reader must not block for ever.
	Stdin io.Reader

	Low    bool          // run at low CPU and I/O priority
	Limits Limits        // what the child may use
	Grace  time.Duration // between the polite stop and the kill when the context ends; 0 kills at once

	Confine *Confinement // what the child may reach; nil: what the program itself may
}

// Limits bound what a child may use. The zero value leaves everything but files, which it may not write. Core
// dumps are always off. A limit above what the program itself has is cut to that.
type Limits struct {
	MemoryBytes   int64 // address space (Linux) or committed memory (Windows); 0 leaves it
	CPUSeconds    int64 // processor time over all threads; 0 leaves it
	OpenFiles     int64 // open file descriptors; 0 leaves it; not on Windows
	FileSizeBytes int64 // the largest file it may write; 0: none at all, pipes aside; -1 leaves it; not on Windows
}
