package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"testing"

	"dropstream/backend/codec"
	"dropstream/backend/media"
)

// pcm decodes sound to 16 bits a sample, and fails on any decoding error.
func pcm(t *testing.T, file []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skipf("ffmpeg is not here: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-i", "pipe:0", "-f", "s16le", "pipe:1")
	cmd.Stdin = bytes.NewReader(file)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("decode: %v %s", err, errs.String())
	}
	return out.Bytes()
}

// silent makes a file of ten frames and wants it to decode to as much silence.
func silent(t *testing.T, s Sound, timescale uint32, samples int, frame []byte) {
	t.Helper()
	entry, err := s.Entry()
	if err != nil {
		t.Fatal(err)
	}
	file, err := Init{Timescale: timescale, SampleEntry: entry}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const count = 10
	all := make([]Sample, 0, count)
	for n := range count {
		all = append(all, Sample{PTS: media.Ticks(n * samples), Size: uint32(len(frame)), Sync: true})
	}
	segment, err := Segment(1, all, bytes.Repeat(frame, count), 0, media.Ticks(count*samples))
	if err != nil {
		t.Fatal(err)
	}
	got := pcm(t, append(file, segment...))
	if len(got) != count*samples*s.Channels*2 {
		t.Errorf("%d bytes of sound, want %d", len(got), count*samples*s.Channels*2)
	}
	for i, v := range got {
		if v != 0 {
			t.Fatalf("sound at byte %d: %d", i, v)
		}
	}
}

// TestSilenceIsSilent: frames made here decode, and to nothing that is heard.
func TestSilenceIsSilent(t *testing.T) {
	for configuration, channels := range map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8} {
		t.Run(fmt.Sprintf("AAC %d", configuration), func(t *testing.T) {
			config := []byte{0x11, 0x80 | byte(configuration<<3)}
			s := Sound{Codec: media.AAC, Config: config, SampleRate: 48000, Channels: channels}
			silent(t, s, 48000, 1024, codec.AACSilence(configuration))
		})
	}
	six := codec.Opus{
		Channels: 6, InputRate: 48000, Family: 1, Streams: 4, Coupled: 2, Mapping: []byte{0, 4, 1, 2, 3, 5},
	}
	for name, o := range map[string]codec.Opus{
		"mono": {Channels: 1, Streams: 1}, "stereo": {Channels: 2, Streams: 1, Coupled: 1}, "5.1": six,
	} {
		for _, samples := range []int{120, 240, 480, 960, 1920, 2880, 5760} {
			t.Run(fmt.Sprintf("Opus %s %d", name, samples), func(t *testing.T) {
				packet := o.Silence(samples)
				if n := codec.OpusSamples(packet); n != samples {
					t.Errorf("a packet of %d samples, want %d", n, samples)
				}
				s := Sound{Codec: media.Opus, Config: o.DOps(), SampleRate: 48000, Channels: o.Channels}
				silent(t, s, 48000, samples, packet)
			})
		}
	}
	for _, f := range []codec.FLAC{
		{Rate: 44100, Channels: 1, Bits: 16}, {Rate: 96000, Channels: 2, Bits: 24}, {Rate: 8000, Channels: 8, Bits: 8},
	} {
		t.Run(fmt.Sprintf("FLAC %d %d %d", f.Rate, f.Channels, f.Bits), func(t *testing.T) {
			f.Info = make([]byte, 34)
			copy(f.Info, []byte{0x10, 0, 0x10, 0})
			packed := uint64(f.Rate)<<44 | uint64(f.Channels-1)<<41 | uint64(f.Bits-1)<<36
			binary.BigEndian.PutUint64(f.Info[10:], packed)
			s := Sound{Codec: media.FLAC, Config: FLACConfig(f), SampleRate: f.Rate, Channels: f.Channels}
			silent(t, s, uint32(f.Rate), 4096, f.Silence(4096))
		})
	}
}

func TestSoundWithoutConfigurationIsRefused(t *testing.T) {
	for _, c := range []media.Codec{media.Opus, media.FLAC, media.AC3, media.EAC3, "vorbis"} {
		if _, err := (Sound{Codec: c, Config: []byte{1}, SampleRate: 48000, Channels: 2}).Entry(); err == nil {
			t.Errorf("%s without configuration was taken", c)
		}
	}
}
