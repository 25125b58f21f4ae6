package stream

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// dense are sources with many keyframes, only some of which are looked at when they are opened.
func dense(t *testing.T, more ...string) media.Source {
	t.Helper()
	return clip(t, "a.mkv", slices.Concat(long, []string{
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "2", "-c:a", "aac",
	}, more)...)
}

// patched gives a source whose bytes were changed.
func patched(t *testing.T, src media.Source, change func(p []byte, x *index.Index) []byte) media.Source {
	t.Helper()
	p, err := os.ReadFile(src.Path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), bytes.NewReader(p), src.SizeBytes, src.Container)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(src.Path, change(p, x), 0o600); err != nil {
		t.Fatal(err)
	}
	return sourceOf(t, src.Path)
}

// blocksFrom gives the blocks from keyframe k up to the next one.
func blocksFrom(t *testing.T, x *index.Index, k int) []index.Sample {
	t.Helper()
	all, exact, err := x.Tracks[0].KeyframeBlocks(t.Context(), k, k+1)
	if err != nil || !exact || len(all) < 3 {
		t.Fatalf("keyframe %d: %d blocks, exact %v, %v", k, len(all), exact, err)
	}
	return all
}

// TestUntrueCues: a file that is not what its Cues say where nobody looked plays all the same, less what is wrong.
func TestUntrueCues(t *testing.T) {
	const k = 23 // is not looked at
	for name, c := range map[string]struct {
		change func(t *testing.T, p []byte, x *index.Index)
		frames int // at least
	}{
		"not marked as a keyframe": {func(t *testing.T, p []byte, x *index.Index) {
			p[blocksFrom(t, x, 20)[0].Offset-1] &^= 0x80 // a segment begins with it
		}, 500},
		"shown before the keyframe": {func(t *testing.T, p []byte, x *index.Index) {
			all := blocksFrom(t, x, k)
			at := p[all[1].Offset-3:]
			binary.BigEndian.PutUint16(at, binary.BigEndian.Uint16(at)-3000)
		}, 490},
		"overwritten": {func(t *testing.T, p []byte, x *index.Index) {
			all := blocksFrom(t, x, k)
			for i := all[0].Offset; i < all[2].Offset; i++ {
				p[i-4] = 0xA5
			}
		}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			src := patched(t, dense(t), func(p []byte, x *index.Index) []byte {
				c.change(t, p, x)
				return p
			})
			ti := opened(t, src)
			r, ok := ti.video["original"].(*copyTrack)
			if !ok {
				t.Fatalf("it was noticed, and the test is of what is not: %s", ti.assess().Why)
			}
			_, segments := shuffled(t, r)
			if all := samplesOf(t, r.init.Timescale, segments); len(all) < c.frames || len(all) > 500 {
				t.Errorf("%d frames of 500", len(all))
			}
		})
	}
}

// TestMatroskaThatIsBroken: what is wrong everywhere is noticed when the file is opened.
func TestMatroskaThatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		change func(t *testing.T, p []byte, x *index.Index) []byte
	}{
		"cut, Cues in front": {
			[]string{"-reserve_index_space", "20000"},
			func(_ *testing.T, p []byte, _ *index.Index) []byte { return p[:len(p)*6/10] },
		},
		"lengths of NAL units of another size": {nil, func(_ *testing.T, p []byte, x *index.Index) []byte {
			i := bytes.Index(p, x.Tracks[0].CodecPrivate)
			p[i+4] = p[i+4]&^3 | 1
			return p
		}},
		"no parameter sets": {nil, func(_ *testing.T, p []byte, x *index.Index) []byte {
			i := bytes.Index(p, x.Tracks[0].CodecPrivate)
			p[i+5] &^= 0x1f
			return p
		}},
		"start codes": {nil, func(t *testing.T, p []byte, x *index.Index) []byte {
			for k := range x.Tracks[0].Keyframes {
				for _, s := range blocksFrom(t, x, k) {
					copy(p[s.Offset:], "\x00\x00\x00\x01")
				}
			}
			return p
		}},
	} {
		t.Run(name, func(t *testing.T) {
			src := dense(t, c.args...)
			src = patched(t, src, func(p []byte, x *index.Index) []byte { return c.change(t, p, x) })
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			a, err := e.Prepare(t.Context(), src)
			if err != nil {
				t.Skipf("refused: %v", err)
			}
			ti, release, err := e.title(t.Context(), src.ItemID)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if ti.survey.video.verdict.Passthrough || ti.survey.video.verdict.Reason == "" {
				t.Errorf("the picture is passed through: %s", a.Why)
			}
		})
	}
}

// TestSoundOfMatroska: sound that starts late, stops early or has holes keeps its place, and every packet.
func TestSoundOfMatroska(t *testing.T) {
	for name, inputs := range map[string]string{
		"late":    "-f lavfi -i testsrc2=s=64x64:r=25:d=14 -itsoffset 2.5 -f lavfi -i sine=d=10",
		"early":   "-itsoffset 1 -f lavfi -i testsrc2=s=64x64:r=25:d=14 -f lavfi -i sine=d=12",
		"shorter": "-f lavfi -i testsrc2=s=64x64:r=25:d=30 -f lavfi -i sine=d=17",
		"longer":  "-f lavfi -i testsrc2=s=64x64:r=25:d=9 -f lavfi -i sine=d=17",
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, "a.mkv", slices.Concat(strings.Fields(inputs), []string{
				"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac",
			})...)
			ti := opened(t, src)
			r, ok := ti.audio[0].rendition.(*copyTrack)
			if !ok {
				t.Fatalf("not passed through: %s", ti.assess().Why)
			}
			_, segments := shuffled(t, r)
			all := samplesOf(t, r.init.Timescale, segments)
			var own int
			for _, s := range all {
				if !bytes.Equal(s.Data, r.silent) {
					own++
				}
			}
			want := packets(t, src.Path, "0:a:0", nil)
			if own != len(want) {
				t.Errorf("%d packets, the source has %d", own, len(want))
			}
			samePictures(t, src, ti)
		})
	}
}
