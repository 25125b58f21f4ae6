// Package httpd is the program's loopback HTTP server: the media tree that players read, the HTTP transport of the
// API, and, when the program runs without a window, the UI's files.
//
//	/m/TOKEN/ITEM/multivariant.m3u8
//	             /v/RENDITION/PLAN/{media.m3u8,init.mp4,N.m4s}
//	             /a/TRACK/RENDITION/PLAN/{media.m3u8,init.mp4,N.m4s}
//	             /poster.jpg
//	             /thumbs.vtt
//	             /thumbs/N.jpg
//	/api/VERB    POST, JSON, bearer token
//	/api/events  GET, server-sent events, bearer token
//	/            the UI's files
//
// What keeps others out: the Host header must be the server's own loopback name, so that a rebound DNS name gets
// nothing; a request that names a foreign Origin is refused; media needs the token of this launch in its path
// (media elements send neither headers nor an Origin) and the API needs its token in a header. A media path that is
// not exactly of the form above is a plain 404 without a word, whatever is wrong with it.
//
// How trouble is told. hls.js never asks again after a 4xx and asks again after a 5xx, so all that may come back by
// itself (a segment still being made, a drive that is unplugged, a full disk) is a 5xx with Retry-After, and only
// what can never come is a 4xx. See Status.
package httpd
