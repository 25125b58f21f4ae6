package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errQuickCheck says that SQLite's own check of the file found it inconsistent.
var errQuickCheck = errors.New("quick check failed")

// wasLeftOpen says whether the last process to use the database ended without closing it: a clean close removes the
// log. Only then is the whole file checked, because that takes time in proportion to its size.
func wasLeftOpen(path string) bool {
	fi, err := os.Stat(path + "-wal")
	return err == nil && fi.Size() > 0
}

// quickCheck reads the whole database and verifies its structure.
func quickCheck(ctx context.Context, conn *sql.Conn) error {
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errQuickCheck, verdict)
	}
	return nil
}

// setAside renames a damaged database and its log to a dated name beside it, and gives that name. It never replaces
// a file that is there.
func setAside(path string, now time.Time) (string, error) {
	ext := filepath.Ext(path)
	stem := strings.TrimSuffix(path, ext) + "-damaged-" + now.Format("20060102-150405")
	aside := stem + ext
	for n := 2; exists(aside); n++ {
		aside = fmt.Sprintf("%s-%d%s", stem, n, ext)
	}
	// The log first: without its database it is refused anywhere, whereas a fresh database must not meet an old log.
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set damaged database aside: %w", err)
		}
	}
	return aside, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
