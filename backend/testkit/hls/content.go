package hls

import (
	"cmp"
	"context"
	"crypto/md5" // it is ffmpeg's framemd5 that this is compared with
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// alone is how many segments of a rendition are decoded by themselves.
const alone = 3

// checkContent decodes every rendition and compares it with the source.
func (c *checker) checkContent(ctx context.Context, renditions []*rendition) {
	if c.o.Source != "" {
		c.loadSource(ctx)
	}
	var offset int64 // of the pictures against the source's, for the sound to keep to
	for _, r := range renditions {
		switch {
		case r.track == nil || len(r.runs()) == 0:
		case r.kind == "video":
			o := c.checkVideo(ctx, r)
			if r == renditions[0] {
				offset = o
			}
		default:
			c.checkSound(ctx, r, offset)
		}
	}
	if c.o.Pattern && c.source != nil {
		c.checkPattern(ctx, renditions)
	}
}

// spoiled says whether a rendition is of damaged samples: passed through, they are as bad as they are in the source,
// and how a decoder mends them depends on what it saw before.
func (c *checker) spoiled(r *rendition) bool {
	return r.original && (c.o.Damaged || c.source != nil && len(c.source.complaints) > 0)
}

// complain records what ffmpeg said, unless it says as much of the source itself.
func (c *checker) complain(r *rendition, segment int, how string, complaints []string, err error) {
	if err != nil {
		c.report.find("decode", r.name, segment, "%s: %v", how, err)
		return
	}
	if c.spoiled(r) {
		return
	}
	if len(complaints) > 0 {
		c.report.find("decode", r.name, segment, "%s: %d errors, first %q", how, len(complaints), complaints[0])
	}
}

// checkVideo decodes a video rendition in order, alone and shuffled, and compares; it gives how much later its
// pictures are than the source's, in microseconds.
func (c *checker) checkVideo(ctx context.Context, r *rendition) (offset int64) {
	known := map[string]bool{} // MD5s of the pictures as decoded in order
	var all []*segment
	runs := r.runs()
	if c.source != nil && c.source.long && r.original {
		offset = c.compareSamples(r, runs[0])
		runs = brief(runs[0])
	}
	for i, run := range runs {
		pictures, complaints, err := c.pictures(ctx, "", r.join(run))
		c.complain(r, run[0].n, "in order", complaints, err)
		times := r.times(run)
		if len(pictures) != len(times) && !c.spoiled(r) {
			c.report.find("frames", r.name, run[0].n, "%d samples give %d pictures", len(times), len(pictures))
		}
		for _, p := range pictures {
			known[p.md5] = true
		}
		c.report.Frames += len(pictures)
		all = append(all, run...)
		whole := len(run) == len(r.segments)
		if c.source == nil || len(c.source.pictures) == 0 || len(times) == 0 || c.source.long && r.original {
			continue
		}
		o, at := c.compareTimes(r, run, times, whole)
		if i == 0 {
			offset = o
		}
		if r.original && at >= 0 && !c.spoiled(r) {
			c.compareIdentity(r, run, pictures, at)
		}
		if !r.original && (whole || i == 0) && at >= 0 && len(pictures) == len(times) {
			c.compareLikeness(ctx, r, run, at, len(times))
		}
		if whole {
			c.compareDuration(r)
		}
	}
	c.checkAlone(ctx, r, all, known)
	c.checkShuffled(ctx, r, all, known)
	c.checkShape(ctx, r, all)
	return offset
}

// brief is a little of a long run: from its start, its middle and its end.
func brief(run []*segment) [][]*segment {
	const n = 3
	if len(run) <= 3*n {
		return [][]*segment{run}
	}
	middle := len(run) / 2
	return [][]*segment{run[:n], run[middle : middle+n], run[len(run)-n:]}
}

// compareSamples is for what is too long to decode: the samples themselves are held against the source's packets.
func (c *checker) compareSamples(r *rendition, run []*segment) (offset int64) {
	var ours []picture
	for _, s := range run {
		for i, pts := range s.pts() {
			ours = append(ours, picture{micro(pts, r.track.timescale), sum(s.samples[i].Data)})
		}
	}
	slices.SortFunc(ours, func(a, b picture) int { return cmp.Compare(a.us, b.us) })
	offset, at := c.compareTimes(r, run, timesOf(ours), len(run) == len(r.segments))
	if at >= 0 {
		c.compareIdentity(r, run, ours, at)
	}
	c.compareDuration(r)
	return offset
}

// times are the presentation times of a run of segments, in order, in microseconds.
func (r *rendition) times(run []*segment) []int64 {
	var all []int64
	for _, s := range run {
		for _, pts := range s.pts() {
			all = append(all, micro(pts, r.track.timescale))
		}
	}
	slices.Sort(all)
	return all
}

// compareTimes holds a run's pictures against the source's: as many, at the same times but for a constant. at is the
// source's picture that the run's first one is, -1 when that cannot be told.
func (c *checker) compareTimes(r *rendition, run []*segment, times []int64, whole bool) (offset int64, at int) {
	src := c.source.pictures
	if !whole {
		half := c.source.video.frame() / 2
		at = sort.Search(len(src), func(i int) bool { return src[i].us-src[0].us >= times[0]-half })
	}
	n := min(len(times), len(src)-at)
	if n <= 0 {
		return 0, -1
	}
	// The constant is the middle one of all: a presentation starts at 0, and where the source's pictures start later
	// than its sound, the first one may be shown from 0 on until the second one's time.
	offsets := make([]int64, n)
	for i := range n {
		offsets[i] = times[i] - src[at+i].us
	}
	slices.Sort(offsets)
	offset = offsets[n/2]
	if whole && len(times) != len(src) || n < len(times) {
		if !c.o.Damaged && !c.spoiled(r) {
			c.report.find("frames", r.name, run[0].n, "%d pictures, the source has %d%s",
				len(times), len(src)-at, c.missing(times))
		}
		return offset, -1
	}
	starts := map[int64]bool{} // of segments
	for _, s := range run {
		starts[micro(int64(s.tfdt), r.track.timescale)] = true
	}
	allowed := 1000 + tick(r.track.timescale) // Matroska, FLV and ASF write milliseconds
	if c.o.Untimed {
		allowed += c.source.video.frame()
	}
	moved := 0
	for i := range n {
		off := times[i] - src[at+i].us - offset
		switch {
		case off <= allowed && off >= -allowed:
		case i == 0 && times[0] == 0 && off < 0:
		case !r.original && starts[times[i]] && max(off, -off) < c.source.video.frame():
			moved++
		default:
			c.report.find("frames", r.name, -1, "picture %d is at %d us, the source's at %d us",
				i, times[i], src[at+i].us+offset)
		}
	}
	if moved > 0 {
		c.report.note("%s: %d pictures were moved onto a segment's start, each by less than a frame", r.name, moved)
	}
	return offset, at
}

// missing names the first few of the source's pictures that no time of ours is near to.
func (c *checker) missing(times []int64) string {
	src := c.source.pictures
	half := c.source.video.frame() * 3 / 4
	shift := times[0] - src[0].us
	if shift > half || shift < -half {
		shift = 0
	}
	var gone []string
	for _, p := range src {
		i := sort.Search(len(times), func(i int) bool { return times[i] >= p.us+shift-half })
		if (i == len(times) || times[i] > p.us+shift+half) && len(gone) < 8 {
			gone = append(gone, strconv.FormatInt(p.us+shift, 10))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "; not there at " + strings.Join(gone, ", ") + " us"
}

// compareIdentity holds passthrough to its promise: the very same pictures.
func (c *checker) compareIdentity(r *rendition, run []*segment, pictures []picture, at int) {
	src := c.source.pictures
	for i, p := range pictures {
		if at+i < len(src) && p.md5 != src[at+i].md5 {
			c.report.find("identity", r.name, run[0].n, "picture %d of %d is not the source's", i, len(pictures))
		}
	}
}

// compareDuration holds the sum of EXTINF against the time from the source's first picture to the end of its last. It
// may be longer up to the end of the longest track: the last picture stands while the sound goes on.
func (c *checker) compareDuration(r *rendition) {
	src := c.source.pictures
	frame := c.source.video.frame()
	if c.o.Damaged || len(src) < 2 {
		return
	}
	last := max(frame, src[len(src)-1].us-src[len(src)-2].us)
	want := src[len(src)-1].us - min(src[0].us, 0) + last
	longest := max(want, int64(c.source.duration*1e6))
	if got := r.playlist.duration(); got < want-2*last || got > longest+2*last {
		c.report.find("duration", r.name, -1, "EXTINF adds up to %d us, the source's pictures to %d us",
			r.playlist.duration(), want)
	}
}

// likeEnough is the least PSNR of a transcoded picture, in decibels of luma.
const likeEnough = 28

// compareLikeness compares some transcoded pictures with the source's of the same number, at the transcode's size.
func (c *checker) compareLikeness(ctx context.Context, r *rendition, run []*segment, at, n int) {
	v := c.source.video
	if v.FieldOrder != "" && v.FieldOrder != "progressive" && v.FieldOrder != "unknown" {
		c.report.note("%s: likeness not measured, the source is interlaced", r.name)
		return
	}
	if v.Transfer == "smpte2084" || v.Transfer == "arib-std-b67" {
		c.report.note("%s: likeness not measured, the source is HDR", r.name)
		return
	}
	if c.o.Resized {
		c.report.note("%s: likeness not measured, the source's size changes", r.name)
		return
	}
	every := max(1, n/24)
	filter := fmt.Sprintf("[0:V:0]select='not(mod(n,%d))',setpts=N/TB/10,setsar=1,format=yuv420p[a];"+
		"[1:V:0]select='between(n,%d,%d)*not(mod(n-%d,%d))',setpts=N/TB/10,scale=%d:%d:flags=bicubic,setsar=1,"+
		"format=yuv420p[b];[a][b]psnr=stats_file=-[o]", every, at, at+n-1, at, every, r.track.width, r.track.height)
	out, _, err := c.run(ctx, c.o.FFmpeg, r.join(run), "-v", "error", "-i", "pipe:0",
		"-t", fmt.Sprintf("%.3f", float64(r.playlist.starts[run[len(run)-1].n+1])/1e6+5), "-i", input(c.source.path),
		"-filter_complex", filter, "-map", "[o]", "-fps_mode", "passthrough", "-f", "null", "-")
	if err != nil {
		c.report.find("likeness", r.name, -1, "cannot be measured: %v", err)
		return
	}
	measured := 0
	for line := range strings.SplitSeq(string(out), "\n") {
		_, after, ok := strings.Cut(line, "psnr_y:")
		if !ok {
			continue
		}
		db, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		if err == nil && !math.IsInf(db, 0) && db < likeEnough {
			c.report.find("likeness", r.name, -1, "picture %d: %.1f dB", at+measured*every, db)
		}
		measured++
	}
	if want := (n + every - 1) / every; measured < want-1 || measured == 0 {
		c.report.find("likeness", r.name, -1, "%d pictures could be compared of %d", measured, want)
	}
}

// checkAlone decodes some segments by themselves, with the one init segment.
func (c *checker) checkAlone(ctx context.Context, r *rendition, all []*segment, known map[string]bool) {
	for _, i := range c.random.Perm(len(all))[:min(alone, len(all))] {
		s := all[i]
		pictures, complaints, err := c.pictures(ctx, "", r.join([]*segment{s}))
		c.complain(r, s.n, "alone", complaints, err)
		if len(pictures) != len(s.samples) && !c.spoiled(r) {
			c.report.find("decode", r.name, s.n, "alone: %d samples give %d pictures", len(s.samples), len(pictures))
		}
		for j, p := range pictures {
			if !known[p.md5] && !c.spoiled(r) {
				c.report.find("decode", r.name, s.n, "alone: picture %d is another than in order", j)
				break
			}
		}
	}
}

// checkShuffled decodes all segments in a random order, as one stream.
func (c *checker) checkShuffled(ctx context.Context, r *rendition, all []*segment, known map[string]bool) {
	if r.track.nalSize == 0 || len(all) < 2 || c.spoiled(r) {
		return
	}
	shuffled := slices.Clone(all)
	c.random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	stream, err := r.track.annexB(shuffled)
	if err != nil {
		if !r.original {
			c.report.find("decode", r.name, -1, "shuffled: %v", err)
		}
		return
	}
	format := "h264"
	if r.track.hevc {
		format = "hevc"
	}
	pictures, complaints, err := c.pictures(ctx, "", stream, "-f", format)
	c.complain(r, -1, "shuffled", complaints, err)
	samples := 0
	for _, s := range all {
		samples += len(s.samples)
	}
	strange := 0
	for _, p := range pictures {
		if !known[p.md5] {
			strange++
		}
	}
	if len(pictures) != samples || strange > 0 {
		c.report.find("decode", r.name, -1, "shuffled: %d samples give %d pictures, %d of them others than in order",
			samples, len(pictures), strange)
	}
}

// smallest is the least width and height of a transcode, in pixels.
const smallest = 16

// checkShape compares size, aspect and orientation with the source's.
func (c *checker) checkShape(ctx context.Context, r *rendition, all []*segment) {
	if r.size != "" && r.size != fmt.Sprintf("%dx%d", r.track.width, r.track.height) && !r.original {
		c.report.find("codecs", r.name, -1, "RESOLUTION is %s, the sample entry says %dx%d",
			r.size, r.track.width, r.track.height)
	}
	if c.source == nil || c.source.video == nil {
		return
	}
	probed, err := c.probe(ctx, "", r.join(all[:1]))
	if err != nil || len(probed.streams) != 1 {
		c.report.find("shape", r.name, -1, "ffprobe finds not one stream: %v", err)
		return
	}
	out, src := &probed.streams[0], c.source.video
	if out.rotation() != src.rotation() && r.original {
		c.report.find("shape", r.name, -1, "turned by %d, the source by %d", out.rotation(), src.rotation())
	}
	ow, oh := out.display()
	sw, sh := src.display()
	if !r.original && min(sw, sh) < smallest { // encoders and decoders take none so small
		c.report.note("%s: the source's %.0fx%.0f is smaller than what can be encoded", r.name, sw, sh)
		return
	}
	if ow > sw+1 || oh > sh+1 {
		c.report.find("shape", r.name, -1, "%.0fx%.0f is larger than the source's %.0fx%.0f", ow, oh, sw, sh)
	}
	if math.Abs(ow-oh*sw/sh) > 2+ow/100 {
		c.report.find("shape", r.name, -1, "%.0fx%.0f has not the aspect of the source's %.0fx%.0f", ow, oh, sw, sh)
	}
	if !r.original && (out.Width%2 != 0 || out.Height%2 != 0) {
		c.report.find("shape", r.name, -1, "%dx%d is odd", out.Width, out.Height)
	}
}

// sum is the MD5 of a sample as framemd5 prints it.
func sum(data []byte) string {
	h := md5.Sum(data)
	return hex.EncodeToString(h[:])
}
