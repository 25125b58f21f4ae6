package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options says what is known of the item and how far to go.
type Options struct {
	Source string // the source file; "": nothing is compared with it
	// Passthrough says what is expected of the first variant: "yes", "no", or "" for either.
	Passthrough string
	// Pattern says that the source is a flash-and-beep clip, so that flashes and beeps are found one by one.
	Pattern bool
	// Damaged says that the source is broken on purpose: what can be had of it is compared, its length is not.
	Damaged bool
	// Untimed says that the source's container has no presentation times: what ffmpeg reckons may be a frame off,
	// according to where it begins to read.
	Untimed bool
	// Resized says that the source's pictures change their size, so that they cannot be compared pixel by pixel.
	Resized bool
	// Shuffled has every viewer ask in a random order, so that each segment is made after a seek.
	Shuffled bool
	// BoxesOnly leaves out all that needs decoding.
	BoxesOnly bool
	Viewers   int           // viewers at once, each in an order of its own; 0 means 2
	Whole     time.Duration // a transcode longer than this is checked in samples; 0 means 90 s
	Seed      uint64        // of the random orders
	FFmpeg    string        // "": ffmpeg on the PATH
	FFprobe   string        // "": ffprobe on the PATH
}

// checker is one check.
type checker struct {
	o      Options
	client *http.Client
	report *Report
	random *rand.Rand
	source *source
}

// rendition is one media playlist and what it names.
type rendition struct {
	name      string // "v/720p", "a/1/aac"
	kind      string // "video" or "audio"
	original  bool   // passthrough, by its name
	url       *url.URL
	codecs    string // of the variant
	size      string // RESOLUTION
	bandwidth int64  // of the variant
	playlist  *mediaPlaylist
	initData  []byte
	track     *track
	segments  []*segment // nil: not fetched
}

