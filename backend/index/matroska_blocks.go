package index

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Bounds of one walk over blocks.
const (
	maxWalkElements  = 1 << 18
	maxWalkBytes     = 4 << 20  // of text
	maxTextBlock     = 1 << 18  // unpacked
	maxImageBytes    = 32 << 20 // of subtitles that are images
	maxImageBlock    = 8 << 20  // unpacked
	interleave       = 5_000_000_000
	maxRelative      = math.MaxInt16 + 1 // ticks that a block may be from its cluster
	maxBlockChildren = 32
)

// Block is one block of a text track: what is shown, from PTS on for Duration.
type Block struct {
	Track    *Track
	PTS      media.Ticks // on the presentation timeline, in the track's timescale
	Duration media.Ticks // 0 when the file does not say
	Data     []byte      // unpacked
}

// TextBlocks gives the blocks of those text tracks of a Matroska source that are wanted, shown from a time in
// [from, to) on, in the order of the file. Times are ticks of the tracks' common timescale. It begins at the cluster
// that the Cues name and reads the heads of blocks, never their pictures and sound. It is safe for use by several
// goroutines.
//
// Errors: fault.Unsupported when there is more text than a video has; the reader's own and the context's, wrapped.
func (x *Index) TextBlocks(
	ctx context.Context, from, to media.Ticks, wanted func(*Track) bool, give func(Block),
) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v", p), fault.Damaged, sentenceDamaged)
		}
	}()
	if x.mkv == nil || len(x.mkv.tracks) == 0 || x.mkv.cluster == 0 {
		return nil
	}
	walk := *x.mkv // a window of its own
	walk.w = newWindow(walk.src, hopBytes)
	if err := walk.textBlocks(ctx, from, to, wanted, give); err != nil {
		return fmt.Errorf("read text of Matroska: %w", err)
	}
	return nil
}

// clusterAt is a cluster that the Cues name: it holds a block of this time.
type clusterAt struct{ time, off int64 }

// longText is a text that the Cues say is shown from one time to another, in ticks of the file.
type longText struct{ from, to int64 }

// What is kept of long texts.
const (
	longTextLeast = 45_000_000_000 // nanoseconds
	maxLongTexts  = 1 << 12
	maxLongGiven  = 16
)

// LongTexts gives the times, in Ticks, from which texts of any track of a Matroska source are shown that go on at a
// time: only those of more than 45 s, and as far as the Cues name them, the latest sixteen. It tells how far TextBlocks
// has to look back for what is still shown.
func (x *Index) LongTexts(at media.Ticks) (from []media.Ticks) {
	if x.mkv == nil {
		return nil
	}
	for _, t := range slices.Backward(x.mkv.long) {
		f, to := x.mkv.toTicks(t.from), x.mkv.toTicks(t.to)
		if f < at && to > at && len(from) < maxLongGiven {
			from = append(from, f)
		}
	}
	return from
}

// settlePlaces keeps where clusters are, when there is text to be found in them.
func (s *segment) settlePlaces() {
	if !slices.ContainsFunc(s.order, func(t *mkvTrack) bool { return t.out.Kind == media.Text }) {
		return
	}
	s.places = make([]clusterAt, 0, len(s.cued))
	for _, c := range s.cued {
		s.places = append(s.places, clusterAt{c.time, c.cluster})
		t := s.tracks[c.track]
		if t != nil && t.out.Kind == media.Text && c.duration > longTextLeast/s.scale && len(s.long) < maxLongTexts &&
			c.duration < maxTicks && c.time < maxTicks {
			s.long = append(s.long, longText{c.time, c.time + c.duration})
		}
	}
	slices.SortFunc(s.long, func(a, b longText) int { return cmp.Compare(a.from, b.from) })
	slices.SortFunc(s.places, func(a, b clusterAt) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.off, b.off))
	})
	s.places = slices.Compact(s.places)
}

// keep lets the index hold on to what finding blocks needs, and to no more.
func (s *segment) keep() {
	if !slices.ContainsFunc(s.order, func(t *mkvTrack) bool { return t.out.Kind == media.Text }) {
		return
	}
	for _, t := range s.order { // both hold the whole of Tracks
		t.private, t.videoColour = nil, nil
	}
	kept := *s
	kept.x, kept.w, kept.cued = nil, nil, nil
	s.x.mkv = &kept
}

