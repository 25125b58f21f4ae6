package index_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dropstream/backend/index"
	"dropstream/backend/media"
)

// mediaDir is the folder of real files, or a visible skip.
func mediaDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no folder of real media: %v", err)
	}
	return dir
}

// needTool skips where a program that the test compares with is not installed.
func needTool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s: %v", name, err)
	}
	return p
}

// container is what a file's name says; the files here say the truth.
func container(name string) media.Container {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".mp4", ".m4a", ".m4v":
		return media.MP4
	case ".mov":
		return media.QuickTime
	case ".mkv":
		return media.Matroska
	case ".webm":
		return media.WebM
	default:
		return ""
	}
}

// open opens a file's index; the file is closed with the test.
func open(t testing.TB, path string) *index.Index {
	t.Helper()
	x, err := tryOpen(t, path)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return x
}

func tryOpen(t testing.TB, path string) (*index.Index, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return index.Open(context.Background(), f, st.Size(), container(path))
}

func readAll(t testing.TB, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func openBytes(p []byte, c media.Container) (*index.Index, error) {
	return index.Open(context.Background(), bytes.NewReader(p), int64(len(p)), c)
}

// packet is what ffprobe says of one packet.
type packet struct {
	Stream int    `json:"stream_index"`
	PTS    *int64 `json:"pts"`
	DTS    *int64 `json:"dts"`
	Size   string `json:"size"`
	Pos    string `json:"pos"`
	Flags  string `json:"flags"`
}

func (p packet) key() bool     { return strings.HasPrefix(p.Flags, "K") }
func (p packet) discard() bool { return strings.Contains(p.Flags, "D") }
func (p packet) size() int64   { return number(p.Size) }
func (p packet) pos() int64    { return number(p.Pos) }

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// stream is what ffprobe says of one stream.
type stream struct {
	Index      int    `json:"index"`
	Type       string `json:"codec_type"`
	Codec      string `json:"codec_name"`
	Tag        string `json:"codec_tag_string"`
	Profile    string `json:"profile"`
	Level      int    `json:"level"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	PixFmt     string `json:"pix_fmt"`
	SAR        string `json:"sample_aspect_ratio"`
	FrameRate  string `json:"avg_frame_rate"`
	SampleRate string `json:"sample_rate"`
	Channels   int    `json:"channels"`
	Layout     string `json:"channel_layout"`
	TimeBase   string `json:"time_base"`
	StartTime  string `json:"start_time"`
	Duration   string `json:"duration"`
	Transfer   string `json:"color_transfer"`
	Primaries  string `json:"color_primaries"`
	Space      string `json:"color_space"`
	Field      string `json:"field_order"`
	Tags       struct {
		Language string `json:"language"`
	} `json:"tags"`
	SideData []struct {
		Type     string `json:"side_data_type"`
		Rotation int    `json:"rotation"`
		Profile  int    `json:"dv_profile"`
	} `json:"side_data_list"`
}

// probe runs ffprobe on a file.
func probe(t testing.TB, path string, args ...string) (ps []packet, ss []stream, format map[string]any) {
	t.Helper()
	tool := needTool(t, "ffprobe")
	args = append([]string{"-v", "error", "-of", "json"}, args...)
	out, err := exec.Command(tool, append(args, path)...).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v", path, err)
	}
	var got struct {
		Packets []packet
		Streams []stream
		Format  map[string]any
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("read ffprobe's answer: %v", err)
	}
	return got.Packets, got.Streams, got.Format
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
