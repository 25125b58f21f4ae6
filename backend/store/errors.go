package store

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"dropstream/backend/fault"
)

// sqliteCode is SQLite's primary result code in an error's chain, or 0.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isDamaged says whether the database itself is broken, as opposed to its disk or its folder.
func isDamaged(err error) bool {
	code := sqliteCode(err)
	return errors.Is(err, errQuickCheck) || code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// classify gives SQLite's errors a code and a sentence. Faults and errors that are not SQLite's pass unchanged.
func classify(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
		return err
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_FULL:
		return fault.Wrap(err, fault.DiskFull, "The disk is full: the library could not be written.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Wrap(err, fault.Busy, "The library is busy. Try again in a moment.")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fault.Wrap(err, fault.Denied, "The library's folder cannot be written.")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fault.Wrap(err, fault.Internal, "The library's file is damaged. Start drop.stream again to mend it.")
	case sqlite3.SQLITE_INTERRUPT:
		return errors.Join(context.Canceled, err)
	}
	return err
}