func (s *segment) textBlocks(
	ctx context.Context, from, to media.Ticks, wanted func(*Track) bool, give func(Block),
) error {
	slack := interleave / s.scale // text may lie in the file a little before or after its time
	first, last := from/s.ticks-slack, to/s.ticks+slack
	off := s.cluster
	if i := sort.Search(len(s.places), func(i int) bool { return s.places[i].time > first }); i > 0 {
		off = s.places[i-1].off
	}
	cluster := element{}
	at := int64(-1) // timestamp of the current cluster
	total := 0
	for n := 0; off < s.seg.end; n++ {
		if n >= maxWalkElements {
			return nil
		}
		if n&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, ok, err := elementAt(s.w, off, s.seg.end)
		if err != nil {
			return err
		}
		if !ok || e.cut && e.id != idCluster {
			return nil
		}
		off = e.end
		switch e.id {
		case idCluster: // its children are walked as part of the same list
			cluster, at, off = e, -1, e.body
		case 0xE7: // Timestamp
			p, err := s.w.at(e.body, int(min(e.size(), 8)))
			if err != nil {
				return err
			}
			if at = uintOf(p); at > last {
				return nil
			}
			if at+maxRelative < first && !cluster.unknown && cluster.end > off {
				off = cluster.end
			}
		case 0xA3, 0xA0: // SimpleBlock, BlockGroup
			t, rel, duration, err := s.block(e, at)
			if err != nil {
				return err
			}
			if t == nil || t.out.Kind != media.Text || t.packing.unknown || t.out.Encrypted || !wanted(t.out) {
				continue
			}
			pts := s.toTicks(rel)
			if pts < from || pts >= to {
				continue
			}
			data, err := s.payload(t, e)
			if err != nil || data == nil {
				continue // one text that cannot be read leaves the others
			}
			most := maxWalkBytes
			if images[t.out.Codec] {
				most = maxImageBytes
			}
			if total += len(data); total > most {
				return tooLarge("more than %d bytes of text", most)
			}
			give(Block{Track: t.out, PTS: pts, Duration: s.toTicks(duration), Data: data})
		}
	}
	return nil
}

// payload reads a block's frame. Laced blocks, which text is never put in, give none.
func (s *segment) payload(t *mkvTrack, e element) ([]byte, error) {
	if e.id == 0xA0 { // BlockGroup
		for off, n := e.body, 0; off < e.end && n < maxBlockChildren; n++ {
			c, ok, err := elementAt(s.w, off, e.end)
			if err != nil || !ok {
				return nil, err
			}
			if c.id == 0xA1 {
				return s.payload(t, c)
			}
			off = c.end
		}
		return nil, nil
	}
	most := int64(maxTextBlock)
	if images[t.out.Codec] {
		most = maxImageBlock
	}
	p, err := s.w.load(e.body, e.size(), most)
	if err != nil {
		return nil, err
	}
	_, n := vint(p)
	const after = 3 // relative time, flags
	if n == 0 || len(p) < n+after || p[n+2]&0x06 != 0 {
		return nil, nil
	}
	return t.packing.unpack(p[n+after:], most)
}

// images are the codecs of subtitles that are pictures, whose blocks are larger than text.
var images = map[media.Codec]bool{"hdmv_pgs_subtitle": true, "dvd_subtitle": true, "dvb_subtitle": true}

// packing is how the frames of a track are packed (RFC 9559 5.1.4.1.31.6).
type packing struct {
	zlib    bool
	strip   []byte // what every frame begins with, left out of the file
	unknown bool   // in a way that is not read here
}

// read reads ContentCompression.
func (c *packing) read(p []byte) {
	algorithm := int64(0)
	eachElement(p, func(id uint32, v []byte) {
		switch id {
		case 0x4254:
			algorithm = uintOf(v)
		case 0x4255:
			c.unknown = len(v) > maxTextBytes
			c.strip = append([]byte(nil), v[:min(len(v), maxTextBytes)]...)
		}
	})
	switch algorithm {
	case 0:
		c.zlib, c.strip = true, nil
	case 3:
	default:
		c.unknown = true
	}
}

var errPacked = errors.New("unpacks to more than a text is")

// unpack gives a frame as it was, of no more than most bytes.
func (c *packing) unpack(p []byte, most int64) ([]byte, error) {
	if !c.zlib {
		return append(bytes.Clone(c.strip), p...), nil
	}
	z, err := zlib.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, sentenceDamaged)
	}
	out, err := io.ReadAll(io.LimitReader(z, most+1))
	if err == nil && int64(len(out)) > most {
		err = errPacked
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, sentenceDamaged)
	}
	return out, nil
}
