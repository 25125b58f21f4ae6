package fakeffmpeg

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const encoder = "h264_nvenc"

// Main plays the fake, and does not return, when this process was started as one.
func Main() {
	if dir := os.Getenv(dirKey); dir != "" {
		os.Exit(play(dir, os.Args[1:]))
	}
}

// fake is one run.
type fake struct {
	dir, real string
	mode      Mode
	test      bool // a test encode
}

func play(dir string, args []string) int {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return string(data)
	}
	f := fake{dir: dir, real: read("real"), mode: Mode(read("mode"))}
	switch {
	case slices.Contains(args, encoder):
		f.test = slices.Contains(args, "rawvideo") && slices.Contains(args, "pipe:0")
		return f.encode(args)
	case slices.Equal(args, []string{"-hide_banner", "-encoders"}):
		return f.run(args, f.list)
	}
	return f.run(args, copyAll)
}

// list hands the list of encoders on, with this one in it or not.
func (f fake) list(w io.Writer, r io.Reader) error {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if !strings.Contains(lines.Text(), encoder) {
			_, _ = fmt.Fprintln(w, lines.Text())
		}
	}
	if f.mode != Unlisted {
		_, _ = fmt.Fprintln(w, " V....D "+encoder+"           NVIDIA NVENC H.264 encoder (codec h264)")
	}
	return nil
}

// run runs the real ffmpeg, what it writes handed on by pass.
func (f fake) run(args []string, pass func(io.Writer, io.Reader) error) int {
	cmd := exec.CommandContext(context.Background(), f.real, args...)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 3
	}
	if err := pass(os.Stdout, out); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_, _ = fmt.Fprintln(os.Stderr, "fake encoder:", err)
		return 1
	}
	if err := cmd.Wait(); err != nil {
		return 1
	}
	return 0
}

func copyAll(w io.Writer, r io.Reader) error {
	_, err := io.Copy(w, r)
	return err
}

// encode encodes with libx264 in hardware's place.
func (f fake) encode(args []string) int {
	f.note()
	bad := !f.test || failsTest[f.mode]
	if bad && (f.mode == Refuses || f.mode == DiesAtOnce) || f.mode == OneSession && !f.open() {
		_, _ = fmt.Fprintln(os.Stderr, "fake encoder: OpenEncodeSessionEx failed: out of memory (10)")
		return 1
	}
	return f.run(f.x264(args, bad), f.pass(bad))
}

// note counts the run.
func (f fake) note() {
	kind := "head"
	if f.test {
		kind = "test"
	}
	w, err := os.CreateTemp(f.dir, kind+"-*") // an empty file, which is all that a head may write
	_ = w.Close()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
	}
}

// x264 is the command with the encoder's words replaced.
func (f fake) x264(args []string, bad bool) []string {
	from := slices.Index(args, encoder) - 1
	to := from
	for !slices.Contains([]string{"-force_key_frames", "-frames:v", "-video_track_timescale"}, args[to]) {
		to++
	}
	before, after := slices.Clone(args[:from]), slices.Clone(args[to:])
	reference := 1
	if f.mode == Sets {
		reference = 1 + rand.IntN(4)
	}
	words := strings.Fields("-c:v libx264 -preset ultrafast -crf 20 -profile:v high -level:v 4.0 -bf 0 -forced-idr 1")
	words = append(words, "-x264-params", fmt.Sprintf("keyint=9999:min-keyint=1:scenecut=0:ref=%d", reference))
	if bad && (f.mode == Keyframes || f.mode == Misplaces) && after[0] == "-force_key_frames" {
		after = after[2:]
	}
	extra := ""
	switch {
	case !bad:
	case f.mode == Green:
		extra = ",lutyuv=y=80:u=60:v=60"
	case f.mode == Drops, f.mode == Swallows:
		extra = ",select='mod(n+1,10)'"
	case f.mode == Size:
		extra = ",scale=iw/2:-2"
	}
	before[slices.Index(before, "-vf")+1] += extra
	return slices.Concat(before, words, after)
}

// Where in a run things happen, in pictures.
const (
	middle = 40
	later  = 75
	pause  = 150 * time.Millisecond // after each picture
)

// pass hands boxes on, and fails.
func (f fake) pass(bad bool) func(io.Writer, io.Reader) error {
	if !bad {
		return copyAll
	}
	return func(w io.Writer, r io.Reader) error {
		in := bufio.NewReader(r)
		for pictures := 0; ; {
			head, err := in.Peek(8)
			if err != nil {
				return nil //nolint:nilerr // the end
			}
			kind := string(head[4:])
			box := make([]byte, binary.BigEndian.Uint32(head))
			if _, err := io.ReadFull(in, box); err != nil {
				return err
			}
			if kind == "mdat" {
				pictures++
				if err := f.picture(pictures, box[8:]); err != nil {
					return err
				}
			}
			if _, err := w.Write(box); err != nil {
				return err
			}
		}
	}
}

// picture does to a picture what the mode says.
func (f fake) picture(n int, data []byte) error {
	switch f.mode {
	case Dies:
		if n == middle {
			return io.ErrUnexpectedEOF
		}
	case Hangs:
		if n == middle {
			time.Sleep(time.Hour) // until it is killed
		}
	case Slow:
		time.Sleep(pause)
	case Garbage:
		const head = 8 // of a NAL unit: what a look from outside sees stays
		for len(data) > 4 {
			nal := data[4:min(len(data), 4+int(binary.BigEndian.Uint32(data)))]
			for i := head; i < len(nal) && nal[0]&0x1f <= 5; i++ {
				nal[i] = byte(rand.Uint32())
			}
			data = data[4+len(nal):]
		}
	case GarbageLate:
		for i := 0; n >= later && i < len(data); i++ {
			data[i] = byte(rand.Uint32())
		}
	default:
	}
	return nil
}
