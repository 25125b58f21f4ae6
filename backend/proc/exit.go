package proc

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ExitError says that a child ended by itself, by a signal or by a limit, with anything but success.
type ExitError struct {
	Name   string         // the program's file name, without its folder
	Code   int            // exit code; -1 when a signal ended it
	Signal syscall.Signal // the signal that ended it, 0 when none did
	Stderr string         // the last 8 KiB it wrote to stderr: for the log, never for a peer
}

// Error names the program, how it ended, and the last line of its stderr.
func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit code %d", e.Code)
	if e.Signal != 0 {
		how = "ended by signal: " + e.Signal.String()
	}
	said := strings.TrimSpace(e.Stderr)
	if said = said[strings.LastIndexByte(said, '\n')+1:]; said != "" {
		how += ": " + said
	}
	return e.Name + ": " + how
}

// exitError is how a child ended, or nil when it ended well.
func exitError(name string, state *os.ProcessState, stderr string) error {
	if state.Success() {
		return nil
	}
	e := &ExitError{Name: name, Code: state.ExitCode(), Stderr: stderr}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal = ws.Signal()
	}
	return e
}