// Check checks the item behind a multivariant playlist. The item should be fresh: the first segment asked for is one
// in the middle, as after a seek before anything else.
func Check(ctx context.Context, multivariantURL string, o Options) *Report {
	if o.Viewers == 0 {
		o.Viewers = 2
	}
	if o.Whole == 0 {
		o.Whole = 90 * time.Second
	}
	if o.FFmpeg == "" {
		o.FFmpeg = "ffmpeg"
	}
	if o.FFprobe == "" {
		o.FFprobe = "ffprobe"
	}
	transport := &http.Transport{MaxConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	c := &checker{
		o: o, report: &Report{}, client: &http.Client{Transport: transport},
		random: rand.New(rand.NewPCG(o.Seed, 1)),
	}
	renditions := c.open(ctx, multivariantURL)
	if len(renditions) == 0 {
		return c.report
	}
	c.cold(ctx, renditions)
	c.watch(ctx, renditions)
	for _, r := range renditions {
		if r.track == nil {
			continue
		}
		c.checkTimeline(r)
	}
	c.checkBandwidth(renditions)
	if !o.BoxesOnly {
		c.checkContent(ctx, renditions)
	}
	return c.report
}

// open fetches the playlists and gives the renditions they name, those of pictures first.
func (c *checker) open(ctx context.Context, multivariantURL string) []*rendition {
	base, err := url.Parse(multivariantURL)
	if err != nil {
		c.report.find("fetch", "", -1, "multivariant playlist: %v", err)
		return nil
	}
	b, err := c.get(ctx, multivariantURL)
	if err != nil {
		c.report.find("fetch", "", -1, "multivariant playlist: %v", err)
		return nil
	}
	c.checkHeader("multivariant.m3u8", -1, b, "application/vnd.apple.mpegurl", false)
	p, wrong := parseMultivariant(b.data)
	for _, w := range wrong {
		c.report.find("grammar", "multivariant.m3u8", -1, "%s", w)
	}
	var all []*rendition
	taken := map[string]bool{}
	add := func(r *rendition, uri, kind string) {
		ref, err := url.Parse(uri)
		if err != nil {
			c.report.find("grammar", "multivariant.m3u8", -1, "URI %q: %v", uri, err)
			return
		}
		r.url = base.ResolveReference(ref)
		if taken[r.url.String()] {
			return
		}
		taken[r.url.String()] = true
		r.kind, r.name = kind, nameOf(base, r.url)
		r.original = strings.Contains("/"+r.name+"/", "/original/")
		if c.openRendition(ctx, r, p.independent) {
			all = append(all, r)
		}
	}
	for _, v := range p.variants {
		kind := "video"
		if v.attributes["RESOLUTION"].text == "" {
			kind = "audio"
		}
		bandwidth, _ := strconv.ParseInt(v.attributes["BANDWIDTH"].text, 10, 64)
		add(&rendition{
			codecs: v.attributes["CODECS"].text, size: v.attributes["RESOLUTION"].text, bandwidth: bandwidth,
		}, v.uri, kind)
	}
	for _, r := range all {
		c.report.Variants = append(c.report.Variants, r.name)
	}
	for _, m := range p.media {
		if uri := m["URI"].text; uri != "" && m["TYPE"].text == "AUDIO" {
			add(&rendition{}, uri, "audio")
		}
	}
	if len(all) > 0 {
		c.report.Duration = time.Duration(all[0].playlist.duration()) * time.Microsecond
		if want := c.o.Passthrough; want != "" && all[0].original != (want == "yes") {
			c.report.find("delivery", all[0].name, -1, "passthrough expected: %s", want)
		}
	}
	return all
}

// nameOf is a playlist's URL without what all have in common, the file and the plan: "v/720p".
func nameOf(base, u *url.URL) string {
	dir := base.Path[:strings.LastIndexByte(base.Path, '/')+1]
	name, _ := strings.CutPrefix(u.Path, dir)
	parts := strings.Split(name, "/")
	return strings.Join(parts[:max(1, len(parts)-2)], "/")
}

// openRendition fetches a media playlist.
func (c *checker) openRendition(ctx context.Context, r *rendition, independent bool) bool {
	b, err := c.get(ctx, r.url.String())
	if err != nil {
		c.report.find("fetch", r.name, -1, "media playlist: %v", err)
		return false
	}
	c.checkHeader(r.name+"/media.m3u8", -1, b, "application/vnd.apple.mpegurl", false)
	if len(b.data) > 4096 && !b.packed {
		c.report.find("http", r.name, -1, "%d bytes of playlist came unpacked to a client that takes gzip", len(b.data))
	}
	p, wrong := parseMedia(b.data)
	for _, w := range wrong {
		c.report.find("grammar", r.name, -1, "%s", w)
	}
	if !independent && !p.independent && r.kind == "video" {
		c.report.find("grammar", r.name, -1, "no EXT-X-INDEPENDENT-SEGMENTS here or in the multivariant playlist")
	}
	r.playlist, r.segments = p, make([]*segment, len(p.uris))
	return len(p.uris) > 0 && p.mapURI != ""
}

// checkHeader looks at an answer's headers.
func (c *checker) checkHeader(where string, segment int, b *body, contentType string, immutable bool) {
	if got := b.header.Get("Content-Type"); got != contentType {
		c.report.find("http", where, segment, "Content-Type %q, not %q", got, contentType)
	}
	policy := b.header.Get("Cache-Control")
	if strings.Contains(policy, "immutable") != immutable {
		c.report.find("http", where, segment, "Cache-Control %q", policy)
	}
	if immutable && b.header.Get("ETag") == "" {
		c.report.find("http", where, segment, "no ETag")
	}
	if b.retries > playerRetries {
		c.report.find("fetch", where, segment, "came at the %dth time of asking, a player gives up before", b.retries+1)
	}
}

// cold asks for a segment in the middle before any other.
func (c *checker) cold(ctx context.Context, renditions []*rendition) {
	r := renditions[0]
	n := len(r.segments) / 2
	started := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { c.fetchInit(ctx, r) })
	wg.Go(func() { c.fetchSegment(ctx, r, n) })
	wg.Wait()
	c.report.Cold = time.Since(started)
}

