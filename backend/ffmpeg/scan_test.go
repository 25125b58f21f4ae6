package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// clip makes 10 s of video at 25 fps with a keyframe each 2 s and two B-frames, and sound.
func clip(t *testing.T, name string, more ...string) media.Source {
	t.Helper()
	return generate(t, name, append([]string{
		"-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=10", "-f", "lavfi", "-i", "sine=duration=10",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-c:a", "aac",
	}, more...)...)
}

func scanAll(t *testing.T, src media.Source, stream int) (packets []Packet) {
	t.Helper()
	err := tools(t).ScanPackets(t.Context(), src, stream, func(p Packet) error {
		packets = append(packets, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

func TestScanPackets(t *testing.T) {
	for _, name := range []string{"a.mp4", "a.mkv", "a.ts"} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name)
			full, err := tools(t).ProbeFull(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			packets := scanAll(t, src, 0)
			if len(packets) != 250 {
				t.Errorf("%d packets, want 250", len(packets))
			}
			seen := make(map[media.Ticks]bool)
			var keys []time.Duration
			for _, p := range packets {
				if seen[p.PTS] || p.PTS == NoTime || p.Size <= 0 {
					t.Fatalf("packet %+v", p)
				}
				seen[p.PTS] = true
				if p.Key {
					at, ok := TicksToDuration(p.PTS, full.TimeBases[0])
					if !ok {
						t.Fatalf("time %d in %v", p.PTS, full.TimeBases[0])
					}
					keys = append(keys, (at - full.Tracks[0].Start).Round(time.Millisecond))
				}
			}
			want := []time.Duration{0, 2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second}
			if diff := cmp.Diff(want, keys); diff != "" {
				t.Errorf("keyframes: %s", diff)
			}
			if sound := scanAll(t, src, 1); len(sound) < 430 || len(sound) > 434 {
				t.Errorf("%d packets of sound, want about 431", len(sound))
			}
		})
	}
}

func TestScanWindow(t *testing.T) {
	for _, name := range []string{"a.mp4", "a.mkv"} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, name)
			full, err := tools(t).ProbeFull(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			for _, window := range [][2]time.Duration{{0, time.Second}, {5 * time.Second, 7 * time.Second}} {
				shown := make(map[time.Duration]bool)
				var first, last time.Duration = -1, 0
				zero := full.Tracks[0].Start
				err := tools(t).ScanWindow(t.Context(), src, 0, zero+window[0], zero+window[1], func(p Packet) error {
					at, _ := TicksToDuration(p.PTS, full.TimeBases[0])
					at = (at - zero).Round(time.Millisecond)
					if first < 0 {
						if !p.Key {
							t.Errorf("begins at %v, no keyframe", at)
						}
						first = at
					}
					shown[at], last = true, max(last, at)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for at := window[0]; at < window[1]; at += 40 * time.Millisecond {
					if !shown[at] {
						t.Errorf("window %v: the frame at %v is missing", window, at)
					}
				}
				if first > window[0] || first < window[0]-4*time.Second || last > window[1]+4*time.Second {
					t.Errorf("window %v: read %v to %v", window, first, last)
				}
			}
		})
	}
}

func TestScanEndsWhenItsReaderDoes(t *testing.T) {
	src := clip(t, "a.mp4")
	mine := errors.New("mine")
	for _, tt := range []struct{ give, want error }{{mine, mine}, {ErrStop, nil}} {
		n := 0
		err := tools(t).ScanPackets(t.Context(), src, 0, func(Packet) error {
			n++
			return tt.give
		})
		if !errors.Is(err, tt.want) || n != 1 {
			t.Errorf("gave %v, got %v after %d packets", tt.give, err, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := tools(t).ScanPackets(ctx, src, 0, func(Packet) error {
		cancel()
		<-ctx.Done()
		return nil
	})
	// Ten seconds fit the pipe: the child may have ended well before it was stopped.
	if err != nil && fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
	missing := src
	missing.Path += ".none"
	if err := tools(t).ScanPackets(t.Context(), missing, 0, func(Packet) error { return nil }); err == nil {
		t.Error("a file that is not there was scanned")
	}
}

func TestParsePacket(t *testing.T) {
	for line, want := range map[string]*Packet{
		"pts=137250|dts=126000|duration=3750|size=32732|pos=564|flags=K_|\n": {
			PTS: 137250, DTS: 126000, Duration: 3750, Size: 32732, Pos: 564, Key: true,
		},
		"pts=N/A|dts=-5|duration=N/A|size=1|pos=N/A|flags=__C\r\n": {
			PTS: NoTime, DTS: -5, Size: 1, Pos: -1, Corrupt: true,
		},
		"pts=1|dts=1|duration=-1|size=-1|pos=-9|flags=_D_": {PTS: 1, DTS: 1, Pos: -1, Discard: true},
		"pts=99999999999999999999|flags=K__":               {PTS: NoTime, DTS: NoTime, Pos: -1, Key: true},
		"\n":                                               nil,
		"side_data|":                                       nil,
		"pts=1|dts=1|size=1":                               nil,
	} {
		got, ok := parsePacket([]byte(line))
		if ok != (want != nil) {
			t.Errorf("%q: a packet: %v", line, ok)
			continue
		}
		if ok {
			if diff := cmp.Diff(*want, got); diff != "" {
				t.Errorf("%q: %s", line, diff)
			}
		}
	}
}

func TestReadPacketsIsBounded(t *testing.T) {
	long := strings.Repeat("x", maxLineBytes+1)
	stopped, err := readPackets(strings.NewReader(long), func(Packet) error { return nil })
	if err == nil || stopped {
		t.Errorf("a line without end: %v, %v", stopped, err)
	}
	n := 0
	lines := bytes.Repeat([]byte("pts=1|flags=K\n\n"), 1000)
	stopped, err = readPackets(bytes.NewReader(lines), func(Packet) error { n++; return nil })
	if err != nil || stopped || n != 1000 {
		t.Errorf("%d packets, %v, %v", n, stopped, err)
	}
}
