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

// sets are the conditions and orders of sets of items; each has an index of its own.
var sets = map[media.ItemSet]string{
	media.KeptItems:   "WHERE item.kept = 1 ORDER BY item.played_at DESC LIMIT ?",
	media.StoredItems: "WHERE item.stored = 1 ORDER BY item.played_at DESC LIMIT ?",
	media.PlayedItems: "WHERE item.played_at > 0 ORDER BY item.played_at DESC LIMIT ?",
}

// ItemSet gives the items of a set, at most limit of them, in the set's order.
func (s *Store) ItemSet(ctx context.Context, set media.ItemSet, limit int) ([]media.Item, error) {
	rows, err := s.read.QueryContext(ctx, selectItem+sets[set], limit)
	return wrapRead(allItems(rows, err))
}

// ItemsUnder gives the items whose sources are, or were, in a folder or below it, in the order of their paths, at
// most limit of them. The folder is absolute and ends with its separator.
func (s *Store) ItemsUnder(ctx context.Context, folder string, limit int) ([]media.Item, error) {
	if folder == "" {
		return nil, nil
	}
	after := []byte(folder)
	after[len(after)-1]++ // the first name that comes after all that begin with the folder's
	rows, err := s.read.QueryContext(ctx, selectItem+under, []byte(folder), after, limit)
	return wrapRead(allItems(rows, err))
}

// under is the condition of ItemsUnder.
const under = "WHERE item.path >= ? AND item.path < ? ORDER BY item.path LIMIT ?"

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
