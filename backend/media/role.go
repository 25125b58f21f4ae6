package media

// Role is what a track is for beside the plain thing, as a set.
type Role uint8

// The roles, as Matroska's track flags, DASH's roles (ISO/IEC 23009-1 5.8.5.5) and ffmpeg's dispositions have them.
const (
	ForHearingImpaired  Role = 1 << iota // of text: sounds and speakers are described
	ForVisuallyImpaired                  // of sound: what is to be seen is described
	IsCommentary
	IsDub      // in another language than the original's
	IsOriginal // in the original's language
)

// Is says whether all of what holds.
func (r Role) Is(what Role) bool { return r&what == what }
