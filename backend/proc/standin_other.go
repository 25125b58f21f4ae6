//go:build !linux

package proc

// means is what confines children here.
func means() string { return "" }

// systemAttempts are those of this system only.
var systemAttempts []attempt
