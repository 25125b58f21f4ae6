package hls

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"dropstream/backend/codec"
	"dropstream/backend/fmp4"
)

// apart is the most that sound and pictures may be moved against each other, in microseconds.
const apart = 20_000

// index is the source's stream that an audio rendition is made of, as ffmpeg's -map wants it: its URL says so
// ("a/1/aac"), and otherwise it is the first one.
func (r *rendition) index() string {
	if parts := strings.Split(r.name, "/"); len(parts) == 3 && parts[0] == "a" {
		return parts[1]
	}
	return "a:0"
}

// checkSound decodes an audio rendition and compares it with the source; offset is how much later the pictures are
// than the source's.
func (c *checker) checkSound(ctx context.Context, r *rendition, offset int64) {
	runs := r.runs()
	var all []*segment
	var truth []float32
	if c.source != nil {
		var err error
		if truth, err = c.truth(ctx, r.index()); err != nil {
			c.report.note("%s: the source's sound cannot be decoded: %v", r.name, err)
			truth = nil
		}
	}
	for _, run := range runs {
		all = append(all, run...)
		first := micro(run[0].pts()[0], r.track.timescale)
		samples, complaints, err := c.sound(ctx, r.join(run), first)
		c.complain(r, run[0].n, "in order", complaints, err)
		c.checkHoles(r, run)
		length := micro(int64(run[len(run)-1].end), r.track.timescale) - first
		got := int64(len(samples)) * 1_000_000 / soundRate
		if !c.spoiled(r) && (got < length-longestHole || got > length+longestHole) {
			c.report.find("decode", r.name, run[0].n, "%d us of sound in segments of %d us", got, length)
		}
		if truth != nil && !c.o.Damaged {
			c.compareSound(r, samples, first, truth, offset, len(run) == len(r.segments))
		}
	}
	for _, i := range c.random.Perm(len(all))[:min(alone, len(all))] {
		_, complaints, err := c.sound(ctx, r.join(all[i:i+1]), micro(all[i].pts()[0], r.track.timescale))
		c.complain(r, all[i].n, "alone", complaints, err)
	}
	if r.original && c.source != nil && len(runs) == 1 {
		c.comparePackets(ctx, r, runs[0])
	}
}

// longestHole is the longest hole in sound that is let pass, in microseconds: players do not all keep still for the
// time of a packet that lasts longer than what it holds.
const longestHole = 60_000

// checkHoles finds packets that last much longer than the others. The last one may, and may be shorter than all.
func (c *checker) checkHoles(r *rendition, run []*segment) {
	usual := int64(1 << 62)
	for i, s := range run {
		samples := s.samples
		if i == len(run)-1 && len(samples) > 1 {
			samples = samples[:len(samples)-1]
		}
		for _, sample := range samples {
			if sample.Dur > 0 {
				usual = min(usual, int64(sample.Dur))
			}
		}
	}
	for _, s := range run {
		for i, sample := range s.samples {
			own := usual
			if n, err := codec.ParseFLACFrame(sample.Data); err == nil && r.track.codec == "fLaC" {
				own = max(own, int64(n)) // frames of silence are shorter; its timescale is its rate
			}
			hole := micro(int64(sample.Dur)-own, r.track.timescale)
			if last := s == run[len(run)-1] && i == len(s.samples)-1; hole > longestHole && !last {
				c.report.find("abut", r.name, s.n, "packet %d is followed by a hole of %d us", i, hole)
			}
		}
	}
}

// comparePackets holds passthrough to its promise: the source's very own packets, in order, each at its time. Packets
// of silence may stand where the source has no sound.
func (c *checker) comparePackets(ctx context.Context, r *rendition, run []*segment) {
	filter := ""
	if strings.HasPrefix(r.track.codec, "mp4a.40") {
		filter = "aac_adtstoasc" // frames in a transport stream have headers that others have not
	}
	src, err := c.packets(ctx, c.source.path, r.index(), filter)
	if err != nil {
		c.report.note("%s: the source's packets cannot be read: %v", r.name, err)
		return
	}
	c.source.fromStart(src)
	var ours []picture
	for _, s := range run {
		for i, pts := range s.pts() {
			ours = append(ours, picture{micro(pts, r.track.timescale), sum(s.samples[i].Data)})
		}
	}
	half := int64(10_667) // of an AAC frame at 48 kHz
	// The same packet of silence may stand in many places: only one that is about where ours is can be ours.
	for len(src) > 0 && src[0].us < 0 &&
		(len(ours) == 0 || src[0].md5 != ours[0].md5 || src[0].us < ours[0].us-2*half) {
		src = src[1:] // priming, and what an edit list cuts off
	}
	quiet := sum(r.silence(run))
	const cut = 3 // packets that an end may lack: those that an edit list cuts, and the last one's overlap
	if len(src) <= 2*cut {
		return
	}
	wrong, where := len(src), 0
	for skip := range cut {
		if n, first := strangers(src[skip:len(src)-cut], ours, quiet, 2*half); n < wrong {
			wrong, where = n, skip+first
		}
	}
	if beyond := int64(c.source.duration * 1e6); wrong > 0 && src[where].us < beyond-3*half {
		c.report.find("identity", r.name, -1, "%d of %d packets are not the source's, first that at %d us",
			wrong, len(src), src[where].us)
	}
}

