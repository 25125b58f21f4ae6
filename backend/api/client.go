package api

import (
	"context"
	"log/slog"
	"maps"
	"strings"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/plan"
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
			if s.o.OnClient != nil {
				s.o.OnClient(r.can())
			}
			s.clientMu.Lock()
			s.client = &r
			s.clientMu.Unlock()
		}
		h264, aac := r.plays("avc1", "avc3"), r.plays("mp4a.40")
		s.o.Log.InfoContext(ctx, "Client reported", slog.Bool("window", r.Window), slog.Bool("h264", h264),
			slog.Bool("aac", aac), slog.String("plays", r.can().String()))
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

// clientTypes are what the keys of [Client.Types] stand for.
var clientTypes = map[string]media.Client{
	`video/mp4; codecs="hvc1.1.6.L120.B0"`:      media.PlaysHEVC,
	`video/mp4; codecs="hvc1.2.4.L153.B0"`:      media.PlaysHEVC10,
	`video/mp4; codecs="av01.0.08M.08"`:         media.PlaysAV1,
	`video/mp4; codecs="av01.0.08M.10"`:         media.PlaysAV110,
	`video/mp4; codecs="vp09.00.40.08"`:         media.PlaysVP9,
	`video/mp4; codecs="vp09.02.40.10"`:         media.PlaysVP910,
	`video/mp4; codecs="avc3.640028"`:           media.PlaysAVC3,
	`audio/mp4; codecs="opus"`:                  media.PlaysOpus,
	`audio/mp4; codecs="fLaC"`:                  media.PlaysFLAC,
	`audio/mp4; codecs="flac"`:                  media.PlaysFLAC,
	`audio/mp4; codecs="ac-3"`:                  media.PlaysAC3,
	`audio/mp4; codecs="ec-3"`:                  media.PlaysEAC3,
	`audio/mp4; codecs="mp4a.40.2"; channels=6`: media.PlaysSurround,
	"hdr":     media.ShowsHDR,
	"upright": media.TurnsUpright,
}

// can is what the client can do beyond the baseline, as far as it is believed.
func (c *Client) can() media.Client {
	var claims media.Client
	for name, what := range clientTypes {
		if c.Types[name] {
			claims |= what
		}
	}
	return plan.Believe(c.Agent, claims)
}

// Player is what the player of a request can do beyond the baseline.
func (s *Service) Player(r PlayRequest) media.Client {
	if r.Client != nil {
		return r.Client.can()
	}
	if c, ok := s.Client(); ok {
		return c.can()
	}
	return 0
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
