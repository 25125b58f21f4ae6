package cache

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// damageSizes are segment sizes of the damage tests' packs, by number.
var damageSizes = []int{700, 1, 5000, 20, 4096, 333, 10_000, 64}

// damaged makes a cache of one pack, lets spoil change the files, and gives the cache opened again.
func damaged(t *testing.T, spoil func(pack, index string)) (*Cache, string) {
	t.Helper()
	dir := t.TempDir()
	c := open(t, dir, Options{})
	for n, size := range damageSizes {
		mustPut(t, c, film, n, size)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	packs, err := filepath.Glob(filepath.Join(dir, "*"+packExt))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs %v, error %v", packs, err)
	}
	base := packs[0][:len(packs[0])-len(packExt)]
	spoil(packs[0], base+indexExt)
	return open(t, dir, Options{}), base
}

// readAll reads every segment: each is there with its own bytes, or absent. It gives the absent ones.
func readAll(t *testing.T, c *Cache, sections bool) []int {
	t.Helper()
	var absent []int
	for n, size := range damageSizes {
		var got []byte
		var ok bool
		var err error
		if sections {
			var s *Section
			if s, ok, err = c.Section(film, n); ok {
				if got, err = io.ReadAll(s); err != nil {
					t.Fatalf("segment %d: %v", n, err)
				}
				_ = s.Close()
			}
		} else {
			got, ok, err = c.Get(film, n)
		}
		switch {
		case err != nil:
			t.Fatalf("segment %d: %v", n, err)
		case !ok:
			absent = append(absent, n)
			if c.Has(film, n) {
				t.Fatalf("segment %d: announced after it was found absent", n)
			}
		case !bytes.Equal(got, payload(film, n, size)):
			t.Fatalf("segment %d: wrong bytes", n)
		}
	}
	return absent
}

