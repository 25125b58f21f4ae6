package store

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// many fills a database with n items in one transaction.
func many(tb testing.TB, s *Store, n int) {
	tb.Helper()
	words := strings.Fields("amber brook cedar dune ember fjord grove heath inlet jetty knoll ledge marsh north oasis")
	err := s.change(tb.Context(), func(tx *sql.Tx) error {
		for i := range n {
			it := fullItem(fmt.Sprintf("i%06d", i))
			it.Path = fmt.Sprintf("/films/%s/%s-%d.mkv", words[i%15], words[i/15%15], i)
			it.Title = fmt.Sprintf("%s %s %d", words[i%15], words[i/225%15], i)
			it.AddedAt = time.Unix(1_700_000_000, int64(i))
			if err := writeItem(tb.Context(), tx, &it); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Sync(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func ids(p media.ItemPage) []string {
	var out []string //nolint:prealloc // nil for nothing, as the tables say
	for i := range p.Items {
		out = append(out, p.Items[i].ItemID)
	}
	return out
}

func TestItemsLatestFirst(t *testing.T) {
	s := newTest(t)
	many(t, s, 25)
	var all []string
	for offset := 0; ; offset += 10 {
		p, err := s.Items(t.Context(), media.ItemQuery{Offset: offset, Limit: 10})
		if err != nil || p.Total != 25 {
			t.Fatalf("total %d, %v", p.Total, err)
		}
		if len(p.Items) == 0 {
			break
		}
		all = append(all, ids(p)...)
	}
	want := make([]string, 25)
	for i := range want {
		want[i] = fmt.Sprintf("i%06d", 24-i)
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	if p, err := s.Items(t.Context(), media.ItemQuery{Offset: -3, Limit: 1}); err != nil || len(p.Items) != 1 {
		t.Errorf("below zero: %+v, %v", p, err)
	}
}

func TestSearch(t *testing.T) {
	s := newTest(t)
	for id, name := range map[string][2]string{
		"cafe":  {"Café del Mar", "/x/a.mkv"},
		"nfd":   {"Cafe\u0301 again", "/x/b.mkv"},
		"file":  {"Something", "/x/Ärger_%_100.mkv"},
		"other": {"Other", "/x/cafes.d/c.mkv"}, // the folder is not looked through
		"polsk": {"Żółw", "/x/d.mkv"},
		"cjk":   {"七人の侍", "/x/e.mkv"},
		"bytes": {"b", "/x/\xff\xfe.mkv"},
	} {
		it := fullItem(id)
		it.Title, it.Path = name[0], name[1]
		add(t, s, it)
	}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"cafe", []string{"nfd", "cafe"}},
		{"CAFÉ", []string{"nfd", "cafe"}},
		{"mar café", []string{"cafe"}},
		{"arger", []string{"file"}},
		{"%", []string{"file"}},
		{"_100.MKV", []string{"file"}},
		{"zolw", []string{"polsk"}},
		{"侍", []string{"cjk"}},
		{"' OR 1=1 --", nil},
		{"\xff", []string{"bytes"}},
		{"   ", []string{"polsk", "other", "nfd", "file", "cjk", "cafe", "bytes"}},
		{strings.Repeat("x ", 10_000), nil},
	} {
		p, err := s.Items(t.Context(), media.ItemQuery{Text: c.query, Limit: 10})
		if err != nil || p.Total != len(c.want) {
			t.Errorf("%q: total %d, %v", c.query, p.Total, err)
		}
		if d := cmp.Diff(c.want, ids(p)); d != "" {
			t.Errorf("%q (-want +got):\n%s", c.query, d)
		}
	}
}

// TestListPlans keeps the list and the search on their index: no sorting, no walk through whole rows.
func TestListPlans(t *testing.T) {
	s := newTest(t)
	where, args := whereMatches("two words")
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"list":         {listRows + listPage, []any{10, 0}},
		"search":       {listRows + where + listPage, append(args, 10, 0)},
		"count":        {listAll, nil},
		"count search": {listMatching + where, args},
		"moved":        {selectItem + "WHERE item.size_bytes = ?", []any{1}},
		"unfinished":   {selectItem + "WHERE item.tries_left > 0 ORDER BY item.added_at DESC LIMIT 1", nil},
		"path":         {selectItem + "WHERE item.path = ?", []any{[]byte("x")}},
		"under":        {selectItem + under, []any{[]byte("/a/"), []byte("/a0"), 10}},
		"kept":         {selectItem + sets[media.KeptItems], []any{10}},
		"stored":       {selectItem + sets[media.StoredItems], []any{10}},
		"played":       {selectItem + sets[media.PlayedItems], []any{10}},
	} {
		plan := queryPlan(t, s, q.query, q.args...)
		for _, step := range plan {
			// The outer query sorts the rows of one page, no more.
			scan := strings.HasPrefix(step, "SCAN item") && !strings.Contains(step, "USING")
			if scan || strings.Contains(step, "TEMP B-TREE") && name != "list" && name != "search" {
				t.Errorf("%s: %s\n%s", name, step, strings.Join(plan, "\n"))
			}
		}
	}
}

// queryPlan is how SQLite means to answer a query, step by step.
func queryPlan(t *testing.T, s *Store, query string, args ...any) []string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

// BenchmarkFirstPage measures the list and the search in a library of 100,000 items. That they scale is TestListPlans'
// to show.
func BenchmarkFirstPage(b *testing.B) {
	s := newTest(b)
	many(b, s, 100_000)
	for name, q := range map[string]media.ItemQuery{
		"list": {Limit: 100}, "search": {Text: "amber brook", Limit: 100}, "searchNothing": {Text: "zzz", Limit: 100},
		"deep": {Offset: 90_000, Limit: 100},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Items(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	s := newTest(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.AddItem(b.Context(), fullItem(fmt.Sprint(i))); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReadersDoNotWaitForAWriter(t *testing.T) {
	s := newTest(t)
	add(t, s, fullItem("a"))
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.UpdateItem(t.Context(), "a", func(it *media.Item) error {
			it.Title = "new"
			close(inside)
			<-leave
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	if it, err := s.Item(t.Context(), "a"); err != nil || it.Title == "new" {
		t.Errorf("during: %q, %v", it.Title, err)
	}
	close(leave)
	wg.Wait()
	if it, err := s.Item(t.Context(), "a"); err != nil || it.Title != "new" {
		t.Errorf("after: %q, %v", it.Title, err)
	}
}

func TestSetsOfItems(t *testing.T) {
	s := newTest(t)
	at := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	item := func(id string, played time.Time, kept, stored bool) media.Item {
		return media.Item{
			Source: media.Source{ItemID: id, Path: "/f/" + id}, AddedAt: at(1), PlayedAt: played,
			Kept: kept, Stored: stored,
		}
	}
	add(t, s, item("never", time.Time{}, false, false), item("early", at(2), true, false),
		item("late", at(3), true, true), item("unplayed", time.Time{}, true, false))
	for set, want := range map[media.ItemSet][]string{
		media.KeptItems: {"late", "early", "unplayed"}, media.StoredItems: {"late"},
		media.PlayedItems: {"late", "early"},
	} {
		got, err := s.ItemSet(t.Context(), set, 10)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, ids(media.ItemPage{Items: got})); d != "" {
			t.Errorf("%s (-want +got):\n%s", set, d)
		}
	}
	if got, err := s.ItemSet(t.Context(), media.KeptItems, 1); err != nil || len(got) != 1 {
		t.Errorf("bounded: %d, %v", len(got), err)
	}
}

func TestItemsUnderAFolder(t *testing.T) {
	s := newTest(t)
	for i, path := range []string{"/a/b/1", "/a/b/c/2", "/a/bb/3", "/a/4", "/a/b"} {
		add(t, s, media.Item{Source: media.Source{ItemID: string(rune('a' + i)), Path: path}})
	}
	got, err := s.ItemsUnder(t.Context(), "/a/b/", 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "b"}, ids(media.ItemPage{Items: got})); d != "" {
		t.Errorf("under /a/b/ (-want +got):\n%s", d)
	}
}
