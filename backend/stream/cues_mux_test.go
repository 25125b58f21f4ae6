package stream

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// el is an EBML element with a size of eight bytes.
func el(id uint32, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	p := bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, id), "\x00")
	p = binary.BigEndian.AppendUint64(p, 1<<56|uint64(len(body)))
	return append(p, body...)
}

func num(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// muxed writes the tracks of a Matroska file anew, as other muxers do: frames without their first bytes, sound in
// laces, pictures in groups, one Cluster for each keyframe.
func muxed(t *testing.T, src media.Source, stripped []byte, lace int) media.Source {
	t.Helper()
	p, err := os.ReadFile(src.Path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), bytes.NewReader(p), src.SizeBytes, src.Container)
	if err != nil {
		t.Fatal(err)
	}
	v, a := x.Tracks[0], x.Tracks[1]
	sound, err := a.BlocksBetween(t.Context(), -1000, math.MaxInt32)
	if err != nil {
		t.Fatal(err)
	}
	var encodings []byte
	if stripped != nil {
		encodings = el(0x6D80, el(0x6240, el(0x5034, el(0x4254, []byte{3}), el(0x4255, stripped))))
	}
	tracks := el(0x1654AE6B,
		el(0xAE, el(0xD7, num(1)), el(0x73C5, num(1)), el(0x83, num(1)), el(0x86, []byte("V_MPEG4/ISO/AVC")),
			el(0x63A2, v.CodecPrivate), encodings, el(0xE0, el(0xB0, num(320)), el(0xBA, num(180)))),
		el(0xAE, el(0xD7, num(2)), el(0x73C5, num(2)), el(0x83, num(2)), el(0x86, []byte("A_AAC")),
			el(0x63A2, a.CodecPrivate),
			el(0xE1, el(0xB5, num(math.Float32bits(48000))), el(0x9F, num(uint32(a.Audio.Channels))))))
	info := el(0x1549A966, el(0x2AD7B1, num(1_000_000)),
		el(0x4489, binary.BigEndian.AppendUint32(nil, math.Float32bits(20_050))))
	body := slices.Concat(info, tracks)
	cues := make([][]byte, 0, len(v.Keyframes))
	for i, k := range v.Keyframes {
		group, _, err := v.KeyframeBlocks(t.Context(), i, i+1)
		if err != nil {
			t.Fatal(err)
		}
		end := int64(math.MaxInt64)
		if i+1 < len(v.Keyframes) {
			end = v.Keyframes[i+1].PTS
		}
		cluster := el(0xE7, num(uint32(k.PTS)))
		for n, s := range group {
			data := p[s.Offset : s.Offset+int64(s.Size)]
			if !bytes.HasPrefix(data, stripped) {
				t.Fatalf("a frame begins with %x", data[:4])
			}
			block := binary.BigEndian.AppendUint16([]byte{0x81}, uint16(s.PTS()-k.PTS))
			b := el(0xA1, block, []byte{0}, data[len(stripped):])
			if n > 0 {
				b = append(b, el(0xFB, []byte{0xd8})...)
			}
			cluster = append(cluster, el(0xA0, b)...)
		}
		for len(sound) > 0 && sound[0].PTS() < end {
			n := min(lace, len(sound))
			block := binary.BigEndian.AppendUint16([]byte{0x82}, uint16(sound[0].PTS()-a.PresentationOffset()-k.PTS))
			block = append(block, 0x82, byte(n-1)) // Xiph lacing
			for _, s := range sound[:n-1] {
				block = append(append(block, bytes.Repeat([]byte{255}, int(s.Size/255))...), byte(s.Size%255))
			}
			for _, s := range sound[:n] {
				block = append(block, p[s.Offset:s.Offset+int64(s.Size)]...)
			}
			cluster = append(cluster, el(0xA3, block)...)
			sound = sound[n:]
		}
		cues = append(cues, el(0xBB, el(0xB3, num(uint32(k.PTS))),
			el(0xB7, el(0xF7, []byte{1}), el(0xF1, num(uint32(len(body)))))))
		body = append(body, el(0x1F43B675, cluster)...)
	}
	body = append(body, el(0x1C53BB6B, cues...)...)
	file := slices.Concat(el(0x1A45DFA3, el(0x4282, []byte("matroska"))), el(0x18538067, body))
	path := filepath.Join(t.TempDir(), "b.mkv")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return sourceOf(t, path)
}

// TestOtherMuxers: what ffmpeg reads and does not write passes through like what it writes.
func TestOtherMuxers(t *testing.T) {
	plain := clip(t, "a.mkv", slices.Concat(long, []string{
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-bf", "3", "-c:a", "aac",
	})...)
	for name, c := range map[string]struct {
		stripped []byte
		lace     int
	}{
		"plain":           {nil, 1},
		"header stripped": {[]byte{0}, 1},
		"laced":           {nil, 7},
		"both":            {[]byte{0}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			src := muxed(t, plain, c.stripped, c.lace)
			ti := opened(t, src)
			samePictures(t, src, ti)
			sameSound(t, src, ti, 0)
		})
	}
}
