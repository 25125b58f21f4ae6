package cache

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxIndexBytes bounds what is read of one index log; what lies beyond is found by hopping.
const maxIndexBytes = 16 << 20

// recovered is what a pack and its index log hold.
type recovered struct {
	entries   []entry // in the order they were written; dropped ones left out
	hopped    []entry // those of entries, and only those, that the index did not name
	end       int64   // offset after the last good record: the pack is cut there
	indexEnd  int64   // length of the good part of the log; 0 when not even its header holds
	lastWrote int32   // segment of the last record
}

// scan reads the log, then hops over the record headers it does not name. It reads no payload and trusts nothing:
// first is the offset of the first record, size the pack's length.
func scan(pack io.ReaderAt, first, size int64, log []byte, n nonce) (recovered, error) {
	rec := recovered{end: first, lastWrote: InitSegment}
	gone := map[int64]bool{}
	if validIndexHeader(log, n) {
		rec.indexEnd = indexHeaderLen
		for rest := log[indexHeaderLen:]; ; rest = rest[indexEntryLen:] {
			e, k, ok := decodeIndexEntry(rest, n)
			if !ok || !rec.take(e, k, size, gone) {
				break
			}
			rec.indexEnd += indexEntryLen
		}
	}
	head := make([]byte, recordHeadLen)
	for rec.end+recordHeadLen <= size {
		if _, err := pack.ReadAt(head, rec.end); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return recovered{}, fmt.Errorf("read record header: %w", err)
		}
		e, ok := decodeRecordHead(head, rec.end)
		if !ok || !rec.take(e, present, size, gone) {
			break
		}
		rec.hopped = append(rec.hopped, e)
	}
	if len(gone) > 0 {
		kept := rec.entries[:0]
		for _, e := range rec.entries {
			if !gone[e.offset] {
				kept = append(kept, e)
			}
		}
		rec.entries = kept
	}
	return rec, nil
}

// take adds what an entry tells, unless it does not follow from what was read before or points out of the pack.
func (rec *recovered) take(e entry, k kind, size int64, gone map[int64]bool) bool {
	switch {
	case k == dropped && e.offset >= 0 && e.offset < rec.end:
		gone[e.offset] = true
		return true
	case k != present, e.offset != rec.end, e.end() > size:
		return false
	}
	rec.entries = append(rec.entries, e)
	rec.end = e.end()
	rec.lastWrote = e.segment
	return true
}

// recoverPack opens a pack, reads what it holds and makes both files whole again: the pack is cut after its last
// good record, the log is completed. Where that cannot be done (a folder that may only be read) sealed is true: the
// pack can be read and not appended to. Errors: errNewer, errDamaged (of the pack's own header), or the system's.
func recoverPack(path string, want id) (k Key, n nonce, rec recovered, sealed bool, err error) {
	f, err := os.Open(path + packExt) //nolint:gosec // a name made of hashes
	if err != nil {
		return k, n, rec, false, fmt.Errorf("open pack: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	st, err := f.Stat()
	if err != nil {
		return k, n, rec, false, fmt.Errorf("stat pack: %w", err)
	}
	k, n, first, err := readPackHeader(f)
	if err != nil {
		return k, n, rec, false, err
	}
	if k.id() != want {
		return k, n, rec, false, errDamaged
	}
	log, logSize := readIndex(path + indexExt)
	if rec, err = scan(f, first, st.Size(), log, n); err != nil {
		return k, n, rec, false, err
	}
	sealed = !repair(path, n, rec, st.Size(), logSize)
	return k, n, rec, sealed, nil
}

// readIndex reads a log. One that is missing or cannot be read is one that says nothing: the pack is the truth.
func readIndex(path string) (log []byte, size int64) {
	f, err := os.Open(path) //nolint:gosec // a name made of hashes
	if err != nil {
		return nil, 0
	}
	defer f.Close() //nolint:errcheck // only read
	if st, err := f.Stat(); err == nil {
		size = st.Size()
	}
	log, err = io.ReadAll(io.LimitReader(f, maxIndexBytes))
	if err != nil {
		return nil, size
	}
	return log, size
}

// repair cuts the pack, and cuts and completes its log. It says whether both are now whole.
func repair(path string, n nonce, rec recovered, packSize, logSize int64) bool {
	if packSize > rec.end && os.Truncate(path+packExt, rec.end) != nil {
		return false
	}
	if logSize == rec.indexEnd && rec.indexEnd > 0 && len(rec.hopped) == 0 {
		return true
	}
	f, err := os.OpenFile(path+indexExt, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // a name made of hashes
	if err != nil {
		return false
	}
	if err = f.Truncate(rec.indexEnd); err == nil {
		var add []byte
		if rec.indexEnd == 0 {
			add = encodeIndexHeader(n)
		}
		for _, e := range rec.hopped {
			add = appendIndexEntry(add, n, e, present)
		}
		_, err = f.WriteAt(add, rec.indexEnd)
	}
	return errors.Join(err, f.Close()) == nil
}
