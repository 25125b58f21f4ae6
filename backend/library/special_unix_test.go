//go:build unix

package library

import (
	"context"
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"dropstream/backend/fault"
)

func TestSpecialFilesAreRefusedWithoutWaiting(t *testing.T) {
	r := newRig(t)
	fifo := filepath.Join(r.files, "fifo.mp4")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(r.files, "s.mp4")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, path := range []string{fifo, socket, "/dev/zero"} {
		d, err := r.Add(ctx, []string{path})
		if err != nil || len(d.Added) != 1 || fault.CodeOf(d.Added[0].Err) != fault.NotVideo {
			t.Errorf("%s: %+v, %v", path, d, err)
		}
	}
	// In a folder they are passed over.
	if d, err := r.Add(ctx, []string{r.files}); err != nil || d.Skipped != 2 {
		t.Errorf("folder: %+v, %v", d, err)
	}
	// A file that becomes a FIFO between the look and the opening does not block either.
	f, err := openRegular(fifo)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := fingerprintFile(ctx, fifo); fault.CodeOf(err) != fault.Missing {
		t.Errorf("fingerprint: %v", err)
	}
}
