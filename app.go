package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"dropstream/backend/api"
	"dropstream/backend/cli"
	"dropstream/backend/shell"
)

//go:embed build/appicon.png
var icon []byte

// App is what the page can call. Each method is one verb of the API, or a dialog.
type App struct{ shell *shell.Shell }

// Add takes paths that were pasted into the page.
func (a *App) Add(r api.AddRequest) (api.AddResult, error) { return a.shell.Add(r) }

// Sample adds the sample clip.
func (a *App) Sample() (api.AddResult, error) { return a.shell.Sample() }

// Items lists the library.
func (a *App) Items(r api.ItemsRequest) (api.ItemsPage, error) {
	return shell.Call(a.shell, api.API.Items, r)
}

// Item gives one item.
func (a *App) Item(r api.ItemRequest) (api.Item, error) { return shell.Call(a.shell, api.API.Item, r) }

// Remove forgets items.
func (a *App) Remove(r api.RemoveRequest) (api.RemoveResult, error) {
	return shell.Call(a.shell, api.API.Remove, r)
}

// Keep has an item stored whole.
func (a *App) Keep(r api.ItemRequest) (api.Item, error) { return shell.Call(a.shell, api.API.Keep, r) }

// Unkeep gives up keeping an item.
func (a *App) Unkeep(r api.ItemRequest) (api.Item, error) {
	return shell.Call(a.shell, api.API.Unkeep, r)
}

// Locate takes a pasted path for the source of an item.
func (a *App) Locate(r api.LocateRequest) (api.LocateResult, error) { return a.shell.Locate(r) }

// LocateFile opens the system's dialog for a file and takes what is chosen for the source of an item.
func (a *App) LocateFile(r api.ItemRequest) (api.LocateResult, error) { return a.shell.LocateFile(r) }

// Play gives what a player needs.
func (a *App) Play(r api.PlayRequest) (api.Playback, error) {
	return shell.Call(a.shell, api.API.Play, r)
}

// SavePosition remembers where a viewer is.
func (a *App) SavePosition(r api.PositionRequest) (api.Done, error) {
	return shell.Call(a.shell, api.API.SavePosition, r)
}

// Doctor says what works here.
func (a *App) Doctor() (api.Report, error) { return shell.Ask(a.shell, api.API.Doctor) }

// ReportClient takes what the webview can decode.
func (a *App) ReportClient(r api.Client) (api.ClientAdvice, error) {
	return shell.Call(a.shell, api.API.ReportClient, r)
}

// Pending takes what arrived before the page did.
func (a *App) Pending() (api.AddResult, error) { return a.shell.Pending() }

// PickFiles opens the system's dialog for files and adds what is chosen.
func (a *App) PickFiles() (api.AddResult, error) { return a.shell.PickFiles() }

// PickFolder opens the system's dialog for a folder and adds what is in it.
func (a *App) PickFolder() (api.AddResult, error) { return a.shell.PickFolder() }

