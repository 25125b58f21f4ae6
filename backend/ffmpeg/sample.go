package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dropstream/backend/fault"
	"dropstream/backend/proc"
)

const (
	sampleSeconds    = 12
	sampleCPUSeconds = 120
	maxSampleBytes   = 6 << 20 // it comes out at less than half of this
)

// sampleFilters make the small pictures large. The noise, too faint to be seen, keeps bands out of the gradients.
const sampleFilters = "scale=1280:720:flags=bicubic:out_color_matrix=bt709,noise=alls=2:allf=t,setsar=1," +
	"fade=t=in:d=0.6,fade=t=out:st=11.2:d=0.8,format=yuv420p"

// sampleTone is a soft open chord that breathes.
const sampleTone = "aevalsrc=exprs='" +
	"(0.10*sin(2*PI*196*t)+0.07*sin(2*PI*294*t)+0.05*sin(2*PI*392*t+sin(PI*t)))" +
	"*(0.75+0.25*sin(PI*t/2))|" +
	"(0.10*sin(2*PI*196*t+0.4)+0.07*sin(2*PI*293.5*t)+0.05*sin(2*PI*440*t+cos(PI*t)))" +
	"*(0.75+0.25*cos(PI*t/2))" +
	"':sample_rate=48000:channel_layout=stereo:duration=12,afade=t=in:d=1.5,afade=t=out:st=10:d=2"

// MakeSample makes a short clip to try the program with: twelve seconds of 1280 x 720, H.264 and AAC, its index in
// front. It appears at path whole or not at all, in place of what was there.
func (t *Tools) MakeSample(ctx context.Context, path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".sample-*.mp4")
	if err != nil {
		return fmt.Errorf("make a place for the sample: %w", err)
	}
	temp := f.Name()
	defer func() {
		_ = f.Close()
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	args := Base().Add("-y").
		Add("-f", "rawvideo", "-pixel_format", waveFormat).
		Opt("-video_size", fmt.Sprintf("%dx%d", waveWidth, waveHeight)).
		Int("-framerate", waveRate).
		Add("-color_range", "tv", "-colorspace", "bt709", "-i", "pipe:0").
		Generated(sampleTone).
		Add("-map", "0:v", "-map", "1:a", "-vf", sampleFilters).
		Add("-c:v", "libx264", "-preset", "superfast", "-crf", "25", "-profile:v", "high").
		Add("-maxrate", "1600k", "-bufsize", "3200k", "-g", "60").
		Add("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709").
		Add("-c:a", "aac", "-b:a", "128k", "-ac", "2").
		Add("-metadata", "title=Sample", "-movflags", "+faststart").
		To("mp4", "file:"+temp)
	s := withCPU(t.Spec(args), sampleCPUSeconds)
	s.Stdin = &waves{}
	s.Limits.FileSizeBytes = maxSampleBytes
	if s.Confine != nil {
		s.Confine.WriteFiles = []string{temp}
	}
	if _, err := proc.Output(ctx, s, 0); err != nil {
		err = fmt.Errorf("make the sample: %w", err)
		if _, ok := errors.AsType[*proc.ExitError](err); ok {
			return fault.Wrap(err, fault.Internal, "The sample could not be made.")
		}
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	if err := os.Chmod(temp, 0o644); err != nil { //nolint:gosec // a clip like any other
		return fmt.Errorf("open the sample for reading: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("put the sample in its place: %w", err)
	}
	return nil
}
