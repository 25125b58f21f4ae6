package stream

import (
	"cmp"
	"context"
	"slices"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
)

// scanPackets lists the packets of a source: the times of pictures, and the frames of sound.
func (e *Engine) scanPackets(ctx context.Context, src media.Source, t scanTask, gate scanGate) (*scanned, error) {
	pictures := &pictureScan{task: t}
	sounds := map[int]*soundScan{}
	for _, a := range t.audio {
		sounds[a.Index] = &soundScan{track: a, out: audioScan{stream: a.Index, rate: uint32(a.Audio.SampleRate)}}
	}
	n := 0
	err := e.tools.ScanAllPackets(ctx, src, backgroundTicket(ctx) != nil, func(p ffmpeg.Packet) error {
		n++
		if err := gate.wait(ctx, n); err != nil {
			return err
		}
		if p.PTS == ffmpeg.NoTime {
			p.PTS = p.DTS
		}
		if p.PTS == ffmpeg.NoTime || p.Discard || p.PTS > 1<<46 || p.PTS < -1<<46 {
			return nil
		}
		if s := sounds[p.Stream]; s != nil {
			s.take(p)
		} else if p.Stream == t.video.Index {
			pictures.take(p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if pictures.count == 0 {
		return nil, errNoOutput
	}
	out := &scanned{video: pictures.finish()}
	for _, a := range t.audio {
		if s := sounds[a.Index]; s.finish() {
			out.audio = append(out.audio, s.out)
		}
	}
	return out, nil
}

// pictureScan gathers the packets of the video track.
type pictureScan struct {
	task        scanTask
	frames      []media.Ticks
	keys        []scannedGroup
	count       int
	first, last media.Ticks
	end         media.Ticks
	corrupt     int
}

// scanFrames is how many frames' times are kept, of all and of keyframes.
const scanFrames = 1 << 20

func (s *pictureScan) take(p ffmpeg.Packet) {
	if p.Corrupt {
		s.corrupt++
	}
	base, ts := s.task.video.TimeBase, int64(s.task.timescale)
	at := p.PTS * base.Num * ts / base.Den
	if s.count++; s.count == 1 {
		s.first, s.last = at, at
	}
	if s.count <= scanFrames {
		s.frames = append(s.frames, at)
	}
	if p.Key && len(s.keys) < scanFrames {
		s.keys = append(s.keys, scannedGroup{at: at})
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
	s.end = max(s.end, at+max(p.Duration*base.Num*ts/base.Den, 1))
}

func (s *pictureScan) finish() videoScan {
	v := videoScan{timescale: s.task.timescale, start: s.first, end: s.end}
	if s.corrupt > mendable {
		v.refused = corrupt
	}
	slices.SortFunc(s.keys, func(a, b scannedGroup) int { return cmp.Compare(a.at, b.at) })
	v.groups = s.keys
	if s.count <= scanFrames {
		slices.Sort(s.frames)
		v.frames = slices.Compact(s.frames)
	}
	if v.end-s.last < 2 {
		v.end = s.last + frameTicks(s.task.video.Video.FrameRate, v.timescale)
	}
	return v
}

// mendable is how many damaged packets a track may have: the first and the last ones of a recording are often cut.
const mendable = 2

// soundScan gathers the frames of an audio track.
type soundScan struct {
	track  media.Track
	out    audioScan
	start  media.Ticks // of the grid
	frames int
	broken bool

	second media.Ticks // where the current second began
	bytes  int64       // since then
}

// Bounds of sound that is sent as it is.
const (
	maxRuns   = 4096
	maxFrames = 1 << 26
)

func (s *soundScan) take(p ffmpeg.Packet) {
	base, rate := s.track.TimeBase, int64(s.out.rate)
	at := p.PTS * base.Num * rate / base.Den
	if s.frames++; s.frames > maxFrames || s.broken {
		s.broken = true
		return
	}
	if p.Corrupt {
		return // a hole
	}
	s.weigh(at, p.Size)
	if len(s.out.runs) == 0 {
		s.start = at
		s.out.runs = append(s.out.runs, run{at: at, count: 1})
		return
	}
	last := &s.out.runs[len(s.out.runs)-1]
	if s.out.frame == 0 { // the second frame says how long the first one is
		for _, f := range []media.Ticks{1024, 2048} {
			if d := at - s.start - f; d <= f/8 && d >= -f/8 {
				s.out.frame = f
			}
		}
		if s.out.frame == 0 {
			s.broken = true
			return
		}
	}
	f := s.out.frame
	off := at - last.at - int64(last.count)*f
	if off <= f/2 && off >= -f/2 {
		last.count++
		return
	}
	slot := (at - s.start + f/2) / f
	if slot < int64(last.slot+last.count) {
		return // an overlap: what was there first stays
	}
	if len(s.out.runs) >= maxRuns {
		s.broken = true
		return
	}
	s.out.runs = append(s.out.runs, run{at: at, slot: int(slot), count: 1})
}

// weigh takes a frame into the peak.
func (s *soundScan) weigh(at media.Ticks, size int64) {
	if at-s.second >= int64(s.out.rate) || at < s.second {
		s.out.peak = max(s.out.peak, s.bytes*8)
		s.second, s.bytes = at, 0
	}
	s.bytes += size
}

// finish says whether the track's own frames can be sent.
func (s *soundScan) finish() bool {
	s.out.peak = max(s.out.peak, s.bytes*8)
	return !s.broken && s.out.frame > 0
}
