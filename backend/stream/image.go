package stream

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// Of subtitles that are images.
const (
	imageTime      = 8 * time.Second // what one segment may take to make
	imageLookAhead = 1               // segments behind the asked one in which the end of what is shown is looked for
	maxImageBytes  = 16 << 20        // of packets that are read at once, where samples are indexed
)

// packetsFunc reads the packets of one track of images that are shown from a time in [from, to) of the presentation on.
type packetsFunc func(ctx context.Context, from, to time.Duration) ([]subtitle.Packet, error)

// drawFunc draws what packets of one codec show at some time in [from, to). private is CodecPrivate of the track.
type drawFunc func(t *media.Track, private []byte, packets []subtitle.Packet, from, to time.Duration) []subtitle.Screen

// imageCodecs are the codecs whose packets are images, by the way to draw them.
var imageCodecs = map[media.Codec]drawFunc{
	"hdmv_pgs_subtitle": func(
		_ *media.Track, _ []byte, packets []subtitle.Packet, from, to time.Duration,
	) []subtitle.Screen {
		return subtitle.DrawPGS(packets, from, to)
	},
	"dvd_subtitle": func(
		t *media.Track, private []byte, packets []subtitle.Packet, from, to time.Duration,
	) []subtitle.Screen {
		return subtitle.DrawVobSub(private, t.Video.Width, t.Video.Height, packets, from, to)
	},
	"dvb_subtitle": func(
		_ *media.Track, private []byte, packets []subtitle.Packet, from, to time.Duration,
	) []subtitle.Screen {
		return subtitle.DrawDVB(private, packets, from, to)
	},
}

// layImages adds an indexed track of images.
func (t *title) layImages(x *index.Track) {
	r := &imageReel{track: &x.Track, private: x.CodecPrivate}
	switch {
	case t.src.Container.IsISO():
		r.read = t.samplePackets(x)
	case t.src.Container.IsEBML():
		r.read = t.blockPackets(x)
	default:
		return
	}
	t.addImages(r)
}

func (t *title) addImages(r *imageReel) {
	r.turn = make(chan struct{}, 1)
	t.texts.tracks = append(t.texts.tracks, textTrack{
		Track: *r.track, drawing: media.DrawnAsImage, screens: r.screens,
	})
}

// imageReel reads one track of images as it is asked for, in cells of the length of a segment. It remembers those that
// the last segment needed: the next one needs most of them too.
type imageReel struct {
	track   *media.Track
	private []byte
	read    packetsFunc

	turn  chan struct{} // holds a value while somebody uses what follows
	cells map[int][]subtitle.Packet
}

// screens gives what is shown at some time in [from, to).
func (r *imageReel) screens(ctx context.Context, from, to time.Duration) ([]subtitle.Screen, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	first, last := int(from/textSegment)-textLookBack, int((to-1)/textSegment)+imageLookAhead
	first = max(first, -1) // what begins before the presentation is all in cell -1
	if err := r.load(ctx, first, last); err != nil {
		return nil, err
	}
	var packets []subtitle.Packet
	for n := first; n <= last; n++ {
		packets = append(packets, r.cells[n]...)
	}
	return imageCodecs[r.track.Codec](r.track, r.private, packets, from, to), nil
}

// load sees to it that cells are read, the missing ones in one go.
func (r *imageReel) load(ctx context.Context, first, last int) error {
	maps.DeleteFunc(r.cells, func(n int, _ []subtitle.Packet) bool { return n < first || n > last })
	from, to := first, last
	for from <= to && r.cells[from] != nil {
		from++
	}
	for to >= from && r.cells[to] != nil {
		to--
	}
	if from > to {
		return nil
	}
	packets, err := r.read(ctx, time.Duration(from)*textSegment, time.Duration(to+1)*textSegment)
	if err != nil {
		return err
	}
	read := make(map[int][]subtitle.Packet, last-first+1)
	for n := from; n <= to; n++ {
		read[n] = []subtitle.Packet{}
	}
	for _, p := range packets {
		n := int(p.Start / textSegment)
		if p.Start < 0 {
			n = -1
		}
		if n >= from && n <= to {
			read[n] = append(read[n], p)
		}
	}
	if r.cells == nil {
		r.cells = map[int][]subtitle.Packet{}
	}
	maps.Copy(r.cells, read)
	return nil
}

// blockPackets reads the packets of a track of Matroska.
func (t *title) blockPackets(x *index.Track) packetsFunc {
	ts, origin := x.Timescale, t.timeline.origin.in(x.Timescale)
	idx := t.survey.index
	return func(ctx context.Context, from, to time.Duration) (all []subtitle.Packet, err error) {
		release, err := t.e.readText(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		err = idx.TextBlocks(ctx, media.FromDuration(from, ts)+origin, media.FromDuration(to, ts)+origin,
			func(other *index.Track) bool { return other == x },
			func(b index.Block) {
				all = append(all, subtitle.Packet{
					Start: media.ToDuration(b.PTS-origin, ts), Length: media.ToDuration(b.Duration, ts), Data: b.Data,
				})
			})
		if err != nil {
			return nil, fmt.Errorf("read images of subtitles: %w", err)
		}
		return all, nil
	}
}

// samplePackets reads the packets of a track whose samples are indexed.
func (t *title) samplePackets(x *index.Track) packetsFunc {
	return func(ctx context.Context, from, to time.Duration) ([]subtitle.Packet, error) {
		release, err := t.e.readText(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		return samplePackets(ctx, t.file, x, t.timeline.origin.in(x.Timescale), from, to)
	}
}

func samplePackets(
	ctx context.Context, f *os.File, x *index.Track, origin media.Ticks, from, to time.Duration,
) (all []subtitle.Packet, err error) {
	const maxSample = 1 << 20
	ts := x.Timescale
	first := x.SampleAt(media.FromDuration(from, ts) + origin)
	samples, err := x.Samples(nil, first, min(first+maxTextSamples, x.SampleCount))
	if err != nil {
		return nil, fmt.Errorf("find images of subtitles: %w", err)
	}
	total := 0
	for _, s := range samples {
		if s.PTS() >= media.FromDuration(to, ts)+origin || ctx.Err() != nil {
			break
		}
		if total += int(s.Size); s.Size > maxSample || total > maxImageBytes {
			continue
		}
		data := make([]byte, s.Size)
		if _, err := f.ReadAt(data, s.Offset); err != nil {
			return nil, fmt.Errorf("read images of subtitles: %w", err)
		}
		all = append(all, subtitle.Packet{
			Start:  media.ToDuration(s.PTS()-origin, ts),
			Length: media.ToDuration(media.Ticks(s.Duration), ts), Data: data,
		})
	}
	return all, ctx.Err()
}

// imageSegment is segment n of a track of images. What cannot be read is left out: a video plays without it.
func (e *Engine) imageSegment(
	ctx context.Context, ref media.Ref, n int, track textTrack, from, to time.Duration,
) ([]byte, error) {
	work, cancel := context.WithTimeout(ctx, imageTime)
	defer cancel()
	screens, err := track.screens(work, from, to)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	data, cut, encodeErr := subtitle.ImageSegment(screens)
	if err != nil || cut {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Images of subtitles left out", slog.String("item", ref.Item),
			slog.Int("track", ref.Track), slog.Int("segment", n), slog.Any("error", err))
	}
	return data, encodeErr
}
