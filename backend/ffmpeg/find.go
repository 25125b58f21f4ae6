package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"dropstream/backend/fault"
	"dropstream/backend/proc"
)

// maxListBytes bounds what a binary may say of itself.
const maxListBytes = 1 << 20

// What a binary must have to be of use. zscale and tonemap are for HDR only, and bwdif may stand in for yadif.
var (
	neededEncoders = []string{"libx264", "aac"}
	neededFilters  = []string{
		"trim", "tpad", "settb", "scale", "setsar", "format", "aresample", "atrim", "apad", "asetpts", "asettb",
	}
	deinterlacers = []string{"yadif", "bwdif"}
)

// FindOptions say where to look.
type FindOptions struct {
	ExeDir string              // the folder of the program's own executable; "" skips it
	Getenv func(string) string // nil means os.Getenv
}

// Find finds the binaries: the ones named by DROPSTREAM_FFMPEG and DROPSTREAM_FFPROBE, else the ones beside the
// executable or in the folder "ffmpeg" there, else the ones on PATH. It asks them what they can do.
//
// It fails with fault.Unavailable and a sentence that says what to install when one is absent, does not run, or
// lacks what is needed.
func Find(ctx context.Context, o FindOptions) (*Tools, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	t := &Tools{}
	var err error
	if t.FFmpeg, err = locate(o, "ffmpeg", "DROPSTREAM_FFMPEG"); err != nil {
		return nil, err
	}
	if t.FFprobe, err = locate(o, "ffprobe", "DROPSTREAM_FFPROBE"); err != nil {
		return nil, err
	}
	if err := t.askConfined(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fault.Wrap(err, fault.Unavailable, "ffmpeg is there but does not run. "+remedy())
	}
	if lacks := t.lacks(); len(lacks) > 0 {
		return nil, fault.New(fault.Unavailable,
			"This ffmpeg lacks "+strings.Join(lacks, ", ")+". Install a complete one. "+remedy())
	}
	return t, nil
}

// locate finds one binary and makes its path absolute.
func locate(o FindOptions, name, key string) (string, error) {
	if path := o.Getenv(key); path != "" {
		path, err := filepath.Abs(path)
		if err == nil {
			err = runnable(path)
		}
		if err != nil {
			return "", fault.Wrap(err, fault.Unavailable, key+" does not name a program that can be run.")
		}
		return path, nil
	}
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	var dirs []string
	if o.ExeDir != "" {
		dirs = append(dirs, o.ExeDir, filepath.Join(o.ExeDir, "ffmpeg"))
	}
	for _, dir := range filepath.SplitList(o.Getenv("PATH")) {
		if filepath.IsAbs(dir) { // a relative folder would depend on where the program was started
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if path, err := filepath.Abs(filepath.Join(dir, file)); err == nil && runnable(path) == nil {
			return path, nil
		}
	}
	return "", fault.New(fault.Unavailable, name+" is not installed. "+remedy())
}

// runnable says why a path is not a program, or nil.
func runnable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("look at the program: %w", err)
	case !info.Mode().IsRegular(), runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return fmt.Errorf("not a program: %s", path)
	}
	return nil
}

// remedy is what to do when something is missing.
func remedy() string {
	switch runtime.GOOS {
	case "windows":
		return "Install it with: winget install Gyan.FFmpeg"
	case "darwin":
		return "Install it with: brew install ffmpeg"
	default:
		return "Install it with: sudo apt install ffmpeg"
	}
}

// askConfined asks the binaries, and finds out whether they run confined. Most of what is installed does; a binary
// that is a script around another, or whose libraries lie in unusual places, does not, and must run all the same.
func (t *Tools) askConfined(ctx context.Context) error {
	trial := make(chan error, 1)
	go func() { trial <- t.CheckEncode(ctx) }()
	err := t.ask(ctx)
	broken := <-trial
	if err == nil && broken == nil || ctx.Err() != nil {
		return err
	}
	free := &Tools{FFmpeg: t.FFmpeg, FFprobe: t.FFprobe, Unconfined: errors.Join(err, broken)}
	if err != nil || free.CheckEncode(ctx) == nil { // else it encodes nothing either way, and CheckEncode tells
		err = free.ask(ctx)
		*t = *free
	}
	return err
}

// ask asks the binaries for their version and abilities, all at once.
func (t *Tools) ask(ctx context.Context) error {
	questions := []struct{ path, option string }{
		{t.FFprobe, "-version"},
		{t.FFmpeg, "-version"},
		{t.FFmpeg, "-encoders"},
		{t.FFmpeg, "-filters"},
		{t.FFmpeg, "-decoders"},
	}
	answers, failures := make([][]byte, len(questions)), make([]error, len(questions))
	var wg sync.WaitGroup
	for i, q := range questions {
		wg.Go(func() { answers[i], failures[i] = t.list(ctx, q.path, q.option) })
	}
	wg.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	for _, out := range answers[:2] {
		words := strings.Fields(string(out)) // "ffmpeg version 5.1.9-0+deb12u1 Copyright ..."
		if len(words) < 3 || words[1] != "version" {
			return errors.New("no version in what the program says")
		}
		t.setVersion(words[2])
	}
	t.Encoders, t.Filters, t.Decoders = column(answers[2], 1), column(answers[3], 1), codecs(answers[4])
	return nil
}

func (t *Tools) list(ctx context.Context, path, option string) ([]byte, error) {
	out, err := proc.Output(ctx, withCPU(t.spec(path, Args{"-hide_banner", option}), 20), maxListBytes)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", option, err)
	}
	return out, nil
}

// column is the set of the words in one column of a list, whatever heading it has.
func column(list []byte, i int) map[string]bool {
	set := make(map[string]bool)
	for sc := bufio.NewScanner(bytes.NewReader(list)); sc.Scan(); {
		if words := strings.Fields(sc.Text()); len(words) > i {
			set[words[i]] = true
		}
	}
	return set
}

// codecs is the set of the codecs that a list of decoders can decode with decoders that are let touch a source. A
// line names the decoder, and at its end the codec where that is another: " V....D libdav1d  dav1d (codec av1)".
func codecs(list []byte) map[string]bool {
	set := make(map[string]bool)
	for sc := bufio.NewScanner(bytes.NewReader(list)); sc.Scan(); {
		words := strings.Fields(sc.Text())
		if len(words) < 3 || !slices.Contains(decoders, words[1]) {
			continue
		}
		codec := words[1]
		if n := len(words); words[n-2] == "(codec" {
			codec = strings.TrimSuffix(words[n-1], ")")
		}
		set[codec] = true
	}
	return set
}

// lacks names what is needed and missing.
func (t *Tools) lacks() (names []string) {
	for _, e := range neededEncoders {
		if !t.Encoders[e] {
			names = append(names, "the encoder "+e)
		}
	}
	for _, f := range neededFilters {
		if !t.Filters[f] {
			names = append(names, "the filter "+f)
		}
	}
	if !slices.ContainsFunc(deinterlacers, func(f string) bool { return t.Filters[f] }) {
		names = append(names, "the filter "+deinterlacers[0])
	}
	return names
}
