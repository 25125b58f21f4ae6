package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	packMagic   = "DSPACK\x00" // then one byte of version
	indexMagic  = "DSINDX\x00"
	diskVersion = 1

	nonceLen       = 8
	packPrefixLen  = 8 + nonceLen + 2 + 2 // before the names
	maxPackHeader  = packPrefixLen + 2*maxNameBytes + 4
	recordHeadLen  = 20
	recordMarker   = 0x5347_4d54 // "SGMT"
	indexHeaderLen = 8 + nonceLen + 4
	indexEntryLen  = 28
)

// kind says what an index entry tells.
type kind uint32

const (
	present kind = 0
	dropped kind = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

var (
	errDamaged = errors.New("checksum or layout does not hold")
	errNewer   = errors.New("written by a newer version")
)

// nonce ties an index log to its pack.
type nonce [nonceLen]byte

// entry is where a segment's record lies in a pack.
type entry struct {
	segment int32
	length  uint32 // of the payload, in bytes
	offset  int64  // of the record's header in the pack
	crc     uint32 // of the payload
}

// end is the offset just after the record.
func (e entry) end() int64 { return e.offset + recordHeadLen + int64(e.length) }

func encodePackHeader(k Key, n nonce) []byte {
	b := append(make([]byte, 0, maxPackHeader), packMagic...)
	b = append(b, diskVersion)
	b = append(b, n[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(k.Title)))     //nolint:gosec // bounded by Key.check
	b = binary.BigEndian.AppendUint16(b, uint16(len(k.Rendition))) //nolint:gosec // bounded by Key.check
	b = append(b, k.Title...)
	b = append(b, k.Rendition...)
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// readPackHeader gives a pack's names, nonce and the offset of its first record. Errors: errNewer, errDamaged, or
// what reading gave.
func readPackHeader(r io.ReaderAt) (Key, nonce, int64, error) {
	var n nonce
	buf := make([]byte, maxPackHeader)
	got, err := r.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Key{}, n, 0, fmt.Errorf("read pack header: %w", err)
	}
	buf = buf[:got]
	if err = checkMagic(buf, packMagic); err != nil {
		return Key{}, n, 0, err
	}
	if len(buf) < packPrefixLen {
		return Key{}, n, 0, errDamaged
	}
	copy(n[:], buf[8:])
	title := int(binary.BigEndian.Uint16(buf[16:]))
	names := title + int(binary.BigEndian.Uint16(buf[18:]))
	end := packPrefixLen + names
	if len(buf) < end+4 || checksum(buf[:end]) != binary.BigEndian.Uint32(buf[end:]) {
		return Key{}, n, 0, errDamaged
	}
	k := Key{Title: string(buf[packPrefixLen : packPrefixLen+title]), Rendition: string(buf[packPrefixLen+title : end])}
	return k, n, int64(end) + 4, nil
}

func checkMagic(buf []byte, magic string) error {
	switch {
	case len(buf) <= len(magic) || string(buf[:len(magic)]) != magic:
		return errDamaged
	case buf[len(magic)] > diskVersion:
		return errNewer
	case buf[len(magic)] != diskVersion:
		return errDamaged
	}
	return nil
}

func encodeRecordHead(e entry) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, recordHeadLen), recordMarker)
	b = binary.BigEndian.AppendUint32(b, uint32(e.segment)) //nolint:gosec // the bits as they are, -1 included
	b = binary.BigEndian.AppendUint32(b, e.length)
	b = binary.BigEndian.AppendUint32(b, e.crc)
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// decodeRecordHead reads the header of the record at offset; false when it is not one.
func decodeRecordHead(b []byte, offset int64) (entry, bool) {
	if len(b) < recordHeadLen || binary.BigEndian.Uint32(b) != recordMarker ||
		checksum(b[:16]) != binary.BigEndian.Uint32(b[16:]) {
		return entry{}, false
	}
	e := entry{
		segment: int32(binary.BigEndian.Uint32(b[4:])), //nolint:gosec // the bits as they are, -1 included
		length:  binary.BigEndian.Uint32(b[8:]),
		offset:  offset,
		crc:     binary.BigEndian.Uint32(b[12:]),
	}
	return e, e.plausible()
}

func (e entry) plausible() bool {
	return e.segment >= InitSegment && e.length > 0 && e.length <= MaxSegmentBytes
}

func encodeIndexHeader(n nonce) []byte {
	b := append(make([]byte, 0, indexHeaderLen), indexMagic...)
	b = append(b, diskVersion)
	b = append(b, n[:]...)
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// validIndexHeader says whether the log begins as the one of the pack with this nonce.
func validIndexHeader(log []byte, n nonce) bool {
	return len(log) >= indexHeaderLen && string(log[:indexHeaderLen]) == string(encodeIndexHeader(n))
}

func appendIndexEntry(dst []byte, n nonce, e entry, k kind) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.segment)) //nolint:gosec // the bits as they are, -1 included
	dst = binary.BigEndian.AppendUint32(dst, e.length)
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.offset)) //nolint:gosec // never negative
	dst = binary.BigEndian.AppendUint32(dst, e.crc)
	dst = binary.BigEndian.AppendUint32(dst, uint32(k))
	return binary.BigEndian.AppendUint32(dst, entryChecksum(n, dst[start:]))
}

// entryChecksum covers the nonce too, so that an entry of another pack's log is never taken for one of this.
func entryChecksum(n nonce, body []byte) uint32 {
	return crc32.Update(checksum(n[:]), castagnoli, body)
}

func decodeIndexEntry(b []byte, n nonce) (entry, kind, bool) {
	if len(b) < indexEntryLen || entryChecksum(n, b[:24]) != binary.BigEndian.Uint32(b[24:]) {
		return entry{}, 0, false
	}
	e := entry{
		segment: int32(binary.BigEndian.Uint32(b)), //nolint:gosec // the bits as they are, -1 included
		length:  binary.BigEndian.Uint32(b[4:]),
		offset:  int64(binary.BigEndian.Uint64(b[8:])), //nolint:gosec // a negative one is refused by the reader
		crc:     binary.BigEndian.Uint32(b[16:]),
	}
	return e, kind(binary.BigEndian.Uint32(b[20:])), e.plausible()
}
