package stream

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/httpd"
	"dropstream/backend/media"
	"dropstream/backend/testkit/fakeffmpeg"
	"dropstream/backend/testkit/hls"
)

// plain is an engine as a server wants it.
type plain struct{ *Engine }

func (p plain) Segment(ctx context.Context, ref media.Ref, n int) (media.Body, error) {
	return p.Body(ctx, ref, n)
}

func (plain) Poster(context.Context, string) ([]byte, error) {
	return nil, fault.New(fault.NotFound, "There is no poster.")
}

// served serves an engine on loopback for the length of a test.
func served(t *testing.T, e *Engine) (url string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpd.New(httpd.Options{Media: plain{e}, MediaToken: strings.Repeat("m", 22)})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// TestWhateverHardwareDoesTheVideoPlays: in each way in which an encoder in hardware fails after it has proved itself,
// a player gets every segment, on time and on its place, every picture is the source's, and the encoder is blamed for
// what it did and for nothing else.
func TestWhateverHardwareDoesTheVideoPlays(t *testing.T) {
	src := clip(t, "film.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=10"}, costly...)...)
	src.ItemID = strings.Repeat("i", 26)
	for mode, want := range map[fakeffmpeg.Mode]struct {
		blamed bool
		why    error // nil for anything
	}{
		fakeffmpeg.Good:        {},
		fakeffmpeg.Sets:        {},
		fakeffmpeg.OneSession:  {},
		fakeffmpeg.Dies:        {true, nil},
		fakeffmpeg.DiesAtOnce:  {true, errNoOutput},
		fakeffmpeg.Hangs:       {true, errStuck},
		fakeffmpeg.Slow:        {true, errSlow},
		fakeffmpeg.Garbage:     {true, ffmpeg.ErrUndecodable},
		fakeffmpeg.GarbageLate: {true, nil},
		fakeffmpeg.Keyframes:   {true, errKeyframes},
		fakeffmpeg.Drops:       {true, errCount},
		fakeffmpeg.Size:        {true, errForm},
	} {
		t.Run(string(mode), func(t *testing.T) {
			fake, use := onFake(t, mode)
			e, _ := prepared(t, src, use)
			token := strings.Repeat("m", 22)
			url := httpd.ForClient(served(t, e)+httpd.MultivariantPath(token, src.ItemID), media.PlaysAVC3)
			report := hls.Check(t.Context(), url, hls.Options{Source: src.Path, Passthrough: "no"})
			if !report.OK() {
				t.Error(report)
			}
			if len(report.Variants) == 0 || !strings.HasSuffix(report.Variants[0], inBandSuffix) {
				t.Errorf("variants: %v", report.Variants)
			}
			if heads, _ := fake.Runs(t); heads == 0 {
				t.Error("the encoder was not used")
			}
			e.hw.mu.Lock()
			defer e.hw.mu.Unlock()
			if (e.hw.blames > 0) != want.blamed || e.hw.inUse() != (e.hw.blames < maxBlames) {
				t.Errorf("blamed %d times, in use: %v", e.hw.blames, e.hw.inUse())
			}
			if want.why != nil && !errors.Is(e.hw.last, want.why) {
				t.Errorf("blamed for %v, want %v", e.hw.last, want.why)
			}
		})
	}
}
