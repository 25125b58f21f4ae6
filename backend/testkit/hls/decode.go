package hls

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// decodeTimeout bounds one run of ffmpeg: a decoder that hangs is a finding, not the end of the tests.
const decodeTimeout = 10 * time.Minute

// picture is a decoded picture: when it is shown, by ffmpeg's reckoning, and the MD5 of its planes.
type picture struct {
	us  int64
	md5 string
}

// run starts ffmpeg or ffprobe and gives its output and the lines of its complaints.
func (c *checker) run(ctx context.Context, program string, stdin []byte, args ...string) ([]byte, []string, error) {
	ctx, cancel := context.WithTimeout(ctx, decodeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = 5 * time.Second
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var errs []string
	for line := range strings.SplitSeq(strings.TrimSpace(complaints.String()), "\n") {
		if line != "" {
			errs = append(errs, line)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", program, err, strings.Join(errs[max(0, len(errs)-2):], "; "))
	}
	return out.Bytes(), errs, err
}

// pictures decodes a video track to the MD5s of its pictures. file is a path; "" reads stdin.
func (c *checker) pictures(
	ctx context.Context, file string, stdin []byte, format ...string,
) ([]picture, []string, error) {
	args := append([]string{"-v", "error", "-noautorotate"}, format...)
	args = append(args, "-i", input(file), "-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base", "-1",
		"-f", "framemd5", "-")
	out, errs, err := c.run(ctx, c.o.FFmpeg, stdin, args...)
	pictures := parseFrameMD5(out)
	return pictures, errs, err
}

// packets reads a track's packets, undecoded, on the file's own clock. Filter is a bitstream filter, "" for none.
func (c *checker) packets(ctx context.Context, file, index, filter string) ([]picture, error) {
	args := []string{"-v", "error", "-copyts", "-i", input(file), "-map", "0:" + index, "-c", "copy"}
	if filter != "" {
		args = append(args, "-bsf", filter)
	}
	out, _, err := c.run(ctx, c.o.FFmpeg, nil, append(args, "-f", "framemd5", "-")...)
	return parseFrameMD5(out), err
}

func input(file string) string {
	if file == "" {
		return "pipe:0"
	}
	return "file:" + file
}

// parseFrameMD5 reads the lines of ffmpeg's framemd5: stream, dts, pts, duration, size, hash.
func parseFrameMD5(out []byte) []picture {
	var all []picture
	num, den := int64(1), int64(1_000_000)
	scanner := bufio.NewScanner(bytes.NewReader(out))
	for scanner.Scan() {
		line := scanner.Text()
		if tb, ok := strings.CutPrefix(line, "#tb 0: "); ok {
			n, d, _ := strings.Cut(tb, "/")
			num, _ = strconv.ParseInt(n, 10, 64)
			den, _ = strconv.ParseInt(d, 10, 64)
		}
		fields := strings.Split(line, ",")
		if strings.HasPrefix(line, "#") || len(fields) < 6 || den == 0 {
			continue
		}
		pts, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err != nil {
			continue
		}
		us := int64(math.Round(float64(pts) * float64(num) / float64(den) * 1e6))
		all = append(all, picture{us, strings.TrimSpace(fields[5])})
	}
	return all
}

// soundRate is the rate that sound is compared at, in hertz: far finer than 20 ms, and cheap.
const soundRate = 8000

// sound decodes an audio track of some bytes, from a time on; see samples.
func (c *checker) sound(ctx context.Context, stdin []byte, from int64) ([]float32, []string, error) {
	return c.samples(ctx, "", stdin, "a:0", float64(from)/1e6)
}

// truth decodes an audio track of the source, from the presentation's start; see samples.
func (c *checker) truth(ctx context.Context, index string) ([]float32, error) {
	samples, _, err := c.samples(ctx, c.source.path, nil, index, c.source.start)
	return samples, err
}

// samples decodes sound to one channel at soundRate, from a time on, in seconds. Time stamps are kept to, as a player
// keeps to them: holes become silence, and what comes before is dropped.
func (c *checker) samples(
	ctx context.Context, file string, stdin []byte, index string, from float64,
) ([]float32, []string, error) {
	filter := fmt.Sprintf("asetpts=PTS-(%f)/TB,aresample=async=1:min_hard_comp=0.02:first_pts=0", from)
	out, errs, err := c.run(ctx, c.o.FFmpeg, stdin, "-v", "error", "-copyts", "-i", input(file), "-map", "0:"+index,
		"-af", filter, "-ac", "1", "-ar", strconv.Itoa(soundRate), "-f", "f32le", "-")
	samples := make([]float32, len(out)/4)
	for i := range samples {
		samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(out[4*i:]))
	}
	return samples, errs, err
}

// luma decodes a video track to the mean brightness of each picture, 0 to 255.
func (c *checker) luma(ctx context.Context, file string, stdin []byte) ([]float64, error) {
	const size = 16 * 16
	out, _, err := c.run(ctx, c.o.FFmpeg, stdin, "-v", "error", "-i", input(file), "-map", "0:V:0",
		"-fps_mode", "passthrough", "-vf", "scale=16:16:flags=area,format=gray", "-f", "rawvideo", "-")
	var all []float64
	for len(out) >= size {
		sum := 0
		for _, b := range out[:size] {
			sum += int(b)
		}
		all = append(all, float64(sum)/size)
		out = out[size:]
	}
	return all, err
}

// annexB is H.264 or H.265 as a byte stream (ISO/IEC 14496-10 annex B): parameter sets, then the samples of the
// segments in the order given. Time stamps are gone, so that segments can follow each other in any order.
func (t *track) annexB(segments []*segment) ([]byte, error) {
	start := []byte{0, 0, 0, 1}
	var b bytes.Buffer
	for _, set := range t.parameterSets {
		b.Write(start)
		b.Write(set)
	}
	for _, s := range segments {
		for _, sample := range s.samples {
			nals, err := t.nals(sample.Data)
			if err != nil {
				return nil, fmt.Errorf("segment %d: %w", s.n, err)
			}
			for _, nal := range nals {
				b.Write(start)
				b.Write(nal)
			}
		}
	}
	return b.Bytes(), nil
}
