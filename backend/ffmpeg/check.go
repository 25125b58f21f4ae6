package ffmpeg

import (
	"bytes"
	"context"
	"fmt"

	"dropstream/backend/fault"
	"dropstream/backend/proc"
)

const checkCPUSeconds = 20

// CheckEncode makes a few frames of H.264 and AAC and throws them away: what is listed does not always work. It
// fails with fault.Unavailable, or an error that wraps ctx's.
func (t *Tools) CheckEncode(ctx context.Context) error {
	args := Base().
		Generated("color=size=64x64:rate=25:duration=0.2").
		Generated("sine=sample_rate=48000:duration=0.2").
		Add("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac").
		Add("-movflags", "+frag_keyframe+empty_moov+default_base_moof").
		To("mp4", "pipe:1")
	out, err := proc.Output(ctx, withCPU(t.Spec(args), checkCPUSeconds), 1<<20)
	if ctx.Err() != nil {
		return fmt.Errorf("check the encoders: %w", err)
	}
	if err == nil && (!bytes.Contains(out, []byte("moof")) || !bytes.Contains(out, []byte("avcC"))) {
		err = fmt.Errorf("%d bytes came out, but no video", len(out))
	}
	if err != nil {
		return fault.Wrap(fmt.Errorf("check the encoders: %w", err), fault.Unavailable,
			"ffmpeg is there but cannot encode video. "+remedy())
	}
	return nil
}
