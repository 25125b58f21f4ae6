// Package hls checks a whole HLS presentation from outside, over HTTP, as a player would meet it: playlists against
// RFC 8216, boxes against ISO/IEC 14496-12, every segment's place on the timeline to the tick, and the decoded
// pictures and sound against the source file. It trusts nothing of the program but its URLs, and reads playlists with
// a parser of its own, so that a fault in the program's encoder cannot hide behind the same fault in its decoder.
//
// Rules, as they stand in a Finding:
//
//	fetch        a resource cannot be had, or not without asking more often than a player would
//	http         status, media type or cache policy is not what players and caches need
//	grammar      a line of a playlist breaks RFC 8216
//	codecs       CODECS or RESOLUTION does not say what the init segment says
//	bandwidth    a segment needs more than the variant's BANDWIDTH
//	boxes        an init or media segment is not the fragmented MP4 it has to be
//	tfdt         a segment does not start where EXTINF says, to the tick
//	abut         a segment does not end where the next one starts
//	pts          presentation times repeat, overlap a neighbour, or leave the segment
//	sync         a video segment does not start with a keyframe, or flags and NAL types disagree
//	same         one segment has different bytes for another viewer, or when asked first
//	decode       ffmpeg finds an error in what it decodes: all in order, alone, or shuffled
//	frames       pictures are missing, too many, or at another time than in the source
//	identity     passthrough, but decoded pictures or audio packets are not the source's
//	likeness     a transcoded picture does not look like the source's at that time
//	shape        size, aspect or orientation is not the source's
//	duration     the sum of EXTINF is not the source's length
//	av           sound and pictures are more than 20 ms apart, compared with the source
//	delivery     passthrough was expected and is not there, or the reverse
package hls
