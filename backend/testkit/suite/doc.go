// Package suite is the proof on whole files: it starts the built program, drops every clip of package clips and every
// file of the media folder on it, and checks what it serves with package hls. Each file either plays whole or is
// refused in words; the list of which and why is printed and kept in test-output/hls.md.
//
//	go test -tags hls ./backend/testkit/suite
//
// The media folder is $DROPSTREAM_MEDIA, or ../shared/media beside the repository; without it those tests are skipped.
package suite
