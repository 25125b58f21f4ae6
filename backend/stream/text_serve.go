package stream

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"dropstream/backend/m3u8"
	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// textLen is how many segments of text a presentation has.
func textLen(total time.Duration) int {
	n := int(total / textSegment)
	if n == 0 || total%textSegment >= textLast {
		n++
	}
	return n
}

// textSpan is what segment n of text covers.
func textSpan(n int, total time.Duration) (from, to time.Duration) {
	from, to = time.Duration(n)*textSegment, time.Duration(n+1)*textSegment
	if n == textLen(total)-1 {
		to = total
	}
	return from, to
}

// textRenditions names the text renditions in a multivariant playlist.
func (t *title) textRenditions(ctx context.Context) (all []m3u8.Rendition) {
	t.look(ctx)
	for i, x := range t.texts.all() {
		if x.cues == nil { // HLS has no images for subtitles
			continue
		}
		all = append(all, m3u8.Rendition{
			Type: m3u8.Subtitles, GroupID: textGroup, Name: textName(x.Track, i), Language: x.Language,
			Default: x.Default, Autoselect: true, Forced: x.Forced, Characteristics: characteristics(x.Role),
			URI: fmt.Sprintf("t/%d/media.m3u8", x.Index),
		})
	}
	return all
}

// textPlaylist is a text rendition's media playlist.
func (e *Engine) textPlaylist(ctx context.Context, ref media.Ref) ([]byte, error) {
	t, release, err := e.title(ctx, ref.Item)
	if err != nil {
		return nil, err
	}
	defer release()
	if x, ok := t.texts.find(ref.Track); !ok || x.cues == nil {
		return nil, errNoRendition
	}
	total := t.timeline.total
	m := m3u8.Media{
		Timescale: uint32(time.Second), Len: textLen(total),
		Duration: func(i int) media.Ticks {
			from, to := textSpan(i, total)
			return int64(to - from)
		},
		AppendURI: func(dst []byte, i int) []byte {
			return append(strconv.AppendInt(dst, int64(i), 10), ".vtt"...)
		},
	}
	return m.Append(nil), nil
}

// textSegment is segment n of a text rendition. Text that cannot be read is left out: a video plays without it.
func (e *Engine) textSegment(ctx context.Context, ref media.Ref, n int) ([]byte, error) {
	t, release, err := e.title(ctx, ref.Item)
	if err != nil {
		return nil, err
	}
	defer release()
	track, ok := t.texts.find(ref.Track)
	if !ok || n < 0 || n >= textLen(t.timeline.total) {
		return nil, errNoRendition
	}
	from, to := textSpan(n, t.timeline.total)
	switch {
	case ref.Rendition == "json" && track.stored != nil:
		return track.stored(n)
	case ref.Rendition == "json" && track.screens != nil:
		return e.imageSegment(ctx, ref, n, track, from, to)
	case (ref.Rendition == "vtt" || ref.Rendition == "ass") && track.cues != nil:
	default:
		return nil, errNoRendition
	}
	work, cancel := context.WithTimeout(ctx, textTime)
	defer cancel()
	cues, err := track.cues(work, from, to)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var shown []subtitle.Cue
	if err == nil {
		shown = cues.During(from, to)
	}
	data, cut := subtitle.Segment(shown)
	if ref.Rendition == "ass" {
		if err != nil {
			return nil, fmt.Errorf("read script: %w", err) // it can still be had as plain text
		}
		script := cues.Script()
		if script == nil {
			return nil, errNoRendition
		}
		data, cut = script.Segment(shown)
	}
	if err != nil || cut {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Text left out", slog.String("item", ref.Item),
			slog.Int("track", ref.Track), slog.Int("segment", n), slog.Any("error", err))
	}
	return data, nil
}
