package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"dropstream/backend/fault"
)

// MaxArtifactBytes bounds one artifact. A packet scan of ten hours takes a few megabytes.
const MaxArtifactBytes = 64 << 20

// PutArtifact keeps something small that belongs to an item and costs time to make again, in place of what was kept
// under that key. It goes when the item goes. Errors: fault.NotFound when the item is not recorded, fault.Invalid
// when the data is longer than MaxArtifactBytes.
func (s *Store) PutArtifact(ctx context.Context, itemID, key string, data []byte) error {
	if len(data) > MaxArtifactBytes {
		return fault.New(fault.Invalid, "This is too large to be kept in the library.")
	}
	if data == nil {
		data = []byte{} // the column is NOT NULL; nothing is not the same as empty
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO artifact (item_id, key, data) SELECT id, ?, ? FROM item WHERE id = ?
			ON CONFLICT (item_id, key) DO UPDATE SET data = excluded.data`, key, data, itemID)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err == nil && n == 0 {
			err = errNoItem()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep artifact: %w", err)
	}
	return nil
}

// GetArtifact gives what was kept under that key. Errors: fault.NotFound.
func (s *Store) GetArtifact(ctx context.Context, itemID, key string) ([]byte, error) {
	data := []byte{}
	row := s.read.QueryRowContext(ctx, "SELECT data FROM artifact WHERE item_id = ? AND key = ?", itemID, key)
	err := row.Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.New(fault.NotFound, "Nothing of the kind is kept in the library.")
	}
	return wrapRead(data, err)
}

// RemoveArtifacts forgets everything kept with an item, for when its source changed.
func (s *Store) RemoveArtifacts(ctx context.Context, itemID string) error {
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM artifact WHERE item_id = ?", itemID)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget artifacts: %w", err)
	}
	return nil
}
