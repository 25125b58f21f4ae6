package cache

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// sparse makes a set of packs of the given size without payloads: true headers, true index logs, holes between.
func sparse(tb testing.TB, dir string, total int64) []Key {
	tb.Helper()
	const packBytes, segment = 64 << 20, 750_000
	var keys []Key
	for n := 0; total > 0; n++ {
		k := Key{Title: "film" + strconv.Itoa(n/16), Rendition: "720p"} // a gigabyte each
		if n%16 == 0 {
			keys = append(keys, k)
		}
		id := nonce{byte(n), byte(n >> 8)}
		base := filepath.Join(dir, k.id().baseName(uint32(n)))
		head := encodePackHeader(k, id)
		f, err := os.Create(base + packExt)
		if err != nil {
			tb.Fatal(err)
		}
		at := int64(len(head))
		log := encodeIndexHeader(id)
		if _, err := f.WriteAt(head, 0); err != nil {
			tb.Fatal(err)
		}
		for i := 0; at < packBytes; i++ {
			e := entry{segment: int32(n%16*100 + i), length: segment, offset: at, crc: 1}
			if _, err := f.WriteAt(encodeRecordHead(e), at); err != nil {
				tb.Fatal(err)
			}
			log = appendIndexEntry(log, id, e, present)
			at = e.end()
		}
		if err := f.Truncate(at); err != nil || f.Close() != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(base+indexExt, log, 0o600); err != nil {
			tb.Fatal(err)
		}
		total -= at
	}
	return keys
}

// BenchmarkRecover opens 50 GB of packs: alone, and with every rendition asked for, with the index logs and without.
func BenchmarkRecover(b *testing.B) {
	const total = 50 << 30
	dir := b.TempDir()
	keys := sparse(b, dir, total)
	reopen := func(b *testing.B, load bool) {
		cache, err := Open(b.Context(), dir, Options{BudgetBytes: roomy})
		if err != nil {
			b.Fatal(err)
		}
		found := 0
		for _, k := range keys {
			if load {
				found += len(cache.Present(k))
			}
		}
		b.StopTimer()
		if cache.UsedBytes() < total || (load && int64(found)*750_000 < total*9/10) {
			b.Fatalf("%d bytes, %d segments", cache.UsedBytes(), found)
		}
		if err := cache.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.Run("open", func(b *testing.B) {
		for range b.N {
			reopen(b, false)
		}
	})
	b.Run("load all", func(b *testing.B) {
		for range b.N {
			reopen(b, true)
		}
	})
	b.Run("load all without index", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			logs, _ := filepath.Glob(filepath.Join(dir, "*"+indexExt))
			for _, log := range logs {
				if err := os.Remove(log); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
			reopen(b, true)
		}
	})
}

// BenchmarkSection serves a segment that is in the page cache.
func BenchmarkSection(b *testing.B) {
	for _, size := range []int{60_000, 750_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := open(b, b.TempDir(), Options{})
			mustPut(b, c, film, 0, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s, ok, err := c.Section(film, 0)
				if !ok || err != nil {
					b.Fatal(ok, err)
				}
				if _, err := s.Send(io.Discard, s.Size()); err != nil {
					b.Fatal(err)
				}
				_ = s.Close()
			}
		})
	}
}

// BenchmarkPut writes segments durably, alone and eight at a time.
func BenchmarkPut(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			c := open(b, b.TempDir(), Options{})
			data := payload(film, 0, 750_000)
			b.SetBytes(int64(len(data)))
			b.SetParallelism((workers + 1) / 2)
			next := make(chan int)
			go func() {
				defer close(next)
				for n := range b.N {
					next <- n
				}
			}()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.Put(context.Background(), film, <-next, data); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
