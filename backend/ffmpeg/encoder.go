package ffmpeg

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
)

// Encoder is an encoder of H.264. The zero value is libx264, which is always there; any other one works in hardware,
// and is to be believed only after a test: a build of ffmpeg lists encoders for cards the computer does not have, and
// drivers list what they cannot do.
type Encoder struct {
	Name string // by ffmpeg's name, such as "h264_nvenc"; "" is libx264
	Node string // the device file it works on where a computer may have several; "" otherwise
}

// Hardware says whether the encoder works in hardware. Then it is no match for libx264's init segment.
func (e Encoder) Hardware() bool { return e.Name != "" }

// Title is the name people know an encoder by.
func (e Encoder) Title() string {
	if !e.Hardware() {
		return "x264"
	}
	title := hardware[e.Name].title
	if e.Node != "" {
		title += " (" + filepath.Base(e.Node) + ")"
	}
	return title
}

// hardwareEncoder is what is known of an encoder beforehand.
type hardwareEncoder struct {
	title   string
	systems []string // where it may be found: of runtime.GOOS
	devices []string // patterns of the device files it needs; the first must match one. Linux only
	each    bool     // each device that matches the first pattern is one to try on its own
	setup   func(node string) Args
	format  string // the filters that bring pictures to it
	options func(h VideoHead) Args
	late    bool // it says its parameter sets with its first picture only
}

// order is in which order encoders are tried: those of a card of its own first, then those of the processor, and
// those that speak to a card's maker before those that speak to everybody.
var order = []string{"h264_videotoolbox", "h264_nvenc", "h264_qsv", "h264_amf", "h264_vaapi", "h264_v4l2m2m"}

// All of them make no B-frames, for not all can; keyframes are where they are asked for, and IDR pictures; and those
// that look ahead are told not to, for a viewer waits. They are given no constant quality but a mean rate: what
// constant quality is called differs, and not all have it.
var hardware = map[string]hardwareEncoder{
	"h264_nvenc": {
		title: "NVIDIA NVENC", systems: []string{"linux", "windows"}, format: "format=yuv420p",
		devices: []string{
			"/dev/nvidiactl", "/dev/nvidia[0-9]*", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset",
			"/dev/nvidia-caps/*", "/dev/dri/renderD*",
		},
		options: func(h VideoHead) Args {
			return Args{"-preset", "p4", "-rc", "vbr", "-rc-lookahead", "0", "-no-scenecut", "1", "-delay", "0"}.
				Opt("-forced-idr", "1").rate(h)
		},
	},
	"h264_qsv": {
		title: "Intel Quick Sync Video", systems: []string{"linux", "windows"}, format: "format=nv12",
		devices: []string{"/dev/dri/renderD*"}, each: true,
		setup: func(node string) Args {
			if node == "" {
				return Args{"-init_hw_device", "qsv=hw"}
			}
			return Args{"-init_hw_device", "vaapi=va:" + node, "-init_hw_device", "qsv=hw@va"}
		},
		options: func(h VideoHead) Args {
			return Args{"-preset", "veryfast", "-look_ahead", "0", "-idr_interval", "0", "-async_depth", "2"}.
				Opt("-forced_idr", "1").rate(h)
		},
	},
	"h264_amf": {
		title: "AMD AMF", systems: []string{"windows"}, format: "format=nv12",
		// Versions of ffmpeg that have no -forced_idr here put keyframes where they like, and so fail the test.
		options: func(h VideoHead) Args {
			return Args{"-usage", "transcoding", "-quality", "balanced", "-rc", "vbr_peak"}.
				Opt("-forced_idr", "1").rate(h)
		},
	},
	"h264_vaapi": {
		title: "VA-API", systems: []string{"linux"}, format: "format=nv12,hwupload",
		devices: []string{"/dev/dri/renderD*"}, each: true,
		setup: func(node string) Args {
			return Args{"-init_hw_device", "vaapi=hw:" + node, "-filter_hw_device", "hw"}
		},
		options: func(h VideoHead) Args {
			return Args{"-idr_interval", "0", "-async_depth", "2"}.rate(h)
		},
	},
	"h264_videotoolbox": {
		title: "Apple VideoToolbox", systems: []string{"darwin"}, format: "format=nv12",
		options: func(h VideoHead) Args { return Args{"-allow_sw", "0"}.rate(h) },
	},
	"h264_v4l2m2m": {
		title: "Video4Linux", systems: []string{"linux"}, format: "format=yuv420p",
		devices: []string{"/dev/video[0-9]*", "/dev/media[0-9]*"}, late: true,
		options: func(h VideoHead) Args { return Args{}.rate(h) },
	},
}

