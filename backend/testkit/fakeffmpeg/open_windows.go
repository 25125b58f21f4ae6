package fakeffmpeg

// open always can: there is no shell here to start the fake by.
func (fake) open() bool { return true }
