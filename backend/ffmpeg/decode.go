package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"dropstream/backend/proc"
)

const decodeCPUSeconds = 60

// ErrUndecodable says that a decoder found fault with pictures that should have none.
var ErrUndecodable = errors.New("the pictures cannot be decoded")

// DecodePictures decodes H.264 in fragmented MP4, as an encoder of ours made it, and gives each picture in the order
// in which it is shown, in 8 bits and 4:2:0, to each; the bytes are each's until it returns. It gives how many there
// were. The first fault found ends it with ErrUndecodable; what each returns ends it too.
func (t *Tools) DecodePictures(
	ctx context.Context, mp4 []byte, frameBytes int, low bool, each func(n int, yuv []byte) error,
) (int, error) {
	return t.decode(ctx, mp4, "null", frameBytes, low, each)
}

// CountPictures decodes as DecodePictures does, and only counts.
func (t *Tools) CountPictures(ctx context.Context, mp4 []byte) (int, error) {
	// A corner is all that comes through the pipe.
	return t.decode(ctx, mp4, "crop=16:16:0:0", 16*16*3/2, false, func(int, []byte) error { return nil })
}

func (t *Tools) decode(
	ctx context.Context, mp4 []byte, filter string, frameBytes int, low bool, each func(n int, yuv []byte) error,
) (int, error) {
	args := Base().Add("-xerror", "-err_detect", "explode", "-protocol_whitelist", "pipe", "-codec_whitelist", "h264").
		Add("-f", "mp4", "-i", "pipe:0").Map(0).Opt("-vf", filter).Opt("-fps_mode", "passthrough").
		Opt("-pix_fmt", "yuv420p").To("rawvideo", "pipe:1")
	s := withCPU(t.Spec(args), decodeCPUSeconds)
	s.Stdin, s.Low = bytes.NewReader(mp4), low
	p, err := proc.Start(ctx, s)
	if err != nil {
		return 0, fmt.Errorf("decode pictures: %w", err)
	}
	defer func() {
		p.Kill()
		_ = p.Wait() // its end is known already
	}()
	out := p.Stdout()
	defer func() { _ = out.Close() }()
	buf := make([]byte, frameBytes)
	for n := 0; ; n++ {
		_, err := io.ReadFull(out, buf)
		switch {
		case errors.Is(err, io.EOF):
			return n, decoded(ctx, p)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return n, errors.Join(fmt.Errorf("%w: not of the right size", ErrUndecodable), decoded(ctx, p))
		case err != nil:
			return n, fmt.Errorf("decode pictures: %w", err)
		}
		if err := each(n, buf); err != nil {
			return n, err
		}
	}
}

// decoded waits for a decoder's end and says whether it was content.
func decoded(ctx context.Context, p *proc.Process) error {
	err := p.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("decode pictures: %w", err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	if said := p.StderrTail(); said != "" {
		return fmt.Errorf("%w: %s", ErrUndecodable, said)
	}
	return nil
}
