package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"dropstream/backend/fault"
)

// TestConcurrent lets viewers, fill, removals and changes of the budget loose on a cache that holds a quarter of
// what they put. Whatever is read must be right, and the budget must hold at every instant.
func TestConcurrent(t *testing.T) {
	const budget, titleCount, segments, size, steps = 2 << 20, 6, 60, 20_000, 60
	dir := t.TempDir()
	c := open(t, dir, Options{BudgetBytes: budget, PackBytes: 100_000})
	key := func(n int) Key { return Key{Title: string(rune('a' + n%titleCount)), Rendition: "r"} }
	var wg, readers sync.WaitGroup
	written := make(chan struct{})
	var puts, hits, refused atomic.Int64
	for viewer := range 6 {
		wg.Go(func() {
			k := key(viewer)
			release := func() {}
			for step := range steps {
				n := step % segments
				release()
				release = c.Guard(k.Title, k.Rendition, n-1, n+2)
				c.Touch(k.Title)
				err := c.Put(context.Background(), k, n, payload(k, n, size))
				switch {
				case err == nil:
					puts.Add(1)
				case fault.CodeOf(err) == fault.DiskFull:
					refused.Add(1)
				default:
					t.Errorf("put: %v", err)
				}
				if used := c.UsedBytes(); used > budget {
					t.Errorf("used %d of %d", used, budget)
				}
			}
			release()
		})
	}
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-written:
					return
				default:
				}
				k, n := key(rand.IntN(titleCount)), rand.IntN(segments)
				var got []byte
				s, ok, err := c.Section(k, n)
				if ok {
					got, err = io.ReadAll(s)
					err = errors.Join(err, s.Close())
				} else if err == nil {
					got, ok, err = c.Get(k, n)
				}
				if err != nil {
					t.Errorf("read: %v", err)
				}
				if ok {
					hits.Add(1)
					if !bytes.Equal(got, payload(k, n, size)) {
						t.Errorf("segment %d of %s: wrong bytes", n, k.Title)
					}
				}
				c.Has(k, n)
				c.Present(k)
				c.Usage()
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := c.RemoveTitle(key(rand.IntN(titleCount)).Title); err != nil {
				t.Errorf("remove: %v", err)
			}
			if err := c.SetBudget(budget/2+rand.Int64N(budget/2), 0); err != nil {
				t.Errorf("set budget: %v", err)
			}
		}
		if err := c.SetBudget(budget, 0); err != nil {
			t.Errorf("set budget: %v", err)
		}
	})
	wg.Wait()
	close(written)
	readers.Wait()
	if puts.Load() == 0 || hits.Load() == 0 {
		t.Errorf("%d puts, %d hits: nothing was tested", puts.Load(), hits.Load())
	}
	if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
		t.Errorf("used %d bytes, on disk %d", used, disk)
	}
	t.Logf("%d puts, %d refused, %d hits", puts.Load(), refused.Load(), hits.Load())
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{BudgetBytes: budget, PackBytes: 100_000})
	for i := range titleCount {
		for _, n := range c.Present(key(i)) {
			wantSegment(t, c, key(i), n, size)
		}
	}
}

// TestPutsShareSyncs checks that puts that wait together wait for the disk together.
func TestPutsShareSyncs(t *testing.T) {
	disk := &shaky{}
	var syncs atomic.Int64
	gate := make(chan struct{})
	disk.set(func(op, _ string) error {
		if op == "sync" && syncs.Add(1) == 1 {
			<-gate
		}
		return nil
	})
	c := open(t, t.TempDir(), Options{openFile: disk.open})
	const workers = 20
	var wg sync.WaitGroup
	put := func(n int) {
		wg.Go(func() {
			if err := c.Put(context.Background(), film, n, payload(film, n, 1000)); err != nil {
				t.Error(err)
			}
		})
	}
	var arrived atomic.Int64
	put(0)
	for syncs.Load() == 0 { // the first is waiting for the disk when the others come
		c.UsedBytes()
	}
	for n := 1; n < workers; n++ {
		arrived.Add(1)
		put(n)
	}
	close(gate)
	wg.Wait()
	if got := syncs.Load(); got >= workers {
		t.Errorf("%d puts took %d syncs", workers, got)
	}
	for n := range workers {
		wantSegment(t, c, film, n, 1000)
	}
}
