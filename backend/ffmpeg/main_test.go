package ffmpeg

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"dropstream/backend/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var findOnce = sync.OnceValues(func() (*Tools, error) { return Find(context.Background(), FindOptions{}) })

// tools are the real binaries; the test is skipped where there are none.
func tools(tb testing.TB) *Tools {
	tb.Helper()
	t, err := findOnce()
	if err != nil {
		tb.Skipf("no ffmpeg: %v", err)
	}
	return t
}

// containers are the true containers of the files of the media folder, by extension.
var containers = map[string]media.Container{
	".mp4": media.MP4, ".mov": media.QuickTime, ".mkv": media.Matroska, ".webm": media.WebM, ".ts": media.MPEGTS,
	".avi": media.AVI, ".flv": media.FLV, ".mpg": media.MPEGPS, ".asf": media.ASF, ".ogv": media.Ogg,
	".mxf": media.MXF,
}

// source is a file as a source, its container taken from its extension.
func source(tb testing.TB, path string) media.Source {
	tb.Helper()
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	return media.Source{
		Path: path, Container: containers[strings.ToLower(filepath.Ext(path))],
		SizeBytes: info.Size(), ModTime: info.ModTime(),
	}
}

// mediaFolder is the folder of real files; the test is skipped where it is not.
func mediaFolder(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		tb.Skip("the folder of real media files is not here (DROPSTREAM_MEDIA names it)")
	}
	return dir
}

// generate makes a file with the real ffmpeg, freely, as others make theirs, and gives it as a source.
func generate(tb testing.TB, name string, args ...string) media.Source {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	words := append(append([]string{"-v", "error", "-nostdin", "-y"}, args...), "file:"+path)
	out, err := exec.CommandContext(tb.Context(), tools(tb).FFmpeg, words...).CombinedOutput()
	if err != nil {
		tb.Fatalf("generate %s: %v\n%s", name, err, out)
	}
	return source(tb, path)
}
