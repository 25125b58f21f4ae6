package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// scanned is what reading a whole source told of tracks that no index describes. It is not changed once made.
type scanned struct {
	video videoScan
	audio []audioScan
}

// videoScan is what a scan told of the video track. Times are on the source's clock, in ticks of timescale.
type videoScan struct {
	timescale uint32
	groups    []scannedGroup // ascending; from one keyframe to the next
	frames    []media.Ticks  // when every frame is shown, ascending; nil when there are too many to keep
	start     media.Ticks    // of the first frame
	end       media.Ticks    // of the last frame
	largest   int64          // the largest frame, in bytes
	entry     []byte         // the sample entry; nil when its own samples were not looked at
	refused   refusal        // why its own samples cannot be sent
}

// scannedGroup is what lies from a keyframe up to the next one, in decode order.
type scannedGroup struct {
	at     media.Ticks // when the keyframe is shown
	clean  bool        // decoding can start here, and nothing crosses it
	bytes  int64
	frames int
}

// audioScan is what a scan told of an audio track whose own frames can be sent. Times are in samples.
type audioScan struct {
	stream int
	rate   uint32
	frame  media.Ticks // length of a frame
	runs   []run       // ascending
	peak   int64       // bits per second, in any second
}

// run is frames that follow each other without a hole. Frames lie on a grid that begins with the track's first; a run
// may begin a little off it.
type run struct {
	at    media.Ticks // of its first frame, on the source's clock
	slot  int         // of its first frame, on the grid
	count int
}

// refusal is why a track's own samples cannot be sent although each of them was read.
type refusal uint8

const (
	notRefused   refusal = iota
	reconfigured         // the codec's configuration changes midway
	disordered           // the times of frames contradict their order
	corrupt              // parts of the file are damaged
	unsteady             // a second reading differed from the first
)

// scan learns of the packets of a source that no index describes: when its frames are shown and which are keyframes,
// and what else it takes to send its own samples. What was learnt before is used again. A source that takes longer
// than a viewer should wait is planned without, on an even grid, and is scanned later.
func (s *survey) scan(ctx context.Context, e *Engine, src media.Source) error {
	if !s.video.track.TimeBase.Valid() {
		return nil
	}
	s.task = s.scanWanted()
	found, ok := e.keptScan(ctx, src, s.task)
	if !ok {
		limit, cancel := context.WithTimeout(ctx, e.scanPatience(src, s.task))
		defer cancel()
		var err error
		found, err = e.scanSource(limit, src, s.task, nil)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.unscanned = limit.Err() != nil && err != nil
		if s.unscanned && s.task.copied {
			s.sayUnscanned()
		}
		if s.fresh = err == nil; err != nil {
			return nil // a scan that does not succeed in time leaves the grid
		}
	}
	s.use(found)
	return nil
}

// quickBytes is how large a source is that is read through in a moment.
const quickBytes = 64 << 20

// scanPatience is how long a scan may keep a viewer waiting: longer where it is all but sure to end, and spares the
// wait for an encoder.
func (e *Engine) scanPatience(src media.Source, t scanTask) time.Duration {
	if t.copied && src.SizeBytes <= quickBytes {
		return 3 * e.patience
	}
	return e.patience
}

// sayUnscanned says that what could be sent is only not known yet.
func (s *survey) sayUnscanned() {
	s.video.verdict.Reason = reasonUnscanned
	for i := range s.audio {
		a := &s.audio[i]
		if slices.ContainsFunc(s.task.audio, func(t media.Track) bool { return t.Index == a.track.Index }) {
			a.verdict.Reason = reasonSoundUnscanned
		}
	}
}

// scanWanted says what to look at.
func (s *survey) scanWanted() scanTask {
	v := s.video
	t := scanTask{video: v.track, timescale: v.timescale, copied: sendable(&v.track)}
	if s.index.Precision == index.Samples {
		t.copied = false // its edit list shows what its samples alone cannot, and a copy would not keep to it
	}
	switch s.index.Container {
	case media.ASF: // its times are those of packets, of many frames each
		t.copied = false
	case media.AVI: // only of H.264 is the order of frames read
		t.copied = t.copied && v.track.Codec == media.H264
	default:
	}
	for _, a := range s.audio {
		if t.copied && a.track.TimeBase.Valid() && soundSendable(&a.track) {
			t.audio = append(t.audio, a.track)
		}
	}
	return t
}

// scanTask is what a scan looks at.
type scanTask struct {
	video     media.Track
	timescale uint32
	copied    bool // look at the samples of the video track too
	audio     []media.Track
}

// scanGate waits until a scan may go on; nil always lets it.
type scanGate func(ctx context.Context) error

func (g scanGate) wait(ctx context.Context, n int) error {
	const often = 256
	if g == nil || n%often != 0 {
		return nil
	}
	return g(ctx)
}

// scanSource reads all packets of a source, and the samples themselves of a video track that may be sent, both at the
// same time, so that the file is read once.
func (e *Engine) scanSource(ctx context.Context, src media.Source, t scanTask, gate scanGate) (*scanned, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var copied videoScan
	var copyErr error
	if t.copied {
		wg.Go(func() {
			if copied, copyErr = e.scanSamples(ctx, src, t, gate); copyErr != nil {
				cancel()
			}
		})
	}
	found, err := e.scanPackets(ctx, src, t, gate)
	if err != nil {
		cancel()
	}
	wg.Wait()
	if copyErr != nil && err == nil || errors.Is(err, context.Canceled) {
		err = errors.Join(copyErr, err)
	}
	if err != nil {
		return nil, err
	}
	switch refused := max(copied.refused, found.video.refused); {
	case !t.copied:
	case refused == notRefused:
		found.video = copied
	default: // then the packets tell more
		found.video.entry, found.video.refused = copied.entry, refused
	}
	return found, nil
}

// use takes over what a scan told.
func (s *survey) use(found *scanned) {
	v := s.video
	s.found, v.scan = found, &found.video
	v.frames = found.video.frames
	for _, g := range found.video.groups {
		v.keyframes = append(v.keyframes, g.at)
	}
	v.keyframes = slices.Compact(v.keyframes)
	v.span = span{moment{found.video.start, v.timescale}, moment{found.video.end, v.timescale}}
	v.passScanned()
	for i := range s.audio {
		a := &s.audio[i]
		j := slices.IndexFunc(found.audio, func(x audioScan) bool { return x.stream == a.track.Index })
		if j >= 0 && v.verdict.Passthrough {
			a.passScanned(&found.audio[j])
		}
	}
}
