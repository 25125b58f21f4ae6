// Package suite is the proof on whole files: it starts the built program, drops every clip of package clips and every
// file of the media folder on it, and checks what it serves with package hls. Each file either plays whole or is
// refused in words; the list of which and why is printed and kept in test-output/hls-NAME.txt.
//
//	go test -tags hls ./backend/testkit/suite
//
// The media folder is $DROPSTREAM_MEDIA, or ../shared/media beside the repository; without it those tests are skipped.
//
// What goes wrong in programs like this one, and the clips that prove that it does not here. Each is fetched by several
// viewers in random orders, a segment in the middle first, and its pictures and sound are held against the source's.
//
//	sound drifts from the picture    all with a flash and a beep every 2 s; minute.ts in random order only
//	gaps between segments            all: times to the tick, number of pictures, each segment alone and shuffled
//	encoders of several speeds       TestSpeedsMix in package stream
//	variable frame rate              vfr.mkv
//	edit lists                       ntsc.mp4 (starts at 2002), edit-two, edit-pause, edit-pause-cut, edit-keyframe,
//	                                 edit-end, trimmed, audio-late, audio-early; sample_edit_list.mp4
//	signed composition offsets       signed-offsets.mp4, bframes.mp4, pyramid.mkv
//	open groups                      open-gop.mp4, open-gop.mkv, hevc-open-gop.mp4
//	no IDR after the first           intra-refresh.mp4, intra-refresh.mkv, open-gop.mkv
//	one group of 10 minutes          one-group.mkv; long-gop.mp4
//	tracks                           no-audio.mp4, no-sound.ts, audio-only.m4a, audio-late, audio-shorter,
//	                                 audio-longer, 20-tracks.mkv, cover.m4a, cover.mp4
//	turned and mirrored              rotated (90), turned-180, turned-270, mirrored, upside-down, mirrored-turned
//	high dynamic range               hdr10.mp4, hlg.mp4, dolby-vision-8.1, -8.4 and -5; their colours
//	                                 by numbers: TestColours in package stream
//	sizes                            odd-size (321x181), 1x1, 2x2, 3x501, 8192-wide, anamorphic.mp4, anamorphic.mpg
//	size changes midway              size-changes.ts, size-changes.mkv
//	starts elsewhere than at 0       offset-hour.ts, offset.mkv, starts-below-zero.mp4
//	seeking to a keyframe exactly    every transcoded clip in Matroska
//	cut short                        truncated.mp4, .mkv, .ts, truncated-moov-last.mp4, fragmented-cut.mp4
//	damaged                          hole.mp4, hole.mkv, hole.ts
//	lies about its length            says-hour.mp4, says-hour.avi, says-longer.mkv, says-longer-hevc.mkv,
//	                                 says-shorter.mkv
//	index at the end, 64-bit offsets moov-last.mp4, co64.mp4; of 10 hours: package index and the benchmark
//	fragments                        fragmented.mp4, -sidx, -frames, -partly, hybrid.mp4; sample_partially_fragmented
//	no presentation times            mpeg4.avi, bframes.avi, h264.avi, mpeg2.mpg, mpeg1.mpg, h264-b.ts
//	interlaced                       interlaced.mp4, bottom-first.mp4, interlaced.ts
//	colours                          10-bit, 4-2-2, 4-2-2-10-bit.mov, 4-4-4-10-bit.mkv, odd-size (4:4:4)
//	sample rates and channels        44100, 22050, 96000, 96000-24-bit.mkv, 11025-mp3.avi, mono, 5.1, 7.1.mkv
//	frame rates                      1fps.mp4, 1fps.mkv, 23.976, ntsc, 59.94.mkv, 60fps, 120fps
//
// TestHostile drops what package hostile makes, and watches what is touched: nobody may call where the files point at,
// open what they name, or change anything beside the data folder. TestDriveIsPulled and TestDiskFull mount small file
// systems, and are skipped where that is not allowed.
package suite
