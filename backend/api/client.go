package api

import (
	"context"
	"log/slog"
	"maps"
	"strings"

	"dropstream/backend/fault"
)

// maxClientTypes bounds what a client may list.
const maxClientTypes = 256

// ReportClient implements API.
func (s *Service) ReportClient(ctx context.Context, r Client) (ClientAdvice, error) {
	return guard(ctx, s, "reportClient", func() (ClientAdvice, error) {
		if len(r.Types) > maxClientTypes {
			return ClientAdvice{}, fault.New(fault.Invalid, "This client lists too many types.")
		}
		r.Types = maps.Clone(r.Types)
		if r.Window {
			s.clientMu.Lock()
			s.client = &r
			s.clientMu.Unlock()
		}
		h264, aac := r.plays("avc1", "avc3"), r.plays("mp4a.40")
		s.o.Log.InfoContext(ctx, "Client reported", slog.Bool("window", r.Window), slog.Bool("h264", h264),
			slog.Bool("aac", aac))
		if !r.Window || h264 && aac {
			return ClientAdvice{}, nil
		}
		p := ProblemOf(fault.New(fault.Unavailable, s.missingDecoder(h264, aac)))
		return ClientAdvice{Problem: &p}, nil
	})
}

// Client is what the program's own window last reported; ok is false when it did not yet.
func (s *Service) Client() (c Client, ok bool) {
	s.clientMu.Lock()
	defer s.clientMu.Unlock()
	if s.client == nil {
		return Client{}, false
	}
	return *s.client, true
}

// plays says whether a type with one of these codecs can be decoded.
func (c *Client) plays(codecs ...string) bool {
	for mime, ok := range c.Types {
		for _, codec := range codecs {
			if ok && strings.Contains(strings.ToLower(mime), codec) {
				return true
			}
		}
	}
	return false
}

// missingDecoder is the sentence for a window that cannot decode what every item is offered in.
func (s *Service) missingDecoder(h264, aac bool) string {
	what := "H.264 video and AAC sound"
	switch {
	case h264:
		what = "AAC sound"
	case aac:
		what = "H.264 video"
	}
	switch s.o.OS {
	case "linux":
		return "This window cannot decode " + what + " yet. Install the decoders with: " +
			"sudo apt install gstreamer1.0-libav gstreamer1.0-plugins-bad — then start drop.stream again."
	case "windows":
		return "This window cannot decode " + what + ". Install the Media Feature Pack of Windows, then start " +
			"drop.stream again."
	default:
		return "This window cannot decode " + what + ", so videos cannot be shown in it."
	}
}
