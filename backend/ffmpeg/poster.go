package ffmpeg

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/proc"
)

const (
	maxPosterBytes   = 8 << 20
	posterCPUSeconds = 60

	// posterReach is how far from where the poster was asked for a brighter picture is looked for.
	posterReach = 90 * time.Second

	// darkLuma is the mean luma, of 0 to 255, below which a picture is as good as black.
	darkLuma = 14
)

// Poster is a JPEG of a source's picture at the keyframe nearest to some time from the start of the presentation:
// upright, with square pixels, at most maxWidth wide and never larger than the source, brought to standard range
// when it is HDR and that can be done here. A picture that is nearly black is passed over for the next keyframe
// that is not, where there is one not far. A source with no moving picture gives its attached one.
//
// It fails with fault.NotFound when there is no picture, fault.Encrypted or fault.Unsupported when it cannot be
// decoded, fault.Damaged when nothing came out, or an error that wraps ctx's.
func (t *Tools) Poster(
	ctx context.Context, src media.Source, p media.Probe, at time.Duration, maxWidth int,
) ([]byte, error) {
	track := p.FirstVideo()
	if track == nil {
		track = attachedPicture(&p)
	}
	switch {
	case track == nil:
		return nil, fault.New(fault.NotFound, "There is no picture in this file.")
	case track.Encrypted:
		return nil, fault.New(fault.Encrypted, "The picture is locked by its publisher.")
	case !t.CanDecode(*track):
		return nil, fault.New(fault.Unsupported, "The picture uses a codec that cannot be decoded here.")
	}
	// Each try asks for less: a bright keyframe from here on, any keyframe from here on, anything at all.
	var seek *time.Duration
	if from := p.Start + at; at > 0 {
		seek = &from
	}
	tries := []Args{t.posterArgs(src, *track, maxWidth, nil, false)}
	if !track.Picture {
		tries = append([]Args{
			t.posterArgs(src, *track, maxWidth, seek, true), t.posterArgs(src, *track, maxWidth, seek, false),
		}, tries...)
	}
	var last error
	for _, args := range tries {
		jpeg, err := proc.Output(ctx, withCPU(t.Spec(args), posterCPUSeconds), maxPosterBytes)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("make a poster: %w", err)
		}
		if len(jpeg) > 0 { // damage further on in the file takes nothing from the picture
			return jpeg, nil
		}
		if err != nil {
			last = err
		}
	}
	if last == nil {
		return nil, fault.New(fault.Damaged, "No picture can be had of this file.")
	}
	return nil, trouble(ctx, fmt.Errorf("make a poster: %w", last), 0)
}

// attachedPicture is the first attached picture, nil when there is none.
func attachedPicture(p *media.Probe) *media.Track {
	for i := range p.Tracks {
		if t := &p.Tracks[i]; t.Kind == media.Video && t.Picture {
			return t
		}
	}
	return nil
}

// posterArgs are the arguments for one picture. from is a time on the source's own clock, nil for its beginning.
func (t *Tools) posterArgs(
	src media.Source, track media.Track, maxWidth int, from *time.Duration, bright bool,
) Args {
	args := Base()
	if !track.Picture {
		args = args.Opt("-skip_frame", "nokey")
	}
	if from != nil {
		args = args.Add("-noaccurate_seek", "-seek_timestamp", "1").Time("-ss", *from)
	}
	if bright {
		args = args.Time("-t", posterReach)
	}
	args = args.Source(src).Map(track.Index).Add("-an", "-sn", "-dn").Bare()
	return args.
		Opt("-vf", t.posterFilters(track.Video, maxWidth, bright)).
		Int("-frames:v", 1).
		Opt("-c:v", "mjpeg").Int("-q:v", 4).
		To("image2pipe", "pipe:1")
}

// posterFilters scales first: what follows costs by the pixel. Turning upright is ffmpeg's own doing and comes
// before all of it.
func (t *Tools) posterFilters(v media.VideoFormat, maxWidth int, bright bool) string {
	chain := oneField(v)
	if w, h := v.DisplaySize(); w > 0 && h > 0 {
		if w > maxWidth {
			w, h = maxWidth, (h*maxWidth+w/2)/w
		}
		chain = append(chain, fmt.Sprintf("scale=%d:%d:flags=area", even(w), even(h)))
	} else {
		chain = append(chain, fmt.Sprintf("scale=%d:-2:flags=area", even(maxWidth)))
	}
	chain = append(chain, t.still(v)...)
	chain = append(chain, "format=yuvj420p")
	if bright && t.Filters["signalstats"] && t.Filters["metadata"] {
		chain = append(chain, "signalstats",
			fmt.Sprintf("metadata=mode=select:key=lavfi.signalstats.YAVG:value=%d:function=greater", darkLuma))
	}
	return strings.Join(chain, ",")
}

// even is n made even, at least 2: chroma is shared by pairs of pixels.
func even(n int) int { return max(2, n&^1) }
