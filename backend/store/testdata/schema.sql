CREATE INDEX item_recent ON item (added_at DESC, id DESC, search);
CREATE INDEX item_size ON item (size_bytes);
CREATE INDEX item_unfinished ON item (added_at DESC) WHERE tries_left > 0;
CREATE TABLE artifact ( item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE, key TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (item_id, key) ) STRICT;
CREATE TABLE item ( id TEXT NOT NULL PRIMARY KEY, path BLOB NOT NULL UNIQUE, size_bytes INTEGER NOT NULL, modified_at INTEGER NOT NULL, fingerprint TEXT NOT NULL, container TEXT NOT NULL, title TEXT NOT NULL, search TEXT NOT NULL, duration INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, plays TEXT NOT NULL, why TEXT NOT NULL, problem_code TEXT NOT NULL, problem_message TEXT NOT NULL, source_missing INTEGER NOT NULL, position_ms INTEGER NOT NULL, added_at INTEGER NOT NULL, played_at INTEGER NOT NULL, has_poster INTEGER NOT NULL, tries_left INTEGER NOT NULL ) STRICT;
CREATE TABLE probe ( item_id TEXT NOT NULL PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE, json TEXT NOT NULL ) STRICT;
CREATE TABLE setting ( key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL ) STRICT;
