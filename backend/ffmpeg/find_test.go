package ffmpeg

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
)

func TestVersion(t *testing.T) {
	for _, tt := range []struct {
		version             string
		major, minor, patch int
		advice              string
	}{
		{"5.1.9-0+deb12u1", 5, 1, 9, adviceDistribution},
		{"6.1.1-3ubuntu5", 6, 1, 1, adviceDistribution},
		{"6.1.1", 6, 1, 1, adviceOld},
		{"7.0.9", 7, 0, 9, adviceOld},
		{"n7.1", 7, 1, 0, adviceOld},
		{"7.1.4", 7, 1, 4, adviceOld},
		{"7.1.5", 7, 1, 5, ""},
		{"8.0.2", 8, 0, 2, adviceOld},
		{"8.0.3", 8, 0, 3, ""},
		{"8.1", 8, 1, 0, adviceOld},
		{"8.1.1", 8, 1, 1, adviceOld},
		{"8.1.2-full_build-www.gyan.dev", 8, 1, 2, ""},
		{"8.2", 8, 2, 0, ""},
		{"n9.0.1", 9, 0, 1, ""},
		{"10.0", 10, 0, 0, ""},
		{"N-118000-gdeadbeef", 0, 0, 0, adviceUnknown},
		{"2026-01-01-git-abc", 0, 0, 0, adviceUnknown},
		{"8.1.2.3", 0, 0, 0, adviceUnknown},
		{"", 0, 0, 0, adviceUnknown},
	} {
		t.Run(tt.version, func(t *testing.T) {
			var got Tools
			got.setVersion(tt.version)
			want := Tools{
				Version: tt.version, Major: tt.major, Minor: tt.minor, Patch: tt.patch,
				BelowSecurityFloor: tt.advice != "", FloorAdvice: tt.advice,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindTheRealOnes(t *testing.T) {
	got := tools(t)
	if !filepath.IsAbs(got.FFmpeg) || !filepath.IsAbs(got.FFprobe) {
		t.Errorf("paths are not absolute: %s, %s", got.FFmpeg, got.FFprobe)
	}
	if got.Version == "" || !got.Encoders["libx264"] || !got.Filters["scale"] {
		t.Errorf("version %q, libx264 %v, scale %v", got.Version, got.Encoders["libx264"], got.Filters["scale"])
	}
	for _, codec := range []string{"h264", "hevc", "vp9", "av1", "mpeg2video", "aac", "ac3", "mp3", "opus", "subrip"} {
		if !got.Decoders[codec] {
			t.Errorf("cannot decode %s", codec)
		}
	}
	for _, codec := range []string{"magicyuv", "ansi", "libdav1d", "....."} {
		if got.Decoders[codec] {
			t.Errorf("claims the codec %s", codec)
		}
	}
}

// script makes a program of a few lines that plays an ffmpeg.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindSaysWhatIsWrong(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins are shell scripts")
	}
	dir := t.TempDir()
	notProgram := filepath.Join(dir, "text")
	if err := os.WriteFile(notProgram, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := script(t, dir, "broken", "echo nothing works >&2; exit 1\n")
	silent := script(t, dir, "silent", "exit 0\n")
	poor := script(t, dir, "poor", `case "$2" in -version) echo ffmpeg version 8.1.2 x;; esac`)
	for _, tt := range []struct {
		name string
		env  map[string]string
		says string
	}{
		{"nothing anywhere", nil, "ffmpeg is not installed. Install it"},
		{"a relative PATH", map[string]string{"PATH": "."}, "ffmpeg is not installed. Install it"},
		{"a wrong name", map[string]string{"DROPSTREAM_FFMPEG": dir + ".none"}, "DROPSTREAM_FFMPEG does not"},
		{"no program", map[string]string{"DROPSTREAM_FFMPEG": notProgram}, "DROPSTREAM_FFMPEG does not"},
		{"a folder", map[string]string{"DROPSTREAM_FFMPEG": dir}, "DROPSTREAM_FFMPEG does not"},
		{"half", map[string]string{"DROPSTREAM_FFMPEG": broken}, "ffprobe is not installed."},
		{
			"broken",
			map[string]string{"DROPSTREAM_FFMPEG": broken, "DROPSTREAM_FFPROBE": broken},
			"ffmpeg is there but does not run.",
		},
		{
			"silent",
			map[string]string{"DROPSTREAM_FFMPEG": silent, "DROPSTREAM_FFPROBE": silent},
			"ffmpeg is there but does not run.",
		},
		{
			"poor",
			map[string]string{"DROPSTREAM_FFMPEG": poor, "DROPSTREAM_FFPROBE": poor},
			"This ffmpeg lacks the encoder libx264, the encoder aac, the filter trim",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Find(t.Context(), FindOptions{Getenv: func(k string) string { return tt.env[k] }})
			if fault.CodeOf(err) != fault.Unavailable {
				t.Fatalf("got %v, want unavailable", err)
			}
			said := fault.MessageOf(err)
			if !strings.HasPrefix(said, tt.says) || strings.Contains(said, dir) {
				t.Errorf("says %q, want %q and no path", said, tt.says)
			}
		})
	}
}

func TestFindLooksBesideTheProgramFirst(t *testing.T) {
	found := tools(t)
	if runtime.GOOS == "windows" {
		t.Skip("no links")
	}
	dir := t.TempDir()
	inner := filepath.Join(dir, "ffmpeg")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(found.FFmpeg, filepath.Join(inner, "ffmpeg")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(found.FFprobe, filepath.Join(dir, "ffprobe")); err != nil {
		t.Fatal(err)
	}
	getenv := func(k string) string {
		if k == "PATH" {
			return filepath.Dir(found.FFmpeg)
		}
		return ""
	}
	got, err := Find(t.Context(), FindOptions{ExeDir: dir, Getenv: getenv})
	if err != nil {
		t.Fatal(err)
	}
	// The folder that bears ffmpeg's name is no program: the one inside is.
	if got.FFmpeg != filepath.Join(inner, "ffmpeg") || got.FFprobe != filepath.Join(dir, "ffprobe") {
		t.Errorf("found %s and %s", got.FFmpeg, got.FFprobe)
	}
}

func TestFindStopsWithItsContext(t *testing.T) {
	_ = tools(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, FindOptions{}); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
}

func TestCheckEncode(t *testing.T) {
	if err := tools(t).CheckEncode(t.Context()); err != nil {
		t.Fatal(err)
	}
	broken := *tools(t)
	broken.FFmpeg = broken.FFprobe
	if err := broken.CheckEncode(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}
