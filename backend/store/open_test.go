package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// conn gives the write connection of a database opened without this package's preparations.
func conn(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), db.Close() })
	return c
}

func run(t *testing.T, c *sql.Conn, statement string) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestFreshDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b", "50%?x#y")
	path := filepath.Join(dir, "library.db")
	s, _, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		for name, db := range map[string]*sql.DB{"write": s.write, "read": s.read} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s %s = %s, %v; want %s", name, pragma, got, err, want)
			}
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM item"); err == nil {
		t.Error("a reader wrote")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if d := cmp.Diff([]string{"library.db"}, names(t, dir)); d != "" {
		t.Errorf("files: %s", d)
	}
	head, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(head[68:72], []byte("drst")) { // SQLite file format §1.3: application ID
		t.Errorf("application id %q, %v", head[68:72], err)
	}
}

// TestSchema compares the schema that the migrations make with the one that was agreed on. A difference is either a
// migration that was changed after it was published, which must not be, or a new one: then the file is to follow.
func TestSchema(t *testing.T) {
	s := newTest(t)
	rows, err := s.read.QueryContext(t.Context(),
		"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var got []string
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(strings.Fields(statement), " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "schema.sql")
	text := strings.Join(got, ";\n") + ";\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), text); d != "" {
		t.Errorf("schema (-want +got):\n%s", d)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	s := openTest(t, path)
	add(t, s, fullItem("a"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := conn(t, path)
	run(t, c, "PRAGMA user_version = 999")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := Open(t.Context(), Options{Path: path})
	if fault.CodeOf(err) != fault.Newer || !strings.Contains(fault.MessageOf(err), "newer version") {
		t.Errorf("error %v", err)
	}
	var n int
	if err := conn(t, path).QueryRowContext(t.Context(), "SELECT count(*) FROM item").Scan(&n); err != nil || n != 1 {
		t.Errorf("the newer database was touched: %d, %v", n, err)
	}
}

func TestAnotherProgramsDatabaseIsRefused(t *testing.T) {
	for name, statement := range map[string]string{
		"other id": "PRAGMA application_id = 7", "no id": "CREATE TABLE bookmarks (url TEXT)",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "library.db")
			c := conn(t, path)
			run(t, c, statement)
			if _, _, err := Open(t.Context(), Options{Path: path}); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("error %v", err)
			}
			for _, n := range names(t, filepath.Dir(path)) {
				if !strings.HasPrefix(n, "library.db") {
					t.Errorf("left %s", n)
				}
			}
		})
	}
}

func TestDamagedDatabaseIsSetAside(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, damage := range map[string]func(t *testing.T, path string){
		"no database": func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("not a database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"schema overwritten": func(t *testing.T, path string) { overwrite(t, path, 100, 3996) },
		"rows overwritten, left open": func(t *testing.T, path string) {
			overwrite(t, path, 8192, 40_000)
			// A log that is not empty says that the last run did not end well.
			if err := os.WriteFile(path+"-wal", []byte("cut short"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "library.db")
			s := openTest(t, path)
			for i := range 100 {
				add(t, s, fullItem(string(rune('a'+i%26))+string(rune('a'+i/26))))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			damage(t, path)
			broken, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Path: path, Now: func() time.Time { return now }}
			fresh, notice, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = fresh.Close() }()
			want := filepath.Join(filepath.Dir(path), "library-damaged-20260102-030405.db")
			if notice.SetAside != want || !strings.Contains(notice.Message, filepath.Base(want)) {
				t.Errorf("notice %+v", notice)
			}
			if kept, err := os.ReadFile(want); err != nil || !bytes.Equal(kept, broken) {
				t.Errorf("what was set aside is not what was there: %v", err)
			}
			add(t, fresh, fullItem("new"))
			page, err := fresh.Items(t.Context(), media.ItemQuery{Limit: 10})
			if err != nil || page.Total != 1 {
				t.Errorf("fresh: %+v, %v", page, err)
			}
			if aside, err := setAside(path, now); err != nil || aside != strings.TrimSuffix(want, ".db")+"-2.db" {
				t.Errorf("a second one: %s, %v", aside, err)
			}
		})
	}
}