// silence is the packet of Opus or FLAC that may be put in where the source has no sound, as long as the others; nil
// for other codecs.
func (r *rendition) silence(run []*segment) []byte {
	usual := uint32(0)
	for _, s := range run {
		for _, sample := range s.samples {
			usual = max(usual, sample.Dur)
		}
	}
	box := func(name string) []byte {
		_, after, _ := bytes.Cut(r.initData, []byte(name))
		return after
	}
	if f, err := codec.ParseFLAC(box("dfLa")); err == nil {
		return f.Silence(min(f.MaxBlock, 1024))
	}
	if o, err := codec.ParseDOps(box("dOps")); err == nil {
		return o.Silence(int(micro(int64(usual), r.track.timescale) * codec.OpusRate / 1_000_000))
	}
	return nil
}

// silences are the packets of silence that may be put in where the source has none.
var silences = func() map[string]bool {
	all := map[string]bool{}
	for channels := range 6 {
		all[sum(fmp4.SilentAAC(channels+1))] = true
	}
	for configuration := range 16 {
		all[sum(codec.AACSilence(configuration))] = true
	}
	return all
}()

// strangers counts the source's packets that are not found in ours, in order and within so many microseconds of their
// times; packets of silence of ours, quiet being one more kind, are passed over where the source has others. First is
// the first one of them.
func strangers(src, ours []picture, quiet string, within int64) (n, first int) {
	j := 0
	for i, want := range src {
		for j < len(ours) && ours[j].md5 != want.md5 && (ours[j].md5 == quiet || silences[ours[j].md5]) {
			j++
		}
		late := int64(0)
		if j < len(ours) {
			late = ours[j].us - want.us
		}
		if j >= len(ours) || ours[j].md5 != want.md5 || late > within || late < -within {
			if n == 0 {
				first = i
			}
			n++
		}
		j++
	}
	return n, first
}

// compareSound finds where in the rendition the source's sound is, at the start, in the middle and at the end.
func (c *checker) compareSound(
	r *rendition, samples []float32, first int64, truth []float32, offset int64, whole bool,
) {
	start := int(first * soundRate / 1_000_000) // the place of samples[0] on the rendition's timeline
	if whole {
		ours := float64(start+len(samples)) / soundRate
		theirs := float64(len(truth)) / soundRate
		longest := max(theirs, float64(r.playlist.duration())/1e6)
		if ours < theirs-0.1 || ours > longest+0.1 {
			c.report.find("duration", r.name, -1, "sound ends at %.3f s, the source's at %.3f s", ours, theirs)
		}
	}
	window := min(2*soundRate, len(truth)/2, len(samples)/2)
	if window < soundRate/10 {
		return
	}
	span := min(len(truth), start+len(samples)) - window
	for _, at := range []int{max(0, start), max(0, (start+span)/2), span} {
		if at < start || at+window > len(truth) || level(truth[at:at+window]) < 0.003 {
			continue
		}
		lag, best, near := alignment(truth[at:at+window], samples, at-start, int(offset*soundRate/1_000_000))
		where := float64(at) / soundRate
		switch {
		case best < 0.5:
			c.report.find("av", r.name, -1, "at %.2f s the sound is not the source's (likeness %.2f)", where, best)
		case near < 0.93*best:
			c.report.find("av", r.name, -1, "at %.2f s the sound is %+.1f ms from the source's, the pictures %+.1f ms",
				where, float64(lag)*1000/soundRate, float64(offset)/1000)
		}
	}
}

// alignment slides a piece of the source's sound along a rendition's samples around the place where it should be, up
// to half a second to either side. It gives the best lag in samples, how alike the two are there (1 is the same), and
// how alike at best within 20 ms of the lag wanted: a steady tone is alike at many lags, and then none is wrong.
func alignment(piece, samples []float32, place, wanted int) (lag int, best, near float64) {
	const reach, step = soundRate / 2, 2
	allowed := apart * soundRate / 1_000_000
	for l := -reach; l <= reach; l += step {
		at := place + l
		if at < 0 || at+len(piece) > len(samples) {
			// A little is missing at the very start or end: compare what there is.
			if at < -allowed*2 || at+len(piece) > len(samples)+allowed*4 {
				continue
			}
		}
		like := correlation(piece, samples, at)
		if like > best {
			lag, best = l, like
		}
		if l >= wanted-allowed && l <= wanted+allowed {
			near = max(near, like)
		}
	}
	return lag, best, near
}

