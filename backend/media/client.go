package media

import "strings"

// Client is what a viewer's player can do beyond the baseline, as a set. The baseline is H.264 of 8 bits and 4:2:0
// with AAC of one or two channels, both in fragmented MP4: every player the program meets can play that.
type Client uint32

// What a player may be able to do.
const (
	PlaysHEVC     Client = 1 << iota // HEVC Main, as hvc1
	PlaysHEVC10                      // HEVC Main 10
	PlaysAV1                         // AV1 Main, 8 bits
	PlaysAV110                       // AV1 Main, 10 bits
	PlaysVP9                         // VP9 profile 0
	PlaysVP910                       // VP9 profile 2, 10 bits
	PlaysOpus                        // in MP4
	PlaysFLAC                        // in MP4
	PlaysAC3                         // Dolby Digital
	PlaysEAC3                        // Dolby Digital Plus
	PlaysSurround                    // AAC of up to 5.1 channels
	PlaysAVC3                        // H.264 whose parameter sets are in its samples
	ShowsHDR                         // HDR10 and HLG as they are meant
	TurnsUpright                     // turns pictures as the track header's matrix says
	clientEnd
)

// clientNames are the names in URLs, in the order of the bits.
var clientNames = [...]string{
	"hevc", "hevc10", "av1", "av110", "vp9", "vp910", "opus", "flac", "ac3", "eac3", "surround", "avc3", "hdr",
	"upright",
}

// Can says whether the player can do all of what.
func (c Client) Can(what Client) bool { return c&what == what }

// String writes the set for a URL: names joined by dots, "" for the baseline.
func (c Client) String() string {
	var names []string
	for i, name := range clientNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ".")
}

// ParseClient reads what String writes. Names that are not known are ignored.
func ParseClient(s string) Client {
	var c Client
	const longest = 256
	if len(s) > longest {
		return 0
	}
	for name := range strings.SplitSeq(s, ".") {
		for i, known := range clientNames {
			if name == known {
				c |= 1 << i
			}
		}
	}
	return c
}
