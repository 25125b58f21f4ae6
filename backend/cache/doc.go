// Package cache keeps finished segments on disk: durable when Put returns, checksummed, and inside a budget of
// bytes and above a floor of free space.
//
// # On disk
//
// The segments of one rendition of one title (a Key) lie in packs: append-only files of some 64 MB, so that a range
// of a rendition can be given back by deleting whole files. Beside each pack lies its index log, also append-only,
// written only after the payload it names is durable. File names are made of hashes. All integers are big-endian,
// all checksums CRC-32C.
//
//	pack    = header { magic+version [8], nonce [8], len(title) u16, len(rendition) u16, title, rendition, crc u32 }
//	          record* { marker u32, segment i32, length u32, crc(payload) u32, crc(these 16 bytes) u32, payload }
//	index   = header { magic+version [8], nonce [8], crc u32 }
//	          entry* { segment i32, length u32, offset u64, crc(payload) u32, kind u32, crc(nonce, these 24) u32 }
//
// The nonce ties an index to its pack. Entries name the pack's records in order and without gaps; an entry of kind
// dropped takes one back. Where the index is missing or behind, the rest is found by hopping over the pack's record
// headers; the pack is cut at the first bad one. Payloads are not read then: their checksum is verified when they
// are first asked for, and a bad one is dropped and reported as absent.
//
// # Who does what
//
// One goroutine, the committer, writes and evicts; what makes damaged files whole happens before a rendition is known
// to it. Puts that arrive while it waits for the disk are
// written together and share the next wait. Readers open packs themselves and are never waited for: a pack that goes
// while it is being read is read to its end. Packs are loaded when their rendition is first asked for, so opening a
// cache costs one directory listing.
package cache