// correlation is the normalised correlation of a piece with the samples from at on, where both exist. Every second
// sample will do.
func correlation(piece, samples []float32, at int) float64 {
	var xy, xx, yy float64
	from, to := max(0, -at), min(len(piece), len(samples)-at)
	for i := from; i < to; i += 2 {
		x, y := float64(piece[i]), float64(samples[at+i])
		xy += x * y
		xx += x * x
		yy += y * y
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

// level is the root mean square of some sound.
func level(samples []float32) float64 {
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(max(1, len(samples))))
}

// checkPattern finds the flashes and beeps of a pattern clip, in the source and in the presentation, and holds each
// flash's distance to its beep against the source's.
func (c *checker) checkPattern(ctx context.Context, renditions []*rendition) {
	var video, audio *rendition
	for _, r := range renditions {
		runs := r.runs()
		if r.track == nil || len(runs) != 1 || len(runs[0]) != len(r.segments) {
			continue
		}
		if r.kind == "video" && video == nil {
			video = r
		}
		if r.kind == "audio" && audio == nil {
			audio = r
		}
	}
	if video == nil || audio == nil || c.source.video == nil {
		return
	}
	ours, err := c.flashes(ctx, "", video.join(video.segments), video.times(video.segments))
	theirs, err2 := c.flashes(ctx, c.source.path, nil, timesOf(c.source.pictures))
	if err != nil || err2 != nil {
		c.report.find("av", video.name, -1, "flashes cannot be found: %v %v", err, err2)
		return
	}
	if len(ours) > 0 && len(theirs) > 0 && ours[0] == 0 {
		ours, theirs = ours[1:], theirs[1:] // the first picture may be shown from 0 on, see compareTimes
	}
	first := micro(audio.segments[0].pts()[0], audio.track.timescale)
	samples, _, err := c.sound(ctx, audio.join(audio.segments), first)
	truth, err2 := c.truth(ctx, audio.index())
	if err != nil || err2 != nil {
		c.report.find("av", audio.name, -1, "beeps cannot be found: %v %v", err, err2)
		return
	}
	oursApart := distances(ours, beeps(samples, first))
	theirsApart := distances(theirs, beeps(truth, 0))
	if len(oursApart) != len(theirsApart) || len(oursApart) == 0 {
		c.report.find("av", video.name, -1, "%d flashes with a beep, the source has %d",
			len(oursApart), len(theirsApart))
		return
	}
	for i := range oursApart {
		if off := oursApart[i] - theirsApart[i]; off > apart || off < -apart {
			c.report.find("av", video.name, -1, "flash %d: its beep is %+d us from where the source has it", i, off)
		}
	}
}

func timesOf(pictures []picture) []int64 {
	all := make([]int64, len(pictures))
	for i, p := range pictures {
		all[i] = p.us
	}
	return all
}

// flashes are the times at which the picture turns bright, in microseconds.
func (c *checker) flashes(ctx context.Context, file string, stdin []byte, times []int64) ([]int64, error) {
	bright, err := c.luma(ctx, file, stdin)
	if err != nil {
		return nil, err
	}
	if len(bright) != len(times) {
		return nil, fmt.Errorf("%d pictures for %d times", len(bright), len(times))
	}
	var all []int64
	dark := true
	for i, b := range bright {
		if b > 128 && dark {
			all = append(all, times[i])
		}
		dark = b <= 128
	}
	return all, nil
}

// beeps are the times at which sound sets in after quiet, in microseconds; first is the time of the first sample.
func beeps(samples []float32, first int64) []int64 {
	const quietFor = soundRate / 5
	var all []int64
	quiet := quietFor
	for i, s := range samples {
		if s > 0.05 || s < -0.05 {
			if quiet >= quietFor {
				all = append(all, first+int64(i)*1_000_000/soundRate)
			}
			quiet = 0
			continue
		}
		quiet++
	}
	return all
}

// distances is how much later each flash's nearest beep is, for those flashes that have one within half a second.
func distances(flashes, beeps []int64) []int64 {
	var all []int64
	for _, f := range flashes {
		nearest := int64(math.MaxInt64)
		for _, b := range beeps {
			if d := b - f; max(d, -d) < max(nearest, -nearest) {
				nearest = d
			}
		}
		if nearest < 500_000 && nearest > -500_000 {
			all = append(all, nearest)
		}
	}
	return all
}
