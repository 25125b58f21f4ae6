package stream

import (
	"context"
	"net"
	"strings"
	"testing"

	"dropstream/backend/fault"
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

// TestWhateverHardwareDoesTheVideoPlays: in each way in which an encoder in hardware fails, a player gets every segment,
// on time and on its place, and every picture is the source's.
func TestWhateverHardwareDoesTheVideoPlays(t *testing.T) {
	src := clip(t, "film.mkv", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=10"}, costly...)...)
	src.ItemID = strings.Repeat("i", 26)
	for _, mode := range []fakeffmpeg.Mode{
		fakeffmpeg.Good, fakeffmpeg.Sets, fakeffmpeg.Dies, fakeffmpeg.DiesAtOnce, fakeffmpeg.Hangs, fakeffmpeg.Slow,
		fakeffmpeg.Garbage, fakeffmpeg.GarbageLate, fakeffmpeg.Keyframes, fakeffmpeg.Drops, fakeffmpeg.Size,
		fakeffmpeg.OneSession,
	} {
		t.Run(string(mode), func(t *testing.T) {
			fake, use := onFake(t, mode)
			e, _ := prepared(t, src, use)
			url := httpd.ForClient(served(t, e)+httpd.MultivariantPath(strings.Repeat("m", 22), src.ItemID), media.PlaysAVC3)
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
		})
	}
}
