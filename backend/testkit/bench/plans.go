package main

import (
	"fmt"
	"os/exec"
	"time"
)

// plans measures from the drop to the answer that holds the playlist's URL: the plan is made by then.
func (b *bench) plans() error {
	for _, c := range []struct{ name, what, budget string }{
		{"1080p-h264.mp4", "drop to plan, 1080p MP4", "20 ms"},
		{"10-hours.mp4", "drop to plan, 10-hour MP4 with the index at its end", "200 ms"},
		{"1080p-h264.mkv", "drop to plan, 1080p MKV", ""},
		{"1080p-hevc.mkv", "drop to plan, 1080p HEVC MKV", ""},
		{"4k-hevc-10bit.mkv", "drop to plan, 4K HEVC 10-bit MKV", ""},
	} {
		path, err := b.clip(c.name)
		if err != nil {
			return err
		}
		var ours, bare []time.Duration
		for range b.runs {
			it, took, err := b.fresh(path)
			if err != nil {
				return err
			}
			ours = append(ours, took)
			if err := b.forget(it); err != nil {
				return err
			}
			started := time.Now()
			if err := exec.CommandContext(b.ctx, "ffprobe", "-v", "error", "-show_streams", path).Run(); err != nil {
				return fmt.Errorf("ffprobe: %w", err)
			}
			bare = append(bare, time.Since(started))
		}
		b.add(row{c.what, ms(median(ours)), "ffprobe " + ms(median(bare)), ratio(median(ours), median(bare)), c.budget})
	}
	return nil
}

// passthrough measures the first segment and one in the middle against ffmpeg copying the same stretch.
func (b *bench) passthrough() error {
	for _, c := range []struct{ name, what string }{
		{"1080p-h264.mp4", "1080p MP4"}, {"10-hours.mp4", "10-hour MP4"},
	} {
		path, err := b.clip(c.name)
		if err != nil {
			return err
		}
		for _, middle := range []bool{false, true} {
			var ours, bare []time.Duration
			for range b.runs {
				it, _, err := b.fresh(path)
				if err != nil {
					return err
				}
				r := it.renditions[0]
				n, start := 0, 0.0
				if middle {
					n = len(r.segments) / 2
				}
				for _, s := range r.seconds[:n] {
					var d float64
					_, _ = fmt.Sscan(s, &d)
					start += d
				}
				_, took, err := b.timed(r.segments[n])
				if err != nil {
					return err
				}
				ours = append(ours, took)
				if err := b.forget(it); err != nil {
					return err
				}
				alone, err := b.copied(path, start, r.seconds[n])
				if err != nil {
					return err
				}
				bare = append(bare, alone)
			}
			what := "first passthrough segment, " + c.what
			if middle {
				what = "passthrough segment in the middle, " + c.what
			}
			o, f := median(ours), median(bare)
			b.add(row{what, ms(o), "ffmpeg -c copy " + ms(f), ratio(o, f), "1"})
		}
	}
	return nil
}

// copied times ffmpeg copying the picture of a stretch of a file.
func (b *bench) copied(path string, start float64, seconds string) (time.Duration, error) {
	started := time.Now()
	cmd := exec.CommandContext(b.ctx, "ffmpeg", "-v", "error", "-nostdin",
		"-ss", fmt.Sprintf("%.6f", start), "-i", path, "-t", seconds, "-map", "0:v", "-c", "copy",
		"-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-y", "/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return time.Since(started), nil
}

// memory measures the program's own memory with the 10-hour file open and played here and there.
func (b *bench) memory() error {
	path, err := b.clip("10-hours.mp4")
	if err != nil {
		return err
	}
	it, _, err := b.fresh(path)
	if err != nil {
		return err
	}
	r := it.renditions[0]
	for i := range 100 {
		if _, err := b.get(r.segments[i*(len(r.segments)-1)/99]); err != nil {
			return err
		}
	}
	mb := func(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
	b.add(row{
		"memory after all of the above, the 10-hour file open and sought 100 times", mb(b.program.ResidentBytes()),
		"peak " + mb(b.program.PeakBytes()), "", "150 MB",
	})
	return b.forget(it)
}
