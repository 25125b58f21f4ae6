package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"dropstream/backend/fault"
)

// applicationID marks the database as this program's ("drst"): SQLite keeps it in the file's header.
const applicationID = 0x64727374

//go:embed migration/*.sql
var migrationFiles embed.FS

var migrations = fs.FS(migrationFiles)

// migration is one step of the schema. Applying it makes user_version its number.
type migration struct {
	version int
	name    string
	sql     string
}

// migrate brings the schema up to date on one dedicated connection, each step in a transaction of its own. A
// database that already held something is copied first, beside itself.
func migrate(ctx context.Context, conn *sql.Conn, dbPath string, files fs.FS, log *slog.Logger) error {
	steps, err := readMigrations(files)
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	want := steps[len(steps)-1].version
	switch {
	case have > want:
		return fault.New(fault.Newer, "This library was written by a newer version of drop.stream. "+
			"Install that version, or choose another data folder.")
	case have == want:
		return nil
	case have > 0:
		if err := copyBefore(ctx, conn, dbPath, have); err != nil {
			return err
		}
	}
	// Enforcement is off while tables may be rebuilt, and is per connection; the check in apply makes up for it.
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return fmt.Errorf("suspend foreign keys: %w", classify(err))
	}
	for _, m := range steps {
		if m.version <= have {
			continue
		}
		if err := apply(ctx, conn, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, classify(err))
		}
		log.InfoContext(ctx, "Library schema updated", slog.Int("version", m.version))
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 1"); err != nil {
		return fmt.Errorf("resume foreign keys: %w", classify(err))
	}
	return nil
}

// readMigrations gives the steps in order. They must be numbered from 1 without a gap.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migration/*.sql")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("list migrations: %w", errors.Join(err, fs.ErrNotExist))
	}
	steps := make([]migration, 0, len(names)) // Glob sorts, and the numbers are zero-padded
	for i, name := range names {
		digits, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.Atoi(digits)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want number %d (%w)", name, i+1, errors.Join(err, fs.ErrInvalid))
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		steps = append(steps, migration{version: version, name: path.Base(name), sql: string(text)})
	}
	return steps, nil
}

// schemaVersion is the number of the last migration that was applied, 0 for an empty database.
func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var id, version, tables int
	err := conn.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`,
	).Scan(&id, &version, &tables)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", classify(err))
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return 0, fault.New(fault.Invalid, "The library's file in this folder belongs to another program. "+
			"Choose another data folder.")
	}
	return version, nil
}

// copyBefore keeps the database as it is, under its schema version, in case the newer program has to be undone.
func copyBefore(ctx context.Context, conn *sql.Conn, dbPath string, version int) error {
	ext := filepath.Ext(dbPath)
	dst := strings.TrimSuffix(dbPath, ext) + "-v" + strconv.Itoa(version) + ext
	tmp := dst + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copy database: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", tmp); err != nil {
		return fmt.Errorf("copy database: %w", classify(err))
	}
	if err := os.Rename(tmp, dst); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	return nil
}

// apply runs one step and marks it done in the same transaction.
func apply(ctx context.Context, conn *sql.Conn, m migration) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err = func() error {
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return fmt.Errorf("run: %w", err)
		}
		if err := checkForeignKeys(ctx, tx); err != nil {
			return err
		}
		// Pragmas take no parameters; both values are this package's own numbers.
		mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, m.version)
		if _, err := tx.ExecContext(ctx, mark); err != nil {
			return fmt.Errorf("mark: %w", err)
		}
		return nil
	}()
	if err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// checkForeignKeys reads the pragma's rows: each is a violation, and the pragma itself never fails.
func checkForeignKeys(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT "table", "parent" FROM pragma_foreign_key_check`)
	if err != nil {
		return fmt.Errorf("check foreign keys: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err is asked below
	if rows.Next() {
		var table, parent string
		if err := rows.Scan(&table, &parent); err != nil {
			return fmt.Errorf("check foreign keys: %w", err)
		}
		return fmt.Errorf("a row of %s points at nothing in %s: %w", table, parent, fs.ErrInvalid)
	}
	return rows.Err()
}
