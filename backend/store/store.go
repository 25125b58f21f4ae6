// Package store is the program's SQLite database: items, settings and small artifacts. It is the only package that
// speaks SQL.
//
// One connection writes and a few read, in WAL mode with synchronous NORMAL: a commit costs no fsync, a killed
// process loses nothing, and a keeper goroutine carries commits to stable storage shortly after they were made, so
// that a power cut loses a few seconds at most and never the database.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"dropstream/backend/fault"
)

// readers is how many connections read at once. Each has a page cache of 2 MB.
const readers = 4

// Options say where the database is.
type Options struct {
	Path string           // the database's file; its folder is made when it is not there
	Now  func() time.Time // time.Now when nil
	Log  *slog.Logger     // discarded when nil
}

// Notice is something people should be told about how the database was opened. The zero value is nothing to tell.
type Notice struct {
	Message  string // one plain sentence, "" when there is nothing to tell
	SetAside string // path of the damaged database that was set aside, else ""
}

// Store is an open database. Its methods are safe for use by several goroutines, and their errors are faults.
type Store struct {
	path   string
	log    *slog.Logger
	write  *sql.DB
	read   *sql.DB
	keeper *keeper
}

// Open opens the database, or begins it, and brings its schema up to date. A damaged one is set aside under a dated
// name, a fresh one is begun, and the notice says so. Errors: fault.Newer for one written by a newer version,
// fault.Invalid for one that belongs to another program, fault.Denied, fault.DiskFull.
func Open(ctx context.Context, o Options) (*Store, Notice, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, Notice{}, fault.Wrap(err, fault.CodeOf(err), "The library's folder cannot be made.")
	}
	s, err := open(ctx, o)
	if err == nil || !isDamaged(err) {
		return s, Notice{}, err
	}
	aside, asideErr := setAside(o.Path, o.Now())
	if asideErr != nil {
		return nil, Notice{}, errors.Join(err, asideErr)
	}
	o.Log.ErrorContext(ctx, "Library damaged, set aside", slog.String("asidePath", aside), slog.Any("error", err))
	s, err = open(ctx, o)
	if err != nil {
		return nil, Notice{}, err
	}
	return s, Notice{
		Message: "The library was damaged. It was set aside as " + filepath.Base(aside) +
			" and a new one was begun. Your videos themselves were not touched.",
		SetAside: aside,
	}, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	suspect := wasLeftOpen(o.Path)
	write, err := sql.Open("sqlite", dsn(o.Path, false))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", classify(err))
	}
	write.SetMaxOpenConns(1)
	s := &Store{path: o.Path, log: o.Log, write: write}
	if err = s.prepare(ctx, suspect); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	if s.read, err = sql.Open("sqlite", dsn(o.Path, true)); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", classify(err)), write.Close())
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.keeper = startKeeper(s.read, o.Log)
	return s, nil
}

// prepare checks a database that may have suffered and brings the schema up to date, on one connection.
func (s *Store) prepare(ctx context.Context, suspect bool) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open database: %w", classify(err))
	}
	defer conn.Close() //nolint:errcheck // it only goes back to its pool
	if suspect {
		if err := quickCheck(ctx, conn); err != nil {
			return err
		}
	}
	return migrate(ctx, conn, s.path, migrations, s.log)
}

// Close writes everything to stable storage and closes the database. It is safe to call twice.
func (s *Store) Close() error {
	s.keeper.close()
	// The readers go first: the last connection to close folds the log into the database and removes it.
	return errors.Join(s.read.Close(), s.write.Close())
}

// Sync waits until everything that was committed before the call is on stable storage.
func (s *Store) Sync(ctx context.Context) error {
	return classify(checkpoint(ctx, s.read))
}

// change runs fn in one write transaction. Every change of the database goes through it.
func (s *Store) change(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", classify(err))
	}
	if err := fn(tx); err != nil {
		return classify(errors.Join(err, ignoreDone(tx.Rollback())))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", classify(err))
	}
	s.keeper.wake()
	return nil
}

// ignoreDone drops the complaint of a rollback after the context already rolled back.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
