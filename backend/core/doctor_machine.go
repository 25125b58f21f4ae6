package core

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/stream"
)

// studyWait is how long the doctor waits for the computer to be measured: it waits itself for viewers to need nothing.
const studyWait = 15 * time.Second

// checkMachine says how fast this computer converts, and what becomes of its encoders in hardware.
func (c *Core) checkMachine(ctx context.Context) []api.Check {
	ctx, cancel := context.WithTimeout(ctx, studyWait)
	defer cancel()
	m, err := c.engine.Machine(ctx)
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelInfo, "The computer is not measured yet", slog.Any("error", err))
	}
	return []api.Check{checkSpeed(m), checkHardware(m)}
}

func checkSpeed(m stream.Machine) api.Check {
	check := api.Check{Name: "speed", Result: api.CheckOK}
	const fullHD, hd = 1080, 720
	full := m.Speeds.Times("ultrafast", fullHD)
	if full == 0 {
		check.Detail = "not measured yet"
		return check
	}
	check.Detail = fmt.Sprintf("this computer converts 1080p at %.1fx", full)
	if hdr := m.Speeds.TimesHDR(hd); hdr > 0 {
		check.Detail += fmt.Sprintf(" and HDR to 720p at %.1fx", hdr)
	}
	check.Detail += fmt.Sprintf(" the speed it plays at; it starts at %dp at most, HDR at %dp",
		m.Pace.LargestSide, m.Pace.LargestHDRSide)
	if m.Pace.RealtimeSide < hd {
		check.Result = api.CheckWarn
		check.Advice = "This computer is slow for video: what has to be converted is shown smaller than it is."
	}
	return check
}

func checkHardware(m stream.Machine) api.Check {
	check := api.Check{Name: "hardware", Result: api.CheckOK}
	var words []string
	for _, e := range m.Encoders {
		switch {
		case e.Proved && e.Reason == nil:
			words = append(words, e.Title+" encodes, and proved it")
		case e.Proved:
			words = append(words, e.Title+" failed too often, and is not used until the next start")
			check.Result = api.CheckWarn
			check.Advice = "Nothing is lost by it. An update of the graphics driver may help."
		default:
			words = append(words, e.Title+" did not pass its test encode, and is not used")
		}
	}
	check.Detail = strings.Join(words, "; ")
	switch {
	case len(words) > 0:
	case m.Studied:
		check.Detail = "no encoder in hardware: the processor encodes"
	default:
		check.Detail = "not looked for yet"
	}
	return check
}
