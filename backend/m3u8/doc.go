// Package m3u8 writes HLS playlists, and reads them back strictly. It speaks the words of RFC 8216 and of its
// successor draft-pantos-hls-rfc8216bis: a multivariant playlist names variants (EXT-X-STREAM-INF) and renditions
// (EXT-X-MEDIA); a media playlist names segments. It does no I/O.
//
// Encoding cannot fail: text that came from a file is made safe for the place it is written to, and what the
// grammar cannot hold is left out.
package m3u8

// version is what the playlists declare. EXT-X-MAP outside I-frame playlists needs 6 (RFC 8216 §7); 7 is what
// fragmented MP4 players are tested with.
const version = 7

// MIMEType is the media type of both kinds of playlist (RFC 8216 §10).
const MIMEType = "application/vnd.apple.mpegurl"