// fetchInit gets and reads a rendition's init segment.
func (c *checker) fetchInit(ctx context.Context, r *rendition) {
	ref, err := url.Parse(r.playlist.mapURI)
	if err != nil {
		c.report.find("grammar", r.name, -1, "EXT-X-MAP: %v", err)
		return
	}
	b, err := c.get(ctx, r.url.ResolveReference(ref).String())
	if err != nil {
		c.report.find("fetch", r.name, -1, "init segment: %v", err)
		return
	}
	c.checkHeader(r.name+"/init", -1, b, r.kind+"/mp4", true)
	t, wrong, err := parseInit(b.data)
	for _, w := range wrong {
		c.report.find("boxes", r.name, -1, "init segment: %s", w)
	}
	if err != nil {
		c.report.find("boxes", r.name, -1, "init segment: %v", err)
		return
	}
	if t.kind != r.kind {
		c.report.find("boxes", r.name, -1, "a %s track in a %s rendition", t.kind, r.kind)
	}
	if r.codecs != "" && !slices.ContainsFunc(strings.Split(r.codecs, ","), func(s string) bool {
		return strings.EqualFold(s, t.codec) || t.nalSize == 0 && strings.HasPrefix(s, t.codec) || t.hevc
	}) {
		c.report.find("codecs", r.name, -1, "CODECS says %q, the init segment %q", r.codecs, t.codec)
	}
	r.initData, r.track = b.data, t
}

// fetchSegment gets a segment; bytes that differ from those had before are a finding.
func (c *checker) fetchSegment(ctx context.Context, r *rendition, n int) {
	ref, err := url.Parse(r.playlist.uris[n])
	if err != nil {
		c.report.find("grammar", r.name, n, "URI: %v", err)
		return
	}
	b, err := c.get(ctx, r.url.ResolveReference(ref).String())
	if err != nil {
		c.report.find("fetch", r.name, n, "%v", err)
		return
	}
	c.checkHeader(r.name, n, b, r.kind+"/mp4", true)
	c.report.mu.Lock()
	before := r.segments[n]
	if before == nil {
		r.segments[n] = &segment{n: n, data: b.data}
	}
	c.report.mu.Unlock()
	if before != nil && !bytes.Equal(before.data, b.data) {
		c.report.find("same", r.name, n, "%d bytes now, %d before, or others", len(b.data), len(before.data))
	}
}

