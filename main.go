// Command dropstream plays any video file at once and remembers it: as a window, and as a command line.
package main

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"dropstream/backend/cli"
	"dropstream/backend/config"
	"dropstream/backend/core"
	"dropstream/backend/proc"
	"dropstream/backend/shell"
)

// version is set by the build.
var version = "0.1.0-dev"

//go:embed all:frontend/dist
var dist embed.FS

func main() {
	proc.StandIn()
	if shell.GeneratesBindings {
		writeBindings()
		return
	}
	os.Exit(run())
}

func run() int {
	// SIGHUP: the terminal was closed, which is no reason to leave children behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	program := cli.Program{
		Version: version,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Getenv:  os.Getenv,
		GOOS:    runtime.GOOS,
		Log:     newLog(),
		DataDir: config.DataDir,
	}
	program.Open = func(ctx context.Context, o cli.Options) (cli.Core, error) {
		opened, err := openCore(ctx, o, program.Log)
		if err != nil {
			return nil, err
		}
		return opened, nil
	}
	if shell.HasWindow {
		program.Window = func(ctx context.Context, l cli.Launch) error { return runWindow(ctx, l, program.Log) }
	}
	return cli.Run(ctx, program, os.Args[1:])
}

// openCore opens the program itself, with its page where nobody else serves that.
func openCore(ctx context.Context, o cli.Options, log *slog.Logger) (*windowCore, error) {
	opened, err := core.Open(ctx, core.Options{
		DataDir:  o.DataDir,
		Listen:   o.Listen,
		Version:  version,
		UI:       page(),
		Headless: o.Headless,
		Log:      log,
	})
	if err != nil {
		return nil, err
	}
	return &windowCore{Core: opened}, nil
}

// page is the built page.
func page() fs.FS {
	files, err := fs.Sub(dist, "frontend/dist")
	if err != nil { // only for a path that is none
		panic(err)
	}
	return files
}

// newLog writes to stderr what DROPSTREAM_LOG asks for: debug, info, warn (the default) or error.
func newLog() *slog.Logger {
	level := slog.LevelWarn
	if name := os.Getenv("DROPSTREAM_LOG"); name != "" {
		if err := level.UnmarshalText([]byte(strings.ToUpper(name))); err != nil {
			level = slog.LevelWarn
		}
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// windowCore is the core as the shell wants it: the window's place in its words.
type windowCore struct{ *core.Core }

// WindowState is where the window was.
func (c *windowCore) WindowState() shell.WindowState {
	w := c.Core.WindowState()
	return shell.WindowState{X: w.X, Y: w.Y, Width: w.Width, Height: w.Height, Maximised: w.Maximised}
}

// SaveWindowState remembers where the window is.
func (c *windowCore) SaveWindowState(ctx context.Context, w shell.WindowState) error {
	return c.Core.SaveWindowState(ctx, config.WindowState{
		X: w.X, Y: w.Y, Width: w.Width, Height: w.Height, Maximised: w.Maximised,
	})
}
