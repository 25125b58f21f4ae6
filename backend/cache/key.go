package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"dropstream/backend/fault"
)

// InitSegment is the number under which a rendition's init segment is kept.
const InitSegment = -1

// MaxSegmentBytes is the size of the largest segment that is kept.
const MaxSegmentBytes = 256 << 20

// maxNameBytes bounds the two parts of a Key.
const maxNameBytes = 1024

// Key names one rendition of one title.
type Key struct {
	Title     string // the item's id
	Rendition string // opaque: a hash over plan, rendition, settings and encoder
}

// id is a Key as file names spell it: hashes, so that no name is ever part of a path.
type id struct{ title, rendition string }

func hashName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

func (k Key) id() id { return id{hashName(k.Title), hashName(k.Rendition)} }

// check says whether the key and the segment can be kept, with fault.Invalid where not.
func (k Key) check(segment, length int) error {
	switch {
	case k.Title == "", len(k.Title) > maxNameBytes, len(k.Rendition) > maxNameBytes:
		return fault.New(fault.Invalid, "A segment without a proper name cannot be kept.")
	case segment < InitSegment, segment > math.MaxInt32:
		return fault.Wrap(fmt.Errorf("segment %d", segment), fault.Invalid, "This segment number is out of range.")
	case length == 0, length > MaxSegmentBytes:
		return fault.Wrap(fmt.Errorf("segment %d of %d bytes", segment, length), fault.Invalid,
			"A segment of this size cannot be kept.")
	}
	return nil
}

// The ends of the names of a pack and of its index log.
const (
	packExt  = ".pack"
	indexExt = ".idx"
)

// baseName is the name of pack number seq of a rendition, without its end.
func (i id) baseName(seq uint32) string {
	return fmt.Sprintf("%s-%s-%08x", i.title, i.rendition, seq)
}

// parseName reads a file's name; ok is false for a file that is not the cache's.
func parseName(name string) (of id, seq uint32, ext string, ok bool) {
	const hash, number = 32, 8
	base, found := strings.CutSuffix(name, packExt)
	ext = packExt
	if !found {
		base, found = strings.CutSuffix(name, indexExt)
		ext = indexExt
	}
	if !found || len(base) != hash+1+hash+1+number || base[hash] != '-' || base[2*hash+1] != '-' {
		return id{}, 0, "", false
	}
	of = id{base[:hash], base[hash+1 : 2*hash+1]}
	n, err := strconv.ParseUint(base[2*hash+2:], 16, 32)
	if err != nil || of.baseName(uint32(n)) != base || !isHex(of.title) || !isHex(of.rendition) {
		return id{}, 0, "", false
	}
	return of, uint32(n), ext, true
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}