// writeBindings is all that a build with the tag "bindings" does.
func writeBindings() {
	if err := wails.Run(&options.App{Bind: []any{&App{}}}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runWindow opens the window and returns when it has closed and everything behind it has ended; cli.ErrNoDisplay
// when there is no display after all.
func runWindow(ctx context.Context, l cli.Launch, log *slog.Logger) (err error) {
	for key, value := range shell.Environment(os.Getenv, shell.Nvidia()) {
		var err error
		if value == "" {
			err = os.Unsetenv(key)
		} else {
			err = os.Setenv(key, value)
		}
		if err != nil {
			return fmt.Errorf("set environment: %w", err)
		}
	}
	s := shell.New(ctx, shell.Options{
		Open: func(ctx context.Context) (shell.Core, error) {
			opened, err := openCore(ctx, cli.Options{DataDir: l.DataDir, Listen: "127.0.0.1:0"}, log)
			if err != nil {
				return nil, err
			}
			return opened, nil
		},
		Lock: l.Lock, Paths: l.Paths, Log: log,
	})
	defer func() { err = errors.Join(err, s.Close()) }()
	defer func() {
		// The toolkit panics where GTK finds no display, before anything else has happened.
		if v := recover(); v != nil {
			log.ErrorContext(ctx, "Window not opened", slog.Any("panic", v))
			err = cli.ErrNoDisplay
		}
	}()
	s.Start()
	if err := wails.Run(windowOptions(s)); err != nil {
		return fmt.Errorf("run window: %w", err)
	}
	return nil
}

func windowOptions(s *shell.Shell) *options.App {
	red, green, blue := shell.Background(os.Getenv("GTK_THEME"))
	return &options.App{
		Title:            "drop.stream",
		Width:            shell.DefaultWidth,
		Height:           shell.DefaultHeight,
		MinWidth:         shell.MinWidth,
		MinHeight:        shell.MinHeight,
		StartHidden:      true, // until it is where it was, and has a page to show
		BackgroundColour: options.NewRGB(red, green, blue),
		AssetServer:      &assetserver.Options{Assets: page()},
		Bind:             []any{&App{shell: s}},
		// DisableWebViewDrop must stay off: with it, no drop arrives on Linux or Windows.
		DragAndDrop: &options.DragAndDrop{EnableFileDrop: true},
		OnStartup: func(ctx context.Context) {
			runtime.OnFileDrop(ctx, func(_, _ int, paths []string) { s.Drop(paths) })
			s.Attach(wailsWindow{ctx: ctx})
		},
		OnDomReady:    func(context.Context) { s.DomReady() },
		OnBeforeClose: func(context.Context) bool { s.BeforeClose(); return false },
		Linux: &linux.Options{
			ProgramName:      "dropstream",
			Icon:             icon,
			WebviewGpuPolicy: gpuPolicy(shell.ChooseAcceleration(os.Getenv("DROPSTREAM_GPU"), shell.RenderNode)),
		},
		Mac: &mac.Options{
			Preferences: &mac.Preferences{FullscreenEnabled: mac.Enabled, EnableAutoplayWithoutUserAction: mac.Enabled},
			OnFileOpen:  func(path string) { s.Drop([]string{path}) },
		},
		Windows: &windows.Options{Theme: windows.SystemDefault},
	}
}

// gpuPolicy names an acceleration for the toolkit, whose constants for "on demand" and "always" each do what the
// other says (linux.WebviewGpuPolicy against window.c, SetupWebview).
func gpuPolicy(a shell.Acceleration) linux.WebviewGpuPolicy {
	switch a {
	case shell.Always:
		return linux.WebviewGpuPolicyOnDemand
	case shell.OnDemand:
		return linux.WebviewGpuPolicyAlways
	default:
		return linux.WebviewGpuPolicyNever
	}
}

// wailsWindow is the toolkit's window as the shell knows it.
type wailsWindow struct{ ctx context.Context }

func (w wailsWindow) Emit(name string, data any) { runtime.EventsEmit(w.ctx, name, data) }
func (w wailsWindow) Quit()                      { runtime.Quit(w.ctx) }

func (w wailsWindow) Show() {
	runtime.WindowUnminimise(w.ctx)
	runtime.WindowShow(w.ctx)
}

func (w wailsWindow) Bounds() shell.WindowState {
	var b shell.WindowState
	b.X, b.Y = runtime.WindowGetPosition(w.ctx)
	b.Width, b.Height = runtime.WindowGetSize(w.ctx)
	b.Maximised = runtime.WindowIsMaximised(w.ctx)
	b.Hidden = runtime.WindowIsMinimised(w.ctx) || runtime.WindowIsFullscreen(w.ctx)
	return b
}

func (w wailsWindow) SetBounds(b shell.WindowState) {
	runtime.WindowSetSize(w.ctx, b.Width, b.Height)
	runtime.WindowSetPosition(w.ctx, b.X, b.Y)
	if b.Maximised {
		runtime.WindowMaximise(w.ctx)
	}
}

func (w wailsWindow) PickFiles() ([]string, error) {
	return runtime.OpenMultipleFilesDialog(w.ctx, runtime.OpenDialogOptions{Title: "Choose videos"})
}

func (w wailsWindow) PickFile() (string, error) {
	return runtime.OpenFileDialog(w.ctx, runtime.OpenDialogOptions{Title: "Where is the original?"})
}

func (w wailsWindow) PickFolder() (string, error) {
	return runtime.OpenDirectoryDialog(w.ctx, runtime.OpenDialogOptions{Title: "Choose a folder of videos"})
}
