package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"
)

// The keeper waits for a pause between changes, but not for ever.
const (
	keeperPause  = 500 * time.Millisecond
	keeperAtMost = 3 * time.Second
)

// keeper carries committed changes to stable storage in the background, so that no change waits for the disk. It
// sleeps while nothing changes.
type keeper struct {
	db     *sql.DB
	log    *slog.Logger
	dirty  chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startKeeper(db *sql.DB, log *slog.Logger) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{db: db, log: log, dirty: make(chan struct{}, 1), cancel: cancel}
	k.done.Go(func() { k.run(ctx) })
	return k
}

// wake says that something was committed. It never blocks.
func (k *keeper) wake() {
	select {
	case k.dirty <- struct{}{}:
	default:
	}
}

func (k *keeper) close() {
	k.cancel()
	k.done.Wait()
}

func (k *keeper) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.dirty:
		}
		if !k.settle(ctx) {
			return // closing the database folds the log back itself
		}
		if err := checkpoint(ctx, k.db); err != nil && ctx.Err() == nil {
			k.log.WarnContext(ctx, "Library checkpoint failed", slog.Any("error", err))
		}
	}
}

// settle waits until the changes pause. It is false when the keeper is to end.
func (k *keeper) settle(ctx context.Context) bool {
	atMost := time.NewTimer(keeperAtMost)
	defer atMost.Stop()
	for {
		pause := time.NewTimer(keeperPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return false
		case <-pause.C:
			return true
		case <-atMost.C:
			pause.Stop()
			return true
		case <-k.dirty:
			pause.Stop()
		}
	}
}

// checkpoint syncs the log and copies it into the database without making anybody wait. SQLite allows it on a
// query-only connection.
func checkpoint(ctx context.Context, db *sql.DB) error {
	var busy, logged, copied int
	return db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &copied)
}
