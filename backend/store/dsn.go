package store

import (
	"net/url"
	"path/filepath"
	"strings"
)

// dsn is the driver's name for a database file. The pragmas stand here rather than in statements because they must
// reach every connection of a pool. The path is escaped: a folder may be called "50%" or "a?b#c".
func dsn(path string, readOnly bool) string {
	p := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(p, "//") {
		p = "/" + p // file:///C:/...
	}
	v := url.Values{}
	v.Add("_pragma", "busy_timeout(5000)") // first: the others may meet a lock
	v.Add("_pragma", "journal_mode(WAL)")
	v.Add("_pragma", "synchronous(NORMAL)")
	v.Add("_pragma", "foreign_keys(1)")
	v.Add("_pragma", "temp_store(MEMORY)")
	// The keeper folds the log back long before this; it is the bound on the log's size (4 KB pages).
	v.Add("_pragma", "wal_autocheckpoint(8192)")
	v.Add("_pragma", "journal_size_limit(33554432)")
	if readOnly {
		v.Add("_pragma", "query_only(1)")
	} else {
		// A transaction that means to write takes the lock at once, so that two of them wait for each other
		// instead of failing half-way.
		v.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: p}).EscapedPath() + "?" + v.Encode()
}
