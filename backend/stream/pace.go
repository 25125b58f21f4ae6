package stream

import (
	"runtime"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// Pace is what this computer can be asked to encode.
type Pace struct {
	ColdPreset     string // of x264, for what somebody waits for
	FillPreset     string // of x264, for what nobody waits for
	LargestSide    int    // the largest shorter side of a picture at which the first one comes in time
	LargestHDRSide int    // the same where pictures have to be brought to standard range
	RealtimeSide   int    // the largest at which the picture is made as fast as it plays, whatever the first one takes
}

// presets are those of x264 that all heads may use, slowest first.
var presets = []string{"veryfast", "superfast", "ultrafast"}

// guessedPace is the pace by the number of processors, for as long as it has not been measured. Below 3 of them a
// full-size transcode keeps a viewer waiting for the first picture; below 6 a head cannot bring HDR to standard range
// at full size as fast as it plays: at 1080p each picture costs some 75 ms of one, at 720p 45 ms.
func guessedPace(cores int) Pace {
	p := Pace{"ultrafast", "ultrafast", plan.FullSide, plan.FullSide, plan.FullSide}
	switch {
	case cores >= 12:
		p.ColdPreset, p.FillPreset = "veryfast", "veryfast"
	case cores >= 6:
		p.ColdPreset, p.FillPreset = "superfast", "veryfast"
	case cores >= 3:
		p.LargestHDRSide = plan.CostlySide
	default:
		p.LargestSide, p.LargestHDRSide = plan.CostlySide, plan.CostlySide
	}
	return p
}

// Speeds are how fast this computer encodes, as measured.
type Speeds struct {
	// FullHD is how many pictures of 1920×1080 are encoded in a second, by preset.
	FullHD map[string]float64 `json:"fullHD"`
	// HDR is how many of 1280×720 are brought to standard range and encoded; 0 where that cannot be done.
	HDR float64 `json:"hdr"`
}

// How many times as fast as it plays a picture must be made.
const (
	timesFirst    = 2.0 // for its first segment to come in time, of 1 s, the start of the program beside it
	timesSpare    = 4.0 // for a slower preset to be worth while
	timesRealtime = 1.3 // to stay ahead of the player, when the computer does other things too
	timesHDR      = 1.1 // the same where it is HDR, most of which has 24 pictures a second and not 30
)

// decodeShare is what decoding and scaling a picture cost, in parts of what encoding one of its size at the fastest
// preset costs: HEVC of 1080p at 6 Mb/s takes 8 ms of a processor where the encoding takes 24 ms; more at higher rates.
const decodeShare = 0.5

// pixels is the size of a picture of a shorter side, 16:9.
func pixels(side int) float64 { return float64(side) * float64(side) * 16 / 9 }

// Times is how many times as fast as it plays this computer converts a picture of a shorter side and 30 frames a
// second, with a preset. 0 when it has not been measured.
func (s Speeds) Times(preset string, side int) float64 {
	if s.FullHD[preset] <= 0 || s.FullHD["ultrafast"] <= 0 {
		return 0
	}
	size := pixels(side) / pixels(plan.FullSide)
	seconds := size * (1/s.FullHD[preset] + decodeShare/s.FullHD["ultrafast"])
	return 1 / seconds / ffmpeg.ClipFrameRate
}

// TimesHDR is Times of a picture that is brought to standard range, with the fastest preset. 0 when it cannot be.
func (s Speeds) TimesHDR(side int) float64 {
	if s.HDR <= 0 || s.FullHD["ultrafast"] <= 0 {
		return 0
	}
	seconds := pixels(side)/pixels(plan.CostlySide)/s.HDR + decodeShare/s.FullHD["ultrafast"]
	return 1 / seconds / ffmpeg.ClipFrameRate
}

// paceOf derives the pace from speeds.
func paceOf(s Speeds) Pace {
	quickest := func(side int) float64 { return s.Times("ultrafast", side) }
	p := Pace{
		RealtimeSide:   largestAt(timesRealtime, quickest),
		LargestSide:    largestAt(timesFirst, quickest),
		LargestHDRSide: largestAt(timesHDR, s.TimesHDR),
	}
	p.LargestHDRSide = min(p.LargestHDRSide, p.LargestSide)
	p.ColdPreset = presetAt(timesSpare, s, min(p.LargestSide, plan.FullSide))
	p.FillPreset = presetAt(timesRealtime, s, min(p.LargestSide, plan.FullSide))
	return p
}

// sides are the usual sizes of pictures, by their shorter side.
var sides = []int{plan.LargestSide, 1440, plan.FullSide, plan.CostlySide, 480, 360}

// largestAt is the largest usual side that is made so many times as fast as it plays; the smallest when none is.
func largestAt(times float64, of func(side int) float64) int {
	for _, side := range sides {
		if of(side) >= times {
			return side
		}
	}
	return sides[len(sides)-1]
}

// presetAt is the slowest preset that is so many times as fast as a picture plays; the fastest when none is.
func presetAt(times float64, s Speeds, side int) string {
	for _, preset := range presets {
		if s.Times(preset, side) >= times {
			return preset
		}
	}
	return presets[len(presets)-1]
}

// pace is the pace in force.
func (e *Engine) pace() Pace {
	if p := e.measured.Load(); p != nil {
		return *p
	}
	return guessedPace(runtime.NumCPU())
}

// largestSide is the largest size at which a picture is transcoded here.
func (e *Engine) largestSide(v media.VideoFormat) int {
	if v.HighDynamicRange() {
		return e.pace().LargestHDRSide
	}
	return e.pace().LargestSide
}