// HardwareLevel is the H.264 level, times ten, that pictures from hardware are declared to need at least: some
// encoders write one that is a little higher than the pictures need. Everything that decodes H.264 at all does 4.0.
const HardwareLevel = 40

// rate adds what all encoders in hardware are told in the same words: the mean is what the playlist says it is.
func (a Args) rate(h VideoHead) Args {
	return a.Int("-b:v", h.Bits*2/3).Int("-maxrate", h.Bits).Int("-bufsize", h.Bits).
		Int("-bf", 0).Int("-g", maxGOP).Opt("-profile:v", "high").Int("-level:v", int64(h.Level()))
}

// maxGOP is further apart than keyframes are ever asked for: none comes of an encoder's own accord.
const maxGOP = 9999

// HardwareEncoders are the encoders in hardware that are worth a test, in the order in which to try them: ffmpeg
// lists them, and the devices they need are there.
func (t *Tools) HardwareEncoders() []Encoder {
	return t.hardwareEncoders(runtime.GOOS, "/")
}

// hardwareEncoders are those of a system whose device files are under root.
func (t *Tools) hardwareEncoders(system, root string) (list []Encoder) {
	for _, name := range order {
		e := hardware[name]
		if !t.Encoders[name] || !slices.Contains(e.systems, system) {
			continue
		}
		if system != "linux" {
			list = append(list, Encoder{Name: name})
			continue
		}
		nodes := match(root, e.devices[0])
		if !e.each && len(nodes) > 0 {
			nodes = []string{""}
		}
		for _, node := range nodes {
			list = append(list, Encoder{Name: name, Node: node})
		}
	}
	return list
}

// deviceFiles are the device files an encoder needs.
func (e Encoder) deviceFiles() (paths []string) {
	if e.Node != "" {
		return []string{e.Node}
	}
	for _, pattern := range hardware[e.Name].devices {
		paths = append(paths, match("/", pattern)...)
	}
	return paths
}

func match(root, pattern string) []string {
	paths, _ := filepath.Glob(filepath.Join(root, pattern)) // it fails for a bad pattern only
	return paths
}

// setup are the words before the input that open an encoder's device.
func (e Encoder) setup() Args {
	if f := hardware[e.Name].setup; f != nil {
		return f(e.Node)
	}
	return nil
}

// pictures is the filter that brings pictures to the encoder.
func (e Encoder) pictures() string {
	if e.Hardware() {
		return hardware[e.Name].format
	}
	return "format=yuv420p"
}

// options are the encoder and what it is told.
func (e Encoder) options(h VideoHead) Args {
	if e.Hardware() {
		return append(Args{"-c:v", e.Name}, hardware[e.Name].options(h)...)
	}
	a := Args{"-c:v", "libx264"}.Opt("-preset", h.Preset).Opt("-crf", "23").Opt("-profile:v", "high").
		Opt("-level:v", fmt.Sprintf("%d.%d", h.Level()/10, h.Level()%10)).
		Int("-maxrate", h.Bits).Int("-bufsize", h.Bits)
	if h.Threads > 0 {
		a = a.Int("-threads", int64(h.Threads))
	}
	return a.Opt("-x264-params", harmonised).Opt("-forced-idr", "1")
}

// movFlags are the muxer's flags with this encoder.
func (e Encoder) movFlags() string {
	flags := "+frag_every_frame+empty_moov+default_base_moof+skip_trailer+frag_discont+skip_sidx"
	if hardware[e.Name].late {
		flags += "+delay_moov"
	}
	return flags
}
