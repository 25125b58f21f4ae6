package stream

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

var cmpScans = cmp.AllowUnexported(scanned{}, videoScan{}, audioScan{}, scannedGroup{}, run{})

// aScan is a scan of something, and what names it.
func aScan() (*scanned, media.Source, scanTask) {
	s := &scanned{
		video: videoScan{
			timescale: 90_000, start: -3600, end: 900_000, largest: 70_000, entry: []byte("entry"), refused: disordered,
			groups: []scannedGroup{
				{at: -3600, clean: true, bytes: 1 << 20, frames: 50}, {at: 180_000, bytes: 3, frames: 1},
			},
			frames: []media.Ticks{-3600, 0, 3600, 7200, 7201, 10_800, 14_400},
		},
		audio: []audioScan{{
			stream: 1, rate: 44_100, frame: 1024, peak: 128_000,
			runs: []run{{at: -7, slot: 0, count: 12}, {at: 20_000, slot: 19, count: 400}},
		}},
	}
	t := scanTask{timescale: 90_000, copied: true, audio: []media.Track{{Index: 1}}}
	return s, media.Source{SizeBytes: 123, ModTime: time.Unix(1, 2)}, t
}

func TestKeptScansAreReadBack(t *testing.T) {
	s, src, task := aScan()
	got, err := decodeScan(encodeScan(s, scanName(src, task)), scanName(src, task), task.timescale)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, got, cmpScans); d != "" {
		t.Error(d)
	}
}

// TestVoidScansAreNotUsed: a kept scan that is damaged, or of anything else, is none.
func TestVoidScansAreNotUsed(t *testing.T) {
	s, src, task := aScan()
	name := scanName(src, task)
	good := encodeScan(s, name)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := decodeScan(bad, name, task.timescale); err == nil {
			t.Errorf("byte %d of %d damaged: read all the same", i, len(good))
		}
		if _, err := decodeScan(good[:i], name, task.timescale); err == nil {
			t.Errorf("cut to %d bytes: read all the same", i)
		}
	}
	for what, change := range map[string]func(*media.Source, *scanTask){
		"size":      func(s *media.Source, _ *scanTask) { s.SizeBytes++ },
		"date":      func(s *media.Source, _ *scanTask) { s.ModTime = s.ModTime.Add(1) },
		"video":     func(_ *media.Source, t *scanTask) { t.video.Index = 2 },
		"timescale": func(_ *media.Source, t *scanTask) { t.timescale = 10_000 },
		"samples":   func(_ *media.Source, t *scanTask) { t.copied = false },
		"sound":     func(_ *media.Source, t *scanTask) { t.audio = nil },
	} {
		other, otherTask := src, task
		change(&other, &otherTask)
		if _, err := decodeScan(good, scanName(other, otherTask), otherTask.timescale); err == nil {
			t.Errorf("of another %s: used all the same", what)
		}
	}
}

func FuzzDecodeScan(f *testing.F) {
	s, src, task := aScan()
	name := scanName(src, task)
	f.Add(encodeScan(s, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := withSum(append(bytes.Clone(name), data...))
		got, err := decodeScan(all, name, task.timescale)
		if err != nil {
			return
		}
		again, err := decodeScan(encodeScan(got, name), name, task.timescale)
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if d := cmp.Diff(got, again, cmpScans); d != "" {
			t.Error(d)
		}
	})
}
