package hls

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// source is what ffprobe and ffmpeg say of the source file: the truth to compare with.
type source struct {
	path       string
	video      *sourceStream // the first that is no attached picture
	streams    []sourceStream
	pictures   []picture
	long       bool     // too long to decode whole: pictures holds its packets in the order they are shown
	complaints []string // what ffmpeg says when it decodes the source itself
	start      float64  // seconds: where the presentation starts on the file's clock
	duration   float64  // seconds, as the container says
}

// sourceStream is a stream of ffprobe's.
type sourceStream struct {
	Index       int               `json:"index"`
	Kind        string            `json:"codec_type"`
	Codec       string            `json:"codec_name"`
	Width       int               `json:"width"`
	Height      int               `json:"height"`
	Aspect      string            `json:"sample_aspect_ratio"`
	FieldOrder  string            `json:"field_order"`
	Transfer    string            `json:"color_transfer"`
	Start       string            `json:"start_time"`
	Duration    string            `json:"duration"`
	FrameRate   string            `json:"avg_frame_rate"`
	Disposition map[string]int    `json:"disposition"`
	SideData    []json.RawMessage `json:"side_data_list"`
}

// probe asks ffprobe about a file; "" reads stdin.
func (c *checker) probe(ctx context.Context, file string, stdin []byte) (*source, error) {
	out, _, err := c.run(ctx, c.o.FFprobe, stdin,
		"-v", "error", "-of", "json", "-show_streams", "-show_format", input(file))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Streams []sourceStream `json:"streams"`
		Format  struct {
			Start    string `json:"start_time"`
			Duration string `json:"duration"`
		} `json:"format"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("read ffprobe's answer: %w", err)
	}
	s := &source{path: file, streams: answer.Streams}
	s.start, _ = strconv.ParseFloat(answer.Format.Start, 64)
	s.duration, _ = strconv.ParseFloat(answer.Format.Duration, 64)
	return s, nil
}

// loadSource probes and decodes the source.
func (c *checker) loadSource(ctx context.Context) {
	s, err := c.probe(ctx, c.o.Source, nil)
	if err != nil {
		c.report.note("the source cannot be probed, so nothing is compared with it: %v", err)
		return
	}
	for i := range s.streams {
		if st := &s.streams[i]; st.Kind == "video" && st.Disposition["attached_pic"] == 0 && s.video == nil {
			s.video = st
		}
	}
	if s.video != nil {
		s.long = s.duration > c.o.Whole.Seconds()
		if s.long {
			s.pictures, err = c.packets(ctx, s.path, "V:0", "")
			slices.SortFunc(s.pictures, func(a, b picture) int { return cmp.Compare(a.us, b.us) })
		} else {
			s.pictures, s.complaints, err = c.pictures(ctx, s.path, nil, "-copyts")
		}
		if err != nil {
			c.report.note("ffmpeg on the source: %v", err)
		}
		s.fromStart(s.pictures)
	}
	c.source = s
}

// fromStart puts times that were read with -copyts on the presentation's timeline. Left to itself, ffmpeg starts at
// the first time of the streams that it reads, which for MPEG-TS differs from run to run.
func (s *source) fromStart(pictures []picture) {
	for i := range pictures {
		pictures[i].us -= int64(s.start * 1e6)
	}
}

// rotation is the quarter turns that the stream's display matrix asks for, in degrees, as ffprobe counts them.
func (s *sourceStream) rotation() int {
	for _, raw := range s.SideData {
		var side struct {
			Rotation *float64 `json:"rotation"`
		}
		if json.Unmarshal(raw, &side) == nil && side.Rotation != nil {
			return ((int(*side.Rotation) % 360) + 360) % 360
		}
	}
	return 0
}

// display is the size to show: pixels made square, then turned.
func (s *sourceStream) display() (width, height float64) {
	width, height = float64(s.Width), float64(s.Height)
	if num, den := ratio(s.Aspect, ":"); num > 0 && den > 0 {
		width *= num / den
	}
	if r := s.rotation(); r == 90 || r == 270 {
		width, height = height, width
	}
	return width, height
}

// frame is how long a picture lasts on average, in microseconds; 40 ms when that is not known.
func (s *sourceStream) frame() int64 {
	if num, den := ratio(s.FrameRate, "/"); num > 0 && den > 0 {
		return int64(1e6 * den / num)
	}
	return 40_000
}

func ratio(text, separator string) (num, den float64) {
	n, d, _ := strings.Cut(text, separator)
	num, _ = strconv.ParseFloat(n, 64)
	den, _ = strconv.ParseFloat(d, 64)
	return num, den
}
