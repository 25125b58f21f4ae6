package core

import (
	"errors"
	"strings"
	"testing"

	"dropstream/backend/api"
	"dropstream/backend/stream"
)

func TestTheDoctorSaysWhatTheComputerCanDo(t *testing.T) {
	fps := map[string]float64{"ultrafast": 150, "superfast": 100, "veryfast": 60}
	gone := errors.New("gone")
	for name, tt := range map[string]struct {
		machine         stream.Machine
		speed, hardware string
		warn            bool
	}{
		"not studied": {stream.Machine{}, "not measured yet", "not looked for yet", false},
		"measured": {
			stream.Machine{
				Studied: true, Speeds: stream.Speeds{FullHD: fps, HDR: 90},
				Pace: stream.Pace{LargestSide: 1080, LargestHDRSide: 720, RealtimeSide: 1440},
			},
			"converts 1080p at 3.3x and HDR to 720p at 2.3x the speed it plays at; it starts at 1080p at most, " +
				"HDR at 720p",
			"the processor encodes", false,
		},
		"proved": {
			stream.Machine{Studied: true, Encoders: []stream.EncoderState{
				{Title: "NVIDIA NVENC", Reason: gone}, {Title: "VA-API (renderD128)", Proved: true},
			}},
			"", "NVIDIA NVENC did not pass its test encode, and is not used; " +
				"VA-API (renderD128) encodes, and proved it",
			false,
		},
		"set aside": {
			stream.Machine{Studied: true, Encoders: []stream.EncoderState{
				{Title: "NVIDIA NVENC", Proved: true, Reason: gone},
			}},
			"", "NVIDIA NVENC failed too often", true,
		},
	} {
		speed, hardware := checkSpeed(tt.machine), checkHardware(tt.machine)
		if !strings.Contains(speed.Detail, tt.speed) {
			t.Errorf("%s: %q", name, speed.Detail)
		}
		if !strings.Contains(hardware.Detail, tt.hardware) || (hardware.Result == api.CheckWarn) != tt.warn {
			t.Errorf("%s: %+v", name, hardware)
		}
	}
}
