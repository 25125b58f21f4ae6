package store

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"dropstream/backend/media"
)

// itemColumns are the columns of one item, in the order of scanItem. The probe comes from its own table.
const itemColumns = `item.id, item.path, item.size_bytes, item.modified_at, item.fingerprint, item.container,
	item.title, item.duration, item.width, item.height, item.plays, item.why, item.problem_code,
	item.problem_message, item.source_missing, item.position_ms, item.added_at, item.played_at, item.has_poster,
	item.tries_left, item.kept, item.stored, coalesce(probe.json, '')`

// selectItem is the beginning of every query for whole items.
const selectItem = "SELECT " + itemColumns + " FROM item LEFT JOIN probe ON probe.item_id = item.id "

// scanItem reads one row of selectItem.
func scanItem(scan func(dest ...any) error) (media.Item, error) {
	var (
		it                                  media.Item
		path                                []byte
		probe                               string
		modified, positionMS, added, played int64
	)
	err := scan(&it.ItemID, &path, &it.SizeBytes, &modified, &it.Fingerprint, &it.Container, &it.Title, &it.Duration,
		&it.Width, &it.Height, &it.Plays, &it.Why, &it.ProblemCode, &it.ProblemMessage, &it.SourceMissing,
		&positionMS, &added, &played, &it.HasPoster, &it.TriesLeft, &it.Kept, &it.Stored, &probe)
	if err != nil {
		return media.Item{}, err
	}
	it.Path = string(path)
	it.ModTime, it.AddedAt, it.PlayedAt = fromNanos(modified), fromNanos(added), fromNanos(played)
	it.Position = time.Duration(positionMS) * time.Millisecond
	if probe != "" {
		if err := json.Unmarshal([]byte(probe), &it.Probe); err != nil {
			return media.Item{}, fmt.Errorf("decode probe of %s: %w", it.ItemID, err)
		}
	}
	return it, nil
}

// itemValues are the values for a whole row, in the order of the table's columns.
func itemValues(it *media.Item) []any {
	return []any{
		it.ItemID, []byte(it.Path), it.SizeBytes, nanos(it.ModTime), it.Fingerprint, string(it.Container), it.Title,
		searchText(it.Title, filepath.Base(it.Path)), int64(it.Duration), it.Width, it.Height, string(it.Plays), it.Why,
		it.ProblemCode, it.ProblemMessage, it.SourceMissing, it.Position.Milliseconds(), nanos(it.AddedAt),
		nanos(it.PlayedAt), it.HasPoster, it.TriesLeft, it.Kept, it.Stored,
	}
}

// nanos is a time as it is stored: nanoseconds since 1970, 0 for never. Times beyond the years 1678 to 2262 wrap;
// they only serve to tell whether a file changed.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
