package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Setting gives the value kept under a key; ok is false when there is none.
func (s *Store) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	value, err = wrapRead(value, err)
	return value, err == nil, err
}

// PutSettings keeps values under their keys, all of them or none.
func (s *Store) PutSettings(ctx context.Context, values map[string]string) error {
	err := s.change(ctx, func(tx *sql.Tx) error {
		for key, value := range values {
			if _, err := tx.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES (?, ?)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	return nil
}
