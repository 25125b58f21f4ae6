//go:build !linux

package proc

// systemAttempts are those of this system only.
var systemAttempts []attempt