// watch is the viewers: the first asks for everything in order, the others in orders of their own, all at once.
func (c *checker) watch(ctx context.Context, renditions []*rendition) {
	var wg sync.WaitGroup
	for viewer := range c.o.Viewers {
		orders := make([][]int, 0, len(renditions))
		for _, r := range renditions {
			order := c.wanted(r)
			if viewer > 0 || c.o.Shuffled {
				c.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			orders = append(orders, order)
		}
		wg.Go(func() {
			for i, r := range renditions {
				if viewer == 0 && r.track == nil {
					c.fetchInit(ctx, r)
				}
				for _, n := range orders[i] {
					if ctx.Err() != nil {
						return
					}
					c.fetchSegment(ctx, r, n)
				}
			}
		})
	}
	wg.Wait()
	for _, r := range renditions {
		c.parse(ctx, r)
	}
}

// wanted are the segments to look at: all, or of a long transcode some at the start, at the end and between.
func (c *checker) wanted(r *rendition) []int {
	n := len(r.segments)
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	const run, runs = 3, 3
	long := time.Duration(r.playlist.duration()) * time.Microsecond
	if r.original && n <= 1000 || long <= c.o.Whole || n <= run*(runs+2) {
		return all
	}
	some := slices.Concat(all[:run], all[n-run:])
	for i := range runs { // the same for every viewer
		at := run + (n-3*run)*(i+1)/(runs+1)
		some = append(some, all[at:at+run]...)
	}
	slices.Sort(some)
	return slices.Compact(some)
}

// parse takes the fetched segments apart, and asks for one that cannot be.
func (c *checker) parse(ctx context.Context, r *rendition) {
	if r.track == nil {
		return
	}
	for n, s := range r.segments {
		if s == nil {
			continue
		}
		parsed, wrong, err := parseSegment(n, r.initData, s.data, r.track)
		for _, w := range wrong {
			c.report.find("boxes", r.name, n, "%s", w)
		}
		if err != nil {
			c.report.find("boxes", r.name, n, "%v", err)
		}
		r.segments[n] = parsed
	}
	c.checkBeyond(ctx, r)
}

// checkBeyond asks for a segment past the last one: there can never be one, so that is a 404.
func (c *checker) checkBeyond(ctx context.Context, r *rendition) {
	n := len(r.playlist.uris)
	last := r.playlist.uris[n-1]
	beyond := strings.Replace(last, strconv.Itoa(n-1)+".m4s", strconv.Itoa(n)+".m4s", 1)
	ref, err := url.Parse(beyond)
	if err != nil || beyond == last {
		return
	}
	_, err = c.getOnce(ctx, r.url.ResolveReference(ref).String())
	var status *statusError
	if !errors.As(err, &status) || status.status != http.StatusNotFound {
		c.report.find("http", r.name, -1, "a segment past the last one gives %v, not 404", err)
	}
}

// checkBandwidth holds each variant's BANDWIDTH against what its segments need together with the hungriest audio
// (RFC 8216 §4.3.4.2).
func (c *checker) checkBandwidth(renditions []*rendition) {
	var audio int64
	for _, r := range renditions {
		if r.bandwidth == 0 {
			audio = max(audio, r.peak())
		}
	}
	for _, r := range renditions {
		if need := r.peak() + audio; r.bandwidth > 0 && need > r.bandwidth {
			c.report.find("bandwidth", r.name, -1, "BANDWIDTH is %d, segments and their audio need %d",
				r.bandwidth, need)
		}
	}
}

// peak is the rendition's peak segment bit rate: the largest of any neighbouring segments that together last between
// a half and one and a half times the target duration (RFC 8216 §4.1).
func (r *rendition) peak() (bitsPerSecond int64) {
	for from := range r.segments {
		size := 0
		for n := from; n < len(r.segments) && r.segments[n] != nil; n++ {
			size += len(r.segments[n].data)
			length := r.playlist.starts[n+1] - r.playlist.starts[from]
			if length > r.playlist.target*1_500_000 {
				break
			}
			if length > 0 && length >= r.playlist.target*500_000 {
				bitsPerSecond = max(bitsPerSecond, int64(size)*8*1_000_000/length)
			}
		}
	}
	return bitsPerSecond
}

// runs are the stretches of neighbouring segments that were fetched.
func (r *rendition) runs() [][]*segment {
	var all [][]*segment
	for i, s := range r.segments {
		switch {
		case s == nil:
		case i > 0 && r.segments[i-1] != nil:
			all[len(all)-1] = append(all[len(all)-1], s)
		default:
			all = append(all, []*segment{s})
		}
	}
	return all
}

// join is an init segment with some segments after it: a file that plays.
func (r *rendition) join(segments []*segment) []byte {
	parts := make([][]byte, 0, 1+len(segments))
	parts = append(parts, r.initData)
	for _, s := range segments {
		parts = append(parts, s.data)
	}
	return bytes.Join(parts, nil)
}

// String names a rendition and its length, for notes.
func (r *rendition) String() string { return fmt.Sprintf("%s (%d segments)", r.name, len(r.segments)) }
