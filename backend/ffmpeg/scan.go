package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/proc"
)

const (
	// NoTime is the time of a packet that has none.
	NoTime media.Ticks = math.MinInt64

	maxPackets     = 16 << 20 // three days at 60 frames a second
	maxLineBytes   = 4 << 10
	scanCPUSeconds = 1800

	// windowSlack is how far behind a window's end packets are looked for: frames are stored in the order they
	// are decoded in, and ffprobe stops at the first one that is shown after the end.
	windowSlack = time.Second
)

// ErrStop is what a callback gives to end a scan early and well.
var ErrStop = errors.New("stop the scan")

var errTooManyPackets = errors.New("more packets than a video has")

// Packet is one packet of a stream as its container stores it, in the order it is stored in. Times are in ticks of
// the stream's time base (FullProbe.TimeBases).
type Packet struct {
	Stream   int         // the source's stream, as ffmpeg counts
	PTS, DTS media.Ticks // NoTime when not known
	Duration media.Ticks // 0 when not known
	Pos      int64       // byte offset in the file, -1 when not known
	Size     int64       // bytes
	Key      bool        // decoding can start here
	Discard  bool        // decoded, but not shown
	Corrupt  bool
}

// ScanPackets reads all packets of one stream without decoding them, and gives them to fn one by one. fn's error
// ends the scan and is returned as it is, ErrStop as nil. Otherwise it fails as Probe does; what was given until then
// was read well and stands.
func (t *Tools) ScanPackets(ctx context.Context, src media.Source, stream int, fn func(Packet) error) error {
	return t.scan(ctx, src, stream, "", false, fn)
}

// allStreams stands for every stream of a source.
const allStreams = -1

// ScanAllPackets is ScanPackets for all streams at once, at low priority if low.
func (t *Tools) ScanAllPackets(ctx context.Context, src media.Source, low bool, fn func(Packet) error) error {
	return t.scan(ctx, src, allStreams, "", low, fn)
}

// ScanWindow is ScanPackets for the packets around [from, to) on the source's own clock: it begins at the keyframe
// at or before from, where the container can seek, and ends some packets after to.
func (t *Tools) ScanWindow(
	ctx context.Context, src media.Source, stream int, from, to time.Duration, fn func(Packet) error,
) error {
	start := "" // from the beginning: some containers cannot seek to it
	if from > 0 {
		start = Seconds(from)
	}
	return t.scan(ctx, src, stream, start+"%"+Seconds(to+windowSlack), false, fn)
}

func (t *Tools) scan(
	ctx context.Context, src media.Source, stream int, interval string, low bool, fn func(Packet) error,
) error {
	args := probeBase().
		Opt("-print_format", "compact=print_section=0").
		Opt("-show_entries", "packet=stream_index,pts,dts,duration,size,pos,flags")
	if stream != allStreams {
		args = args.Int("-select_streams", int64(stream))
	}
	if interval != "" {
		args = args.Opt("-read_intervals", interval)
	}
	spec := withCPU(t.spec(t.FFprobe, args.Source(src)), scanCPUSeconds)
	spec.Low = low
	p, err := proc.Start(ctx, spec)
	if err != nil {
		return trouble(ctx, fmt.Errorf("scan: %w", err), 0)
	}
	stopped, rerr := readPackets(p.Stdout(), fn)
	if rerr != nil {
		p.Kill()
	}
	_ = p.Stdout().Close()
	err = p.Wait()
	switch {
	case errors.Is(rerr, ErrStop):
		return nil
	case stopped:
		return rerr
	case ctx.Err() != nil:
		return fmt.Errorf("scan: %w", ctx.Err())
	case rerr != nil:
		return fault.Wrap(rerr, fault.Damaged, "This video is damaged and cannot be read.")
	case err != nil:
		return trouble(ctx, fmt.Errorf("scan: %w", err), 0)
	}
	return nil
}

// readPackets reads packets until the end, an error, or an error of fn's: then stopped is true.
func readPackets(r io.Reader, fn func(Packet) error) (stopped bool, err error) {
	lines := bufio.NewReaderSize(r, maxLineBytes)
	for n := 0; ; {
		line, err := lines.ReadSlice('\n')
		if p, ok := parsePacket(line); ok {
			if n++; n > maxPackets {
				return false, errTooManyPackets
			}
			if err := fn(p); err != nil {
				return true, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("read packets: %w", err)
		}
	}
}

// parsePacket reads a line such as "pts=137250|dts=126000|duration=3750|size=32732|pos=564|flags=K_". It is false
// for a line that is no packet, such as the empty ones that side data leaves.
func parsePacket(line []byte) (p Packet, ok bool) {
	p = Packet{PTS: NoTime, DTS: NoTime, Pos: -1}
	for field := range bytes.SplitSeq(bytes.TrimRight(line, "\r\n"), []byte{'|'}) {
		key, value, found := bytes.Cut(field, []byte{'='})
		if !found {
			continue
		}
		if string(key) == "flags" {
			p.Key = bytes.IndexByte(value, 'K') >= 0
			p.Discard = bytes.IndexByte(value, 'D') >= 0
			p.Corrupt = bytes.IndexByte(value, 'C') >= 0
			ok = true
			continue
		}
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			continue // "N/A"
		}
		switch string(key) {
		case "stream_index":
			p.Stream = int(n)
		case "pts":
			p.PTS = n
		case "dts":
			p.DTS = n
		case "duration":
			p.Duration = max(0, n)
		case "size":
			p.Size = max(0, n)
		case "pos":
			p.Pos = max(-1, n)
		}
	}
	return p, ok
}
