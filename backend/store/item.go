package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// putItem writes the whole row; the values are itemValues.
const putItem = `INSERT INTO item (id, path, size_bytes, modified_at, fingerprint, container, title, search, duration,
		width, height, plays, why, problem_code, problem_message, source_missing, position_ms, added_at, played_at,
		has_poster, tries_left, kept, stored)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET path = excluded.path, size_bytes = excluded.size_bytes,
		modified_at = excluded.modified_at, fingerprint = excluded.fingerprint, container = excluded.container,
		title = excluded.title, search = excluded.search, duration = excluded.duration, width = excluded.width,
		height = excluded.height, plays = excluded.plays, why = excluded.why, problem_code = excluded.problem_code,
		problem_message = excluded.problem_message, source_missing = excluded.source_missing,
		position_ms = excluded.position_ms, added_at = excluded.added_at, played_at = excluded.played_at,
		has_poster = excluded.has_poster, tries_left = excluded.tries_left,
		kept = excluded.kept, stored = excluded.stored`

// errNoItem is what a lookup without an answer gives.
func errNoItem() error { return fault.New(fault.NotFound, "This video is not in the library.") }

// AddItem records a new item in one transaction. When its path or its ID is recorded already, nothing changes and
// added is false.
func (s *Store) AddItem(ctx context.Context, it media.Item) (added bool, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		var n int
		row := tx.QueryRowContext(ctx, "SELECT count(*) FROM item WHERE path = ? OR id = ?", []byte(it.Path), it.ItemID)
		if err := row.Scan(&n); err != nil {
			return err
		}
		added = n == 0
		if !added {
			return nil
		}
		return writeItem(ctx, tx, &it)
	})
	if err != nil {
		return false, fmt.Errorf("add item: %w", err)
	}
	return added, nil
}

// UpdateItem reads an item, lets fn change it and writes it back, all in one transaction: changes made at the same
// time by others are never undone. It gives the item as written. An error of fn's leaves the item as it was. The ID
// cannot change. Errors: fault.NotFound.
func (s *Store) UpdateItem(ctx context.Context, id string, fn func(*media.Item) error) (media.Item, error) {
	var out media.Item
	err := s.change(ctx, func(tx *sql.Tx) error {
		it, err := oneItem(tx.QueryRowContext(ctx, selectItem+"WHERE item.id = ?", id))
		if err != nil {
			return err
		}
		if err := fn(&it); err != nil {
			return err
		}
		it.ItemID = id
		out = it
		return writeItem(ctx, tx, &it)
	})
	if err != nil {
		return media.Item{}, fmt.Errorf("update item: %w", err)
	}
	return out, nil
}

func writeItem(ctx context.Context, tx *sql.Tx, it *media.Item) error {
	if _, err := tx.ExecContext(ctx, putItem, itemValues(it)...); err != nil {
		return err
	}
	probe, err := json.Marshal(it.Probe)
	if err != nil {
		return fmt.Errorf("encode probe: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO probe (item_id, json) VALUES (?, ?)
		ON CONFLICT (item_id) DO UPDATE SET json = excluded.json`, it.ItemID, string(probe))
	return err
}

// Item gives one item. Errors: fault.NotFound.
func (s *Store) Item(ctx context.Context, id string) (media.Item, error) {
	return wrapRead(oneItem(s.read.QueryRowContext(ctx, selectItem+"WHERE item.id = ?", id)))
}

// ItemByPath gives the item whose source is at that path. Errors: fault.NotFound.
func (s *Store) ItemByPath(ctx context.Context, path string) (media.Item, error) {
	return wrapRead(oneItem(s.read.QueryRowContext(ctx, selectItem+"WHERE item.path = ?", []byte(path))))
}

// ItemsBySize gives the items of exactly that size whose fingerprint is known, latest first, at most limit of them.
func (s *Store) ItemsBySize(ctx context.Context, sizeBytes int64, limit int) ([]media.Item, error) {
	rows, err := s.read.QueryContext(ctx, selectItem+`WHERE item.size_bytes = ? AND item.fingerprint <> ''
		ORDER BY item.added_at DESC, item.id DESC LIMIT ?`, sizeBytes, limit)
	return wrapRead(allItems(rows, err))
}

// Unfinished gives the latest item that has background work left and can be played; ok is false when there is none.
func (s *Store) Unfinished(ctx context.Context) (it media.Item, ok bool, err error) {
	it, err = oneItem(s.read.QueryRowContext(ctx, selectItem+`WHERE item.tries_left > 0 AND item.problem_code = ''
		AND item.source_missing = 0 ORDER BY item.added_at DESC LIMIT 1`))
	if fault.CodeOf(err) == fault.NotFound {
		return media.Item{}, false, nil
	}
	it, err = wrapRead(it, err)
	return it, err == nil, err
}

// RemoveItems forgets items and everything stored with them. It gives the IDs of those that were there.
func (s *Store) RemoveItems(ctx context.Context, ids []string) ([]string, error) {
	var removed []string
	err := s.change(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, "DELETE FROM item WHERE id = ?")
		if err != nil {
			return err
		}
		defer stmt.Close() //nolint:errcheck // its transaction ends with it
		for _, id := range ids {
			r, err := stmt.ExecContext(ctx, id)
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			if n > 0 {
				removed = append(removed, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("remove items: %w", err)
	}
	return removed, nil
}

func oneItem(row *sql.Row) (media.Item, error) {
	it, err := scanItem(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return media.Item{}, errNoItem()
	}
	return it, err
}

func allItems(rows *sql.Rows, err error) ([]media.Item, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is asked below
	var items []media.Item
	for rows.Next() {
		it, err := scanItem(rows.Scan)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, rows.Err()
}

func wrapRead[T any](v T, err error) (T, error) {
	if err != nil {
		return v, fmt.Errorf("read library: %w", classify(err))
	}
	return v, nil
}
