package fakeffmpeg

// Mode is how the encoder behaves. Where it is not said otherwise the test encode goes well, and what comes later
// fails.
type Mode string

// The modes.
const (
	Good        Mode = "good"
	Unlisted    Mode = "unlisted"     // ffmpeg does not list it
	Refuses     Mode = "refuses"      // it is listed and cannot be opened
	Green       Mode = "green"        // the test encode comes out without an error, and green
	Misplaces   Mode = "misplaces"    // the test encode has no keyframes but the first
	Swallows    Mode = "swallows"     // the test encode lacks pictures
	Dies        Mode = "dies"         // in the middle of a segment
	DiesAtOnce  Mode = "dies at once" // when it is opened, alone or not
	Hangs       Mode = "hangs"        // in the middle of a segment
	Slow        Mode = "slow"         // slower than it plays
	Garbage     Mode = "garbage"      // what is in the pictures is noise
	GarbageLate Mode = "garbage late" // from the third second on not even their frames are whole
	Keyframes   Mode = "keyframes"    // none where they are asked for
	Drops       Mode = "drops"        // every tenth picture is missing
	Size        Mode = "size"         // pictures of another size
	Sets        Mode = "sets"         // it works, but writes other parameter sets in each run
	OneSession  Mode = "one session"  // it works, but a second one cannot be opened
)

// failsTest are the modes in which the test encode fails as well.
var failsTest = map[Mode]bool{Refuses: true, Green: true, Misplaces: true, Swallows: true}