func overwrite(t *testing.T, path string, at int64, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xA5}, n), at); err != nil {
		t.Fatal(err)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(t.Context(), Options{Path: filepath.Join(dir, "file", "library.db")}); err == nil {
		t.Error("opened inside a file")
	}
	if _, _, err := Open(t.Context(), Options{Path: dir}); fault.CodeOf(err) != fault.Denied {
		t.Errorf("opened a folder: %v", err)
	}
}

// upgrades are the real migrations and one that a later version may bring.
func upgrades(t *testing.T, extra string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	files, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: text}
	}
	next := len(files) + 1
	out["migration/000"+string(rune('0'+next))+"_next.sql"] = &fstest.MapFile{Data: []byte(extra)}
	return out
}

func TestUpgradeKeepsEverythingAndACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	s := openTest(t, path)
	want := fullItem("a")
	add(t, s, want)
	if err := s.PutArtifact(t.Context(), "a", "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := conn(t, path)
	// Rebuilding a table that others point at must not take their rows along.
	steps, err := readMigrations(migrations)
	if err != nil {
		t.Fatal(err)
	}
	have := len(steps)
	files := upgrades(t, `CREATE TABLE setting2 (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, at INTEGER) STRICT;
		DROP TABLE setting; ALTER TABLE setting2 RENAME TO setting;
		CREATE TABLE t AS SELECT * FROM item; DELETE FROM item; INSERT INTO item SELECT * FROM t; DROP TABLE t;`)
	log := slog.New(slog.DiscardHandler)
	if err := migrate(t.Context(), c, path, files, log); err != nil {
		t.Fatal(err)
	}
	var version, keys int
	if err := c.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version); err != nil || version != have+1 {
		t.Errorf("version %d, %v", version, err)
	}
	if err := c.QueryRowContext(t.Context(), "PRAGMA foreign_keys").Scan(&keys); err != nil || keys != 1 {
		t.Errorf("foreign keys %d, %v", keys, err)
	}
	for _, table := range []string{"artifact", "probe", "item"} {
		var n int
		if err := c.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", table, n, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	before := openTest(t, filepath.Join(filepath.Dir(path), fmt.Sprintf("library-v%d.db", have)))
	if got, err := before.Item(t.Context(), "a"); err != nil || !cmp.Equal(want, got) {
		t.Errorf("copy: %v", err)
	}
}

func TestFailedUpgradeChangesNothing(t *testing.T) {
	for name, extra := range map[string]string{
		"bad statement": "CREATE TABLE more (x TEXT); SELECT nothing FROM nowhere;",
		"row without its parent": "CREATE TABLE more (x TEXT); " +
			"INSERT INTO artifact (item_id, key, data) VALUES ('nobody', 'k', x'00');",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "library.db")
			s := openTest(t, path)
			add(t, s, fullItem("a"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			c := conn(t, path)
			if err := migrate(t.Context(), c, path, upgrades(t, extra), slog.New(slog.DiscardHandler)); err == nil {
				t.Fatal("no error")
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			again := openTest(t, path) // this version opens it as if nothing had happened
			const traces = "SELECT (SELECT count(*) FROM sqlite_schema WHERE name = 'more') + count(*) FROM artifact"
			var n int
			err := again.read.QueryRowContext(t.Context(), traces).Scan(&n)
			if err != nil || n != 0 {
				t.Errorf("%d traces, %v", n, err)
			}
			if _, err := again.Item(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"none":       {},
		"gap":        {"migration/0001_a.sql": {}, "migration/0003_b.sql": {}},
		"not number": {"migration/one_a.sql": {}},
		"from two":   {"migration/0002_a.sql": {}},
	} {
		if _, err := readMigrations(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestKeeperCarriesChangesToTheDatabase(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	// The keeper works half a second after the last change; the database's own file then holds the item, whatever
	// happens to the log.
	for {
		b, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("HEVC is converted.")) {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("never")
		case <-time.After(50 * time.Millisecond):
		}
		if deadline, ok := t.Deadline(); ok && time.Until(deadline) < time.Minute {
			t.Fatal("the keeper never came")
		}
	}
}

func TestSync(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.path)
	if err != nil || !bytes.Contains(b, []byte("HEVC is converted.")) {
		t.Errorf("not in the database's file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Sync(ctx); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("canceled: %v", err)
	}
}
