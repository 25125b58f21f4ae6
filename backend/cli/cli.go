// Package cli is the program's command line: the same verbs as the window and the HTTP API, for people at a terminal
// and for scripts. Where a process already runs for the data folder, that one is asked; otherwise the work is done
// here.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"dropstream/backend/api"
	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

// Exit codes.
const (
	ExitOK     = 0 // done
	ExitFailed = 1 // something that was asked for could not be done
	ExitUsage  = 2 // the command line makes no sense
)

// ErrNoDisplay is what Program.Window returns when there is no display to open a window on. Nothing has happened yet.
var ErrNoDisplay = errors.New("no display")

// errFailed ends a command whose failures have been told already.
var errFailed = errors.New("failed")

// usageError is a command line that makes no sense, in a sentence.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// Core is what the command line needs of the running program.
type Core interface {
	API() api.API
	URL() string   // http://127.0.0.1:PORT
	Token() string // of the HTTP API
	Close() error
}

// Options say how to open the program.
type Options struct {
	DataDir  string
	Listen   string // host and port
	Headless bool   // serve the page as well
}

// Launch is what a window starts with.
type Launch struct {
	DataDir string
	Paths   []string       // files and folders from the command line, absolute
	Lock    *instance.Lock // the window publishes itself on it; the command line closes it
}

// Program is all that the command line takes from outside.
type Program struct {
	Version        string
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	GOOS           string
	Log            *slog.Logger
	DataDir        func() (string, error) // where data goes when --data does not say
	Open           func(context.Context, Options) (Core, error)
	// Window opens the window and returns when it has closed, or at once with ErrNoDisplay. Nil: a build without one.
	Window func(context.Context, Launch) error
}

// runner is one run of the command line.
type runner struct {
	Program
	data string
	json bool
}

// Run does what args (without the program's name) say and returns the exit code. Done early when ctx ends, which for
// a serving process is the proper end.
func Run(ctx context.Context, p Program, args []string) int {
	r := &runner{Program: p}
	root := r.rootCommand()
	root.SetArgs(args)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	return r.exitCode(ctx, root.ExecuteContext(ctx))
}

func (r *runner) exitCode(ctx context.Context, err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errFailed):
		return ExitFailed
	case errors.As(err, &usage):
		r.errorf("dropstream: %s\nRun “dropstream --help” for how it is used.\n", plain(usage.message))
		return ExitUsage
	}
	r.Log.DebugContext(ctx, "Command failed", slog.Any("error", err))
	if fault.CodeOf(err) == fault.Internal {
		r.Log.ErrorContext(ctx, "Command failed", slog.Any("error", err))
	}
	r.errorf("dropstream: %s\n", fault.MessageOf(err))
	return ExitFailed
}

// errorf tells people on stderr. Where even that is gone, nobody is left to tell.
func (r *runner) errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Stderr, format, args...)
}

// dataDir is the data folder, absolute: the working directory is no part of a folder's identity.
func (r *runner) dataDir() (string, error) {
	dir := r.data
	if dir == "" {
		var err error
		if dir, err = r.DataDir(); err != nil {
			return "", fmt.Errorf("find data folder: %w", err)
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("make data folder absolute: %w", err)
	}
	return abs, nil
}

// usageArgs turns cobra's complaints about arguments into usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{message: err.Error() + "."}
		}
		return nil
	}
}
