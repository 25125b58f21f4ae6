-- What is kept whole: by the user's wish, and in fact.
ALTER TABLE item ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;

CREATE INDEX item_kept ON item (played_at DESC) WHERE kept = 1;
CREATE INDEX item_stored ON item (played_at DESC) WHERE stored = 1;
CREATE INDEX item_played ON item (played_at DESC) WHERE played_at > 0;
