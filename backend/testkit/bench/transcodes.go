package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// transcodes measures first segments, cold seeks and whole files against the same ffmpeg commands run bare.
func (b *bench) transcodes() error {
	for _, c := range []struct{ name, what string }{
		{"1080p-h264.mkv", "1080p H.264 MKV at 360p"}, // its own size is passed through
		{"1080p-hevc.mkv", "1080p HEVC"},
		{"4k-hevc-10bit.mkv", "4K HEVC 10-bit"},
	} {
		path, err := b.clip(c.name)
		if err != nil {
			return err
		}
		if err := b.cold(path, "first transcoded segment, "+c.what, 0, (*item).transcoded); err != nil {
			return err
		}
		if err := b.cold(path, "cold seek, "+c.what, 0.6, (*item).transcoded); err != nil {
			return err
		}
		if err := b.whole(path, "whole file transcoded, "+c.what); err != nil {
			return err
		}
	}
	return nil
}

// kinds measures the first segment of the best rendition of every kind of source, for a player of the baseline: what
// is transcoded against the same command run bare, what is not against ffmpeg copying the same stretch.
func (b *bench) kinds() error {
	for _, c := range []struct{ name, what string }{
		{"1080p-h264.mp4", "H.264 in MP4, 1080p"},
		{"10-hours.mp4", "H.264 in MP4, 10 hours"},
		{"1080p-h264.mkv", "H.264 in Matroska, 1080p"},
		{"720p-h264.ts", "H.264 in MPEG-TS, 720p"},
		{"720p-h264.flv", "H.264 in Flash Video, 720p"},
		{"1080p-hevc.mkv", "HEVC in Matroska, 1080p"},
		{"4k-hevc-10bit.mkv", "10-bit HEVC in Matroska, 4K"},
		{"720p-vp9.webm", "VP9 in WebM, 720p"},
		{"720p-mpeg2.ts", "MPEG-2 in MPEG-TS, 720p"},
		{"720p-mpeg2.mpg", "MPEG-2 in MPEG-PS, 720p"},
		{"720p-mpeg4.avi", "MPEG-4 in AVI, 720p"},
		{"720p-wmv.wmv", "WMV in Windows Media, 720p"},
		{"720p-prores.mov", "ProRes in QuickTime, 720p"},
	} {
		path, err := b.clip(c.name)
		if err != nil {
			return err
		}
		if err := b.cold(path, "first segment, "+c.what, 0, (*item).best); err != nil {
			return err
		}
	}
	return nil
}

// cold asks a fresh item for one segment, place being how far into the file it is, before anything else.
func (b *bench) cold(path, what string, place float64, pick func(*item) rendition) error {
	var ours, bare []time.Duration
	budget := "1.15"
	for range b.runs {
		it, _, err := b.fresh(path)
		if err != nil {
			return err
		}
		r := pick(it)
		n := int(place * float64(len(r.segments)))
		seen := b.listen()
		data, took, err := b.timed(r.segments[n])
		if err != nil {
			return err
		}
		commands := seen()
		if err = b.forget(it); err != nil {
			return err
		}
		if len(commands) == 0 {
			if !strings.Contains(r.url.Path, "/original/") {
				return errors.New("the program's ffmpeg was not seen")
			}
			alone, err := b.copied(path, 0, r.seconds[n])
			if err != nil {
				return err
			}
			ours, bare = append(ours, took), append(bare, alone)
			budget = "1"
			continue
		}
		frames, err := frameCount(data)
		if err != nil {
			return err
		}
		if err = b.quiet(); err != nil {
			return err
		}
		alone, err := b.bare(commands[0], frames)
		if err != nil {
			return err
		}
		ours, bare = append(ours, took), append(bare, alone)
	}
	b.add(row{what, ms(median(ours)), "ffmpeg " + ms(median(bare)), ratio(median(ours), median(bare)), budget})
	return nil
}

// whole asks a fresh item for all segments of one rendition in order, and runs bare all the commands that this took.
func (b *bench) whole(path, what string) error {
	var ours, bare []time.Duration
	for range b.runs {
		it, _, err := b.fresh(path)
		if err != nil {
			return err
		}
		seen := b.listen()
		started := time.Now()
		for _, s := range it.transcoded().segments {
			if _, err = b.get(s); err != nil {
				return err
			}
		}
		took := time.Since(started)
		commands := seen()
		if err = b.forget(it); err != nil {
			return err
		}
		if len(commands) == 0 {
			return nil // passed through
		}
		if err = b.quiet(); err != nil {
			return err
		}
		alone, err := b.bare(oneRun(commands[0]), 0)
		if err != nil {
			return err
		}
		ours, bare = append(ours, took), append(bare, alone)
	}
	b.add(row{what, ms(median(ours)), "ffmpeg, one run " + ms(median(bare)), ratio(median(ours), median(bare)), "1.05"})
	return nil
}