// refill puts what is missing and checks that all is there, now and after opening again.
func refill(t *testing.T, c *Cache, absent []int) {
	t.Helper()
	for _, n := range absent {
		mustPut(t, c, film, n, damageSizes[n])
	}
	if still := readAll(t, c, true); still != nil {
		t.Fatalf("segments %v absent after they were put again", still)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, c.dir, Options{})
	if lost := readAll(t, again, false); lost != nil {
		t.Fatalf("segments %v absent after opening again", lost)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string, bit int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bit %= int64(len(b)) * 8
	b[bit/8] ^= 1 << (bit % 8)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBitFlips turns single bits of the pack and the index. At most the segments the bit belongs to may be lost; a
// flip in the index alone loses nothing.
func TestBitFlips(t *testing.T) {
	for i := range 60 {
		bit := rand.Int64N(1 << 40)
		t.Logf("round %d: bit %d", i, bit)
		c, _ := damaged(t, func(pack, _ string) { flip(t, pack, bit) })
		absent := readAll(t, c, i%2 == 0)
		if len(absent) > 1 && len(absent) != len(damageSizes) { // all: the pack's own header
			t.Fatalf("bit %d of the pack: segments %v are lost", bit, absent)
		}
		refill(t, c, absent)

		c, _ = damaged(t, func(_, index string) { flip(t, index, bit) })
		if absent := readAll(t, c, i%2 == 0); absent != nil {
			t.Fatalf("bit %d of the index: segments %v are lost", bit, absent)
		}
		refill(t, c, nil)
	}
}

// TestPayloadFlipIsFound checks both ways of reading against a flip that lies surely in one payload.
func TestPayloadFlipIsFound(t *testing.T) {
	for _, sections := range []bool{true, false} {
		c, _ := damaged(t, func(pack, _ string) {
			at := int64(len(encodePackHeader(film, nonce{}))) + recordHeadLen + int64(damageSizes[0]) +
				recordHeadLen + int64(damageSizes[1]) + recordHeadLen + 2500
			flip(t, pack, at*8)
		})
		absent := readAll(t, c, sections)
		if !slices.Equal(absent, []int{2}) {
			t.Fatalf("sections %v: absent %v, want [2]", sections, absent)
		}
		// Forgotten for good, not only until the next start.
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, c.dir, Options{})
		if again.Has(film, 2) {
			t.Errorf("sections %v: the damaged segment is back", sections)
		}
		refill(t, again, []int{2})
	}
}

// TestTruncated cuts the pack, the index and both at every kind of place.
func TestTruncated(t *testing.T) {
	cut := func(path string, at int64) {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, at%(st.Size()+1)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 {
		at := rand.Int64N(1 << 40)
		c, base := damaged(t, func(pack, _ string) { cut(pack, at) })
		absent := readAll(t, c, i%2 == 0)
		for j := 1; j < len(absent); j++ {
			if absent[j] != absent[j-1]+1 || absent[len(absent)-1] != len(damageSizes)-1 {
				t.Fatalf("pack cut at %d: segments %v are lost, not the last ones", at, absent)
			}
		}
		if st, err := os.Stat(base + packExt); err == nil && st.Size() > 0 && len(absent) < len(damageSizes) {
			last := len(damageSizes) - len(absent)
			want := int64(len(encodePackHeader(film, nonce{})))
			for _, size := range damageSizes[:last] {
				want += recordHeadLen + int64(size)
			}
			if st.Size() != want {
				t.Fatalf("pack of %d bytes after recovery, want %d", st.Size(), want)
			}
		}
		refill(t, c, absent)

		c, _ = damaged(t, func(_, index string) { cut(index, at) })
		if absent := readAll(t, c, i%2 == 0); absent != nil {
			t.Fatalf("index cut at %d: segments %v are lost", at, absent)
		}
		refill(t, c, nil)

		c, _ = damaged(t, func(pack, index string) { cut(pack, at); cut(index, at/7) })
		refill(t, c, readAll(t, c, i%2 == 0))
	}
}

func TestIndexMissingOrForeign(t *testing.T) {
	t.Run("missing", func(t *testing.T) {
		c, base := damaged(t, func(_, index string) {
			if err := os.Remove(index); err != nil {
				t.Fatal(err)
			}
		})
		refill(t, c, readAll(t, c, false))
		if _, err := os.Stat(base + indexExt); err != nil {
			t.Errorf("index not written anew: %v", err)
		}
	})
	t.Run("of another pack", func(t *testing.T) {
		_, foreign := damaged(t, func(string, string) {})
		log, err := os.ReadFile(foreign + indexExt)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := damaged(t, func(_, index string) {
			if err := os.WriteFile(index, log, 0o600); err != nil {
				t.Fatal(err)
			}
		})
		if absent := readAll(t, c, false); absent != nil {
			t.Errorf("segments %v are lost", absent)
		}
	})
	t.Run("without a pack", func(t *testing.T) {
		c, base := damaged(t, func(pack, _ string) {
			if err := os.Remove(pack); err != nil {
				t.Fatal(err)
			}
		})
		if _, err := os.Stat(base + indexExt); err == nil || c.UsedBytes() != 0 {
			t.Errorf("the index stayed, %d bytes used", c.UsedBytes())
		}
	})
	t.Run("a pack of another name", func(t *testing.T) {
		c, _ := damaged(t, func(pack, _ string) {
			b, err := os.ReadFile(pack)
			if err != nil {
				t.Fatal(err)
			}
			other := filepath.Join(filepath.Dir(pack), Key{"other", "r"}.id().baseName(9)+packExt)
			if err := os.WriteFile(other, b, 0o600); err != nil {
				t.Fatal(err)
			}
		})
		if got := c.Present(Key{"other", "r"}); len(got) > 0 {
			t.Errorf("segments %v under a name they were not put under", got)
		}
		if absent := readAll(t, c, false); absent != nil {
			t.Errorf("segments %v are lost", absent)
		}
	})
	t.Run("of a newer version", func(t *testing.T) {
		c, base := damaged(t, func(pack, _ string) {
			f, err := os.OpenFile(pack, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteAt([]byte{diskVersion + 1}, int64(len(packMagic)))
			if err != nil || f.Close() != nil {
				t.Fatal(err)
			}
		})
		absent := readAll(t, c, false)
		if len(absent) != len(damageSizes) {
			t.Errorf("a newer version's pack was read")
		}
		refill(t, c, absent)
		if _, err := os.Stat(base + packExt); err != nil {
			t.Errorf("a newer version's pack was deleted: %v", err)
		}
	})
	t.Run("strange files", func(t *testing.T) {
		c, base := damaged(t, func(pack, _ string) {
			dir := filepath.Dir(pack)
			for _, name := range []string{"notes.txt", "x.pack", "y.idx"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Join(dir, film.id().baseName(77)+packExt), 0o700); err != nil {
				t.Fatal(err)
			}
		})
		refill(t, c, readAll(t, c, true))
		if got := names(t, filepath.Dir(base)); len(got) != 6 {
			t.Errorf("files %q: some that are not the cache's have gone", got)
		}
	})
}

// FuzzRecover gives recovery any index and any pack. What it makes of them must lie inside the pack, in order, and be
// the same when it is recovered again.
func FuzzRecover(f *testing.F) {
	n := nonce{1, 2, 3, 4, 5, 6, 7, 8}
	pack := encodePackHeader(film, n)
	log := encodeIndexHeader(n)
	for i, size := range []int{10, 1, 300} {
		data := payload(film, i, size)
		e := entry{segment: int32(i - 1), length: uint32(size), offset: int64(len(pack)), crc: checksum(data)}
		pack = append(append(pack, encodeRecordHead(e)...), data...)
		log = appendIndexEntry(log, n, e, present)
		if i == 1 {
			log = appendIndexEntry(log, n, e, dropped)
		}
	}
	f.Add(log, pack)
	f.Add(log[:indexHeaderLen+indexEntryLen], pack)
	f.Add(log, pack[:len(pack)-100])
	f.Add([]byte{}, pack)
	f.Add(log, []byte{})
	f.Fuzz(func(t *testing.T, log, pack []byte) {
		k, n, first, err := readPackHeader(bytes.NewReader(pack))
		if err != nil {
			n, first = nonce{1, 2, 3, 4, 5, 6, 7, 8}, 0
		} else if len(k.Title) > maxNameBytes || first > int64(len(pack)) {
			t.Fatalf("header of %d bytes in a pack of %d", first, len(pack))
		}
		size := int64(len(pack))
		rec, err := scan(bytes.NewReader(pack), first, size, log, n)
		if err != nil {
			t.Fatal(err)
		}
		after := first
		for _, e := range rec.entries {
			if e.offset < after || e.end() > rec.end || !e.plausible() {
				t.Fatalf("entry %+v after %d, pack good to %d", e, after, rec.end)
			}
			after = e.end()
		}
		if rec.end > size || rec.indexEnd > int64(len(log)) {
			t.Fatalf("pack good to %d of %d, index to %d of %d", rec.end, size, rec.indexEnd, len(log))
		}
		// Made whole as repair does, they say the same again.
		log = slices.Clone(log[:rec.indexEnd])
		if rec.indexEnd == 0 {
			log = encodeIndexHeader(n)
		}
		for _, e := range rec.hopped {
			log = appendIndexEntry(log, n, e, present)
		}
		again, err := scan(bytes.NewReader(pack[:rec.end]), first, rec.end, log, n)
		if err != nil || !slices.Equal(again.entries, rec.entries) || len(again.hopped) != 0 || again.end != rec.end {
			t.Fatalf("recovered again: error %v, %d entries of %d, %d hopped, end %d not %d",
				err, len(again.entries), len(rec.entries), len(again.hopped), again.end, rec.end)
		}
	})
}
