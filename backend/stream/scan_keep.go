package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Artifacts keeps small things that belong to an item and cost time to make again. They go when the item goes.
type Artifacts interface {
	// GetArtifact gives what was kept under a key. Errors: fault.NotFound.
	GetArtifact(ctx context.Context, itemID, key string) ([]byte, error)
	// PutArtifact keeps data in place of what was kept under that key. Errors: fault.NotFound when there is no such
	// item.
	PutArtifact(ctx context.Context, itemID, key string, data []byte) error
}

// The form in which a scan is kept: a magic word, a version, the source's size and date and what was looked at, the
// numbers as varints, and a checksum over all of it.
const (
	scanKey      = "scan"
	scanMagic    = "dsscan"
	scanVersion  = 1
	maxScanBytes = 16 << 20
	maxEntry     = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// keptScan gives what an earlier scan of the same source told.
func (e *Engine) keptScan(ctx context.Context, src media.Source, t scanTask) (*scanned, bool) {
	if e.artifacts == nil {
		return nil, false
	}
	data, err := e.artifacts.GetArtifact(ctx, src.ItemID, scanKey)
	if err != nil {
		if fault.CodeOf(err) != fault.NotFound {
			e.log.LogAttrs(ctx, slog.LevelWarn, "Kept scan unreadable", slog.String("item", src.ItemID),
				slog.Any("error", err))
		}
		return nil, false
	}
	found, err := decodeScan(data, scanName(src, t), t.timescale)
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelInfo, "Kept scan not used", slog.String("item", src.ItemID),
			slog.Any("error", err))
		return nil, false
	}
	return found, true
}

// keepScan keeps what a scan told. What cannot be kept is scanned again.
func (e *Engine) keepScan(ctx context.Context, src media.Source, t scanTask, found *scanned) {
	if e.artifacts == nil {
		return
	}
	data := encodeScan(found, scanName(src, t))
	if len(data) > maxScanBytes {
		return
	}
	err := e.artifacts.PutArtifact(ctx, src.ItemID, scanKey, data)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Scan not kept", slog.String("item", src.ItemID), slog.Any("error", err))
	}
}

// scanName says what was scanned, and how: a scan of anything else is void.
func scanName(src media.Source, t scanTask) []byte {
	w := scanWriter(scanMagic)
	w.ints(scanVersion, src.SizeBytes, src.ModTime.UnixNano(), int64(t.video.Index), int64(t.timescale))
	copied := int64(0)
	if t.copied {
		copied = 1
	}
	w.ints(copied, int64(len(t.audio)))
	for _, a := range t.audio {
		w.ints(int64(a.Index), int64(a.Audio.SampleRate), int64(a.Audio.Channels))
	}
	return w
}

// scanWriter writes numbers as varints.
type scanWriter []byte

func (w *scanWriter) ints(all ...int64) {
	for _, n := range all {
		*w = binary.AppendVarint(*w, n)
	}
}

func encodeScan(s *scanned, name []byte) []byte {
	w := scanWriter(bytes.Clone(name))
	v := &s.video
	w.ints(v.start, v.end, v.largest, int64(v.refused), int64(len(v.entry)))
	w = append(w, v.entry...)
	w.ints(int64(len(v.groups)))
	at := v.start
	for _, g := range v.groups {
		clean := int64(0)
		if g.clean {
			clean = 1
		}
		w.ints(g.at-at, int64(g.frames)<<1|clean, g.bytes)
		at = g.at
	}
	w.frames(v.frames)
	w.ints(int64(len(s.audio)))
	for _, a := range s.audio {
		w.ints(int64(a.stream), int64(a.rate), a.frame, a.peak, int64(len(a.runs)))
		for _, r := range a.runs {
			w.ints(r.at, int64(r.slot), int64(r.count))
		}
	}
	return withSum(w)
}

// withSum adds the checksum.
func withSum(b []byte) []byte { return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)) }

// frames writes times as their differences, each with how often it comes in a row.
func (w *scanWriter) frames(all []media.Ticks) {
	w.ints(int64(len(all)))
	at := media.Ticks(0)
	for i := 0; i < len(all); {
		step, n := all[i]-at, 1
		for i+n < len(all) && all[i+n]-all[i+n-1] == step {
			n++
		}
		w.ints(step, int64(n))
		i += n
		at = all[i-1]
	}
}

var errScanVoid = errors.New("it is damaged, or of another source or version")

func decodeScan(data, name []byte, timescale uint32) (*scanned, error) {
	body := len(data) - 4
	if body < len(name) || len(data) > maxScanBytes || !bytes.Equal(data[:len(name)], name) ||
		binary.BigEndian.Uint32(data[body:]) != crc32.Checksum(data[:body], castagnoli) {
		return nil, errScanVoid
	}
	// The checksum says that it is what was written; the bounds hold whatever was.
	r := scanReader{data: data[len(name):body]}
	s := &scanned{video: videoScan{timescale: timescale}}
	v := &s.video
	v.start, v.end, v.largest, v.refused = r.int(), r.int(), r.int(), refusal(r.count(int(unsteady)))
	if n := r.count(maxEntry); n > 0 {
		v.entry = r.bytes(n)
	}
	at := v.start
	v.groups = make([]scannedGroup, r.count(scanFrames))
	for i := range v.groups {
		at += r.int()
		n := r.int()
		v.groups[i] = scannedGroup{at: at, frames: int(n >> 1), clean: n&1 != 0, bytes: r.int()}
	}
	v.frames = r.frames()
	s.audio = make([]audioScan, r.count(maxAudioTracks))
	for i := range s.audio {
		a := &s.audio[i]
		a.stream, a.rate, a.frame, a.peak = int(r.int()), uint32(r.int()), r.int(), r.int()
		a.runs = make([]run, r.count(maxRuns))
		for j := range a.runs {
			a.runs[j] = run{at: r.int(), slot: int(r.int()), count: int(r.int())}
		}
		r.bad = r.bad || len(a.runs) == 0 || a.frame <= 0 || a.rate == 0
	}
	if r.bad || len(r.data) > 0 {
		return nil, errScanVoid
	}
	return s, nil
}

// scanReader reads what scanWriter writes. Bad is set when there is less, or more than there may be.
type scanReader struct {
	data []byte
	bad  bool
}

func (r *scanReader) int() int64 {
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

// count reads a number that is at most limit.
func (r *scanReader) count(limit int) int {
	n := r.int()
	if n < 0 || n > int64(limit) || r.bad {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *scanReader) bytes(n int) []byte {
	if n > len(r.data) {
		r.bad = true
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return bytes.Clone(b)
}

func (r *scanReader) frames() []media.Ticks {
	count := r.count(scanFrames)
	if count == 0 {
		return nil
	}
	all := make([]media.Ticks, 0, count)
	at := media.Ticks(0)
	for len(all) < count && !r.bad {
		step := r.int()
		for range r.count(count - len(all)) {
			at += step
			all = append(all, at)
		}
	}
	return all
}