// oneRun is a head's command for the whole file: without its window.
func oneRun(args []string) []string {
	var all []string
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-ss", "-to", "-frames:v", "-seek_timestamp":
			i++
			continue
		case "-noaccurate_seek":
			continue
		case "-vf":
			filters := strings.Split(args[i+1], ",")
			kept := filters[:0:0]
			for _, f := range filters {
				if !strings.HasPrefix(f, "trim=") && !strings.HasPrefix(f, "tpad=") {
					kept = append(kept, f)
				}
			}
			all = append(all, "-vf", strings.Join(kept, ","))
			i++
			continue
		case "-force_key_frames": // those of the window; every 2 s costs the same
			all = append(all, "-force_key_frames", "expr:gte(t,n_forced*2)")
			i++
			continue
		}
		all = append(all, args[i])
	}
	return all
}

// listen watches the program's children until the function it gives is called, which gives the command lines of the
// video encoders among them, in the order they came.
func (b *bench) listen() (stop func() [][]string) {
	done, result := make(chan struct{}), make(chan [][]string)
	go func() {
		known := map[int]bool{}
		var all [][]string
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		look := func() {
			for _, pid := range b.program.Children() {
				if known[pid] {
					continue
				}
				data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				args := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
				// Between fork and exec it still has another command line.
				if err == nil && strings.HasSuffix(args[0], "ffmpeg") {
					known[pid] = true
					if strings.Contains(string(data), "\x00libx264\x00") &&
						strings.Contains(string(data), "\x00-i\x00file:") && strings.Contains(string(data), "pipe:1") {
						all = append(all, args)
					}
				}
			}
		}
		for {
			select {
			case <-done:
				look()
				result <- all
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return func() [][]string {
		close(done)
		return <-result
	}
}

// quiet waits until the program runs nothing more, so that it does not compete with the bare command.
func (b *bench) quiet() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for len(b.program.Children()) > 0 {
		select {
		case <-tick.C:
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-deadline.C:
			return errors.New("the program's children do not end")
		}
	}
	return nil
}

// bare runs a command until it has written so many frames, or to its end when that is 0, and times it.
func (b *bench) bare(args []string, frames int) (time.Duration, error) {
	started := time.Now()
	cmd := exec.CommandContext(b.ctx, args[0], args[1:]...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, fmt.Errorf("open pipe: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return 0, fmt.Errorf("start: %w", err)
	}
	got, err := countFrames(out, frames)
	took := time.Since(started)
	if frames > 0 {
		_ = cmd.Process.Kill()
	}
	waited := cmd.Wait()
	if frames == 0 {
		took = time.Since(started)
	}
	if err != nil || got < frames || frames == 0 && waited != nil {
		return 0, fmt.Errorf("%d of %d frames: %w: %s", got, frames, errors.Join(err, waited), complaints.String())
	}
	return took, nil
}

// countFrames reads fragments of one frame each until there are as many as wanted, or to the end when that is 0.
func countFrames(r io.Reader, wanted int) (int, error) {
	frames := 0
	var header [8]byte
	for wanted == 0 || frames < wanted {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return frames, nil
			}
			return frames, fmt.Errorf("read box: %w", err)
		}
		size := int64(binary.BigEndian.Uint32(header[:4]))
		if size < 8 {
			return frames, fmt.Errorf("a box of %d bytes", size)
		}
		if _, err := io.CopyN(io.Discard, r, size-8); err != nil {
			return frames, fmt.Errorf("read box: %w", err)
		}
		if string(header[4:]) == "mdat" {
			frames++
		}
	}
	return frames, nil
}

// frameCount is the number of samples in a segment.
func frameCount(segment []byte) (int, error) {
	f, err := mp4.DecodeFile(bytes.NewReader(segment))
	if err != nil {
		return 0, fmt.Errorf("read segment: %w", err)
	}
	n := 0
	for _, s := range f.Segments {
		for _, fragment := range s.Fragments {
			for _, trun := range fragment.Moof.Traf.Truns {
				n += int(trun.SampleCount())
			}
		}
	}
	return n, nil
}
