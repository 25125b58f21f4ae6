package media

// TrackDelivery is how one track reaches one viewer, and why.
type TrackDelivery struct {
	Kind        TrackKind // Video or Audio
	Track       int       // its Index
	Passthrough bool      // its own samples are sent
	Why         string    // one sentence for people
}
