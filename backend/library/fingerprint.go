package library

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"dropstream/backend/fault"
)

// fingerprintEnd is how much of each end of a file goes into its fingerprint.
const fingerprintEnd = 64 << 10

// fingerprint is SHA-256 over the size (8 bytes, big-endian), the first and the last 64 KiB, in hex. The ends of a
// short file may overlap.
func fingerprint(r io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	_ = binary.Write(h, binary.BigEndian, size) // a hash takes everything
	n := min(size, fingerprintEnd)
	for _, at := range []int64{0, size - n} {
		if m, err := io.Copy(h, io.NewSectionReader(r, at, n)); err != nil || m != n {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return "", fmt.Errorf("read for fingerprint: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fingerprintFile is the fingerprint of the file at path. Errors: fault.Missing, fault.Denied.
func fingerprintFile(ctx context.Context, path string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	f, err := openRegular(path)
	if err != nil {
		return "", statFault(err)
	}
	defer f.Close() //nolint:errcheck // only read
	fi, err := f.Stat()
	if err != nil {
		return "", statFault(err)
	}
	if !fi.Mode().IsRegular() {
		return "", fault.New(fault.Missing, "There is no file any more.")
	}
	return fingerprint(f, fi.Size())
}
