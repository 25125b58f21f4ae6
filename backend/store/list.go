package store

import (
	"context"
	"database/sql"
	"strings"

	"dropstream/backend/media"
)

// Bounds of a search.
const (
	maxSearchWords = 8
	maxSearchRunes = 200
)

// The list reads its page of IDs and its count from the index item_recent alone; whole rows are fetched only for
// the page. A wide row (its reasons, its problem) would otherwise be read for everything that is skipped.
const (
	listRows = selectItem + `WHERE item.id IN (SELECT id FROM item INDEXED BY item_recent `
	listPage = `ORDER BY added_at DESC, id DESC LIMIT ? OFFSET ?) ORDER BY item.added_at DESC, item.id DESC`
	listAll  = `SELECT count(*) FROM item `
	// Searching walks an index too; counting everything is left to SQLite, which then counts whole pages.
	listMatching = `SELECT count(*) FROM item INDEXED BY item_recent `
)

// Items gives a page of the library, latest first, and how many items there are in all. Both are of one moment.
func (s *Store) Items(ctx context.Context, q media.ItemQuery) (media.ItemPage, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return wrapRead(media.ItemPage{}, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was changed
	where, args := whereMatches(q.Text)
	count := listAll
	if len(args) > 0 {
		count = listMatching
	}
	var page media.ItemPage
	if err := tx.QueryRowContext(ctx, count+where, args...).Scan(&page.Total); err != nil {
		return wrapRead(media.ItemPage{}, err)
	}
	if q.Limit <= 0 || q.Offset >= page.Total {
		return page, nil
	}
	page.Items, err = queryItems(ctx, tx, listRows+where+listPage, append(args, q.Limit, max(q.Offset, 0)))
	return wrapRead(page, err)
}

func queryItems(ctx context.Context, tx *sql.Tx, query string, args []any) ([]media.Item, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	return allItems(rows, err)
}

// whereMatches is the condition that every word of the text occurs, and its arguments.
func whereMatches(text string) (string, []any) {
	words := strings.Fields(fold(truncate(text, maxSearchRunes)))
	if len(words) == 0 {
		return "", nil
	}
	words = words[:min(len(words), maxSearchWords)]
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	return "WHERE " + strings.Repeat("instr(search, ?) > 0 AND ", len(words)-1) + "instr(search, ?) > 0 ", args
}
