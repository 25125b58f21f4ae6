package library

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dropstream/backend/media"
	"dropstream/backend/sniff"
)

// TestRealFolder drops a folder of real files, through the real gate: every video in it becomes one item, in order,
// and what is none is only counted.
func TestRealFolder(t *testing.T) {
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no folder of real media: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.Sniff = sniff.Reader })
	d, err := r.Add(t.Context(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	want, got := make([]string, 0, len(entries)), make([]string, 0, len(entries))
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".txt" {
			texts++
		} else {
			want = append(want, e.Name())
		}
	}
	slices.SortFunc(want, compareNames)
	for _, a := range d.Added {
		if a.Err != nil {
			t.Errorf("%s: %v", a.Path, a.Err)
		}
		got = append(got, filepath.Base(a.Path))
	}
	if !slices.Equal(got, want) || d.Skipped != texts || r.total(t) != len(want) {
		t.Errorf("%d items, %d skipped: %v", r.total(t), d.Skipped, got)
	}
}

// BenchmarkAdd measures what the library itself adds to a drop: the gate, the record, the event.
func BenchmarkAdd(b *testing.B) {
	r := newRig(b)
	paths := make([]string, 200)
	for i := range paths {
		paths[i] = r.file(b, fmt.Sprintf("%d.mp4", i), "VIDEO")
	}
	n := 0
	for b.Loop() {
		d, err := r.Add(b.Context(), paths[n:n+1])
		if err != nil || d.Added[0].Err != nil {
			b.Fatal(err, d)
		}
		if n++; n == len(paths) {
			b.StopTimer()
			page, err := r.Items(b.Context(), media.ItemQuery{Limit: len(paths)})
			if err != nil {
				b.Fatal(err)
			}
			ids := make([]string, len(page.Items))
			for i := range page.Items {
				ids[i] = page.Items[i].ItemID
			}
			if _, err := r.Remove(b.Context(), ids); err != nil {
				b.Fatal(err)
			}
			r.drain()
			n = 0
			b.StartTimer()
		}
	}
}
