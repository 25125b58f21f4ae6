package media

import "time"

// Damage is a part of an item that could not be read when somebody came to it, and was stood in for.
type Damage struct {
	Kind TrackKind     // Video or Audio
	From time.Duration // on the presentation's clock
	To   time.Duration
}
