package stream

import (
	"context"
	"errors"
	"slices"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
)

// errLong ends a packet scan of more frames than are kept.
var errLong = errors.New("too many frames to keep")

// scan reads the packets of a video track that no index describes: when its frames are shown and which are
// keyframes. A source that takes longer than a viewer should wait is planned without, on an even grid.
func (s *survey) scan(ctx context.Context, e *Engine, src media.Source) error {
	v := s.video
	base := v.track.TimeBase
	if !base.Valid() {
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, e.patience)
	defer cancel()
	ticks := func(t media.Ticks) media.Ticks { return t * base.Num * int64(v.timescale) / base.Den }
	var frames, keys []media.Ticks
	var end media.Ticks
	err := e.tools.ScanPackets(limit, src, v.track.Index, func(p ffmpeg.Packet) error {
		at := p.PTS
		if at == ffmpeg.NoTime {
			at = p.DTS
		}
		if at == ffmpeg.NoTime || p.Discard || at > 1<<46 || at < -1<<46 {
			return nil
		}
		if len(frames) >= scanFrames {
			return errLong
		}
		at = ticks(at)
		frames = append(frames, at)
		if p.Key {
			keys = append(keys, at)
		}
		end = max(end, at+max(ticks(p.Duration), 1))
		return nil
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if err != nil || len(frames) == 0 {
		return nil // a scan that does not succeed in time leaves the grid
	}
	slices.Sort(frames)
	slices.Sort(keys)
	v.frames, v.keyframes = slices.Compact(frames), slices.Compact(keys)
	if last := frames[len(frames)-1]; end-last < 2 {
		end = last + frameTicks(v.track.Video.FrameRate, v.timescale)
	}
	v.span = span{moment{frames[0], v.timescale}, moment{end, v.timescale}}
	return nil
}
