package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/index"
	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// maxCopied bounds what ffmpeg takes out of a source for one reading of a track.
const maxCopied = 64 << 20

var errCopied = errors.New("more subtitles than a video has")

// layUnindexedImages adds the tracks of images of transport streams and program streams: ffmpeg finds their packets.
func (t *title) layUnindexedImages() {
	switch t.src.Container {
	case media.MPEGTS, media.MPEGPS:
	default:
		return
	}
	for i := range t.survey.probe.Tracks {
		x := &t.survey.probe.Tracks[i]
		if x.Kind != media.Text || imageCodecs[x.Codec] == nil || x.Encrypted || t.e.tools == nil ||
			len(t.texts.tracks) >= maxTextTracks {
			continue
		}
		r := &imageReel{track: x}
		r.read = t.copiedPackets(r)
		t.addImages(r)
	}
}

// copiedPackets lets ffmpeg copy one stream, as it is, into a small Matroska file in memory, and reads that.
func (t *title) copiedPackets(r *imageReel) packetsFunc {
	origin := t.timeline.origin.duration()
	return func(ctx context.Context, from, to time.Duration) (all []subtitle.Packet, err error) {
		release, err := t.e.readText(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		copying := ffmpeg.Copy{
			Source: t.src, Stream: r.track.Index, From: max(origin+from, 0), To: origin + min(to, t.timeline.total),
		}
		if copying.To <= copying.From {
			return nil, nil
		}
		var file bytes.Buffer
		err = t.e.runHead(ctx, copying.Args(), func(c child) error {
			watch := c.watch()
			defer watch.Stop()
			n, err := io.Copy(&file, io.LimitReader(c.out, maxCopied+1))
			if err == nil && n > maxCopied {
				err = errCopied
			}
			if err != nil {
				return fmt.Errorf("copy subtitles: %w", err)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("copy subtitles: %w", err)
		}
		return r.takeCopied(ctx, file.Bytes(), origin)
	}
}

// takeCopied reads the packets of the only track of a Matroska file.
func (r *imageReel) takeCopied(ctx context.Context, file []byte, origin time.Duration) ([]subtitle.Packet, error) {
	x, err := index.Open(ctx, bytes.NewReader(file), int64(len(file)), media.Matroska)
	if err != nil {
		return nil, fmt.Errorf("read what was copied: %w", err)
	}
	if len(x.Tracks) != 1 {
		return nil, nil
	}
	track := x.Tracks[0]
	r.private = track.CodecPrivate
	var all []subtitle.Packet
	err = x.TextBlocks(ctx, 0, 1<<61, func(*index.Track) bool { return true }, func(b index.Block) {
		all = append(all, subtitle.Packet{
			Start:  media.ToDuration(b.PTS, track.Timescale) - origin,
			Length: media.ToDuration(b.Duration, track.Timescale), Data: b.Data,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what was copied: %w", err)
	}
	return all, nil
}
