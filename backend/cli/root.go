package cli

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

func (r *runner) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "dropstream [FILE...]",
		Short: "Drop any video and watch it at once",
		Long: "drop.stream plays any video file at once and remembers it in a library.\n\n" +
			"Without a command it opens its window with the FILEs dropped on it, or hands them to the\n" +
			"window that is open already. Where there is no display it serves its page instead.",
		Version:           r.Version,
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, args []string) error { return r.launch(cmd.Context(), args) },
	}
	root.SetVersionTemplate("dropstream {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{message: err.Error() + "."} })
	flags := root.PersistentFlags()
	flags.StringVar(&r.data, "data", "", "`folder` for the library and its cache (default: the system's place for it)")
	flags.BoolVar(&r.json, "json", false, "print JSON, one object a line")
	root.AddCommand(r.serveCommand(), r.addCommand(), r.listCommand(), r.removeCommand(), r.keepCommand(),
		r.locateCommand(), r.doctorCommand())
	return root
}

// launch is the program without a command: a window, or the one that is open already, or no window at all.
func (r *runner) launch(ctx context.Context, args []string) error {
	if len(args) > 0 && !isPath(args[0]) {
		return &usageError{message: "There is no file and no command named “" + args[0] + "”."}
	}
	paths, err := absolute(args)
	if err != nil {
		return err
	}
	dir, err := r.dataDir()
	if err != nil {
		return err
	}
	display := r.hasDisplay()
	if r.Window == nil && display {
		return fault.New(fault.Unavailable, "This build has no window. “make build” makes one that has; "+
			"“dropstream serve” works without.")
	}
	lock, client, err := instance.Join(ctx, dir)
	if err != nil {
		return err
	}
	if client != nil {
		return r.handOver(ctx, client, paths)
	}
	if display {
		err = r.Window(ctx, Launch{DataDir: dir, Paths: paths, Lock: lock})
		if !errors.Is(err, ErrNoDisplay) {
			return errors.Join(err, lock.Close())
		}
	}
	r.errorf("There is no display here, so drop.stream opens no window and serves its page instead.\n")
	return r.serve(ctx, serving{dir: dir, listen: anyPort, lock: lock, paths: paths})
}

// handOver gives the files to the running process: as a drop on its window, or into the library of one without.
func (r *runner) handOver(ctx context.Context, client *instance.Client, paths []string) error {
	if client.HasWindow() {
		return client.Open(ctx, paths)
	}
	info := client.Info()
	r.errorf("drop.stream is running already, without a window: %s\n", pageURL(info.URL, info.Token))
	if len(paths) == 0 {
		return nil
	}
	return r.add(ctx, &remote{client: client}, paths)
}

// hasDisplay says whether a window could be opened. Elsewhere than on X11 and Wayland there is always a display, or
// at any rate no variable that says otherwise.
func (r *runner) hasDisplay() bool {
	switch r.GOOS {
	case "windows", "darwin":
		return true
	default:
		return r.Getenv("DISPLAY") != "" || r.Getenv("WAYLAND_DISPLAY") != ""
	}
}

// isPath tells a file's name from a mistyped command: a file that is there, or a word that no command looks like.
func isPath(arg string) bool {
	if strings.ContainsAny(arg, `./\: `) {
		return true
	}
	_, err := os.Lstat(arg)
	return err == nil
}

// absolute makes arguments into paths that mean the same in another process. File managers may give file: URIs.
func absolute(args []string) ([]string, error) {
	paths := make([]string, 0, len(args))
	for _, arg := range args {
		path, err := filepath.Abs(fromURI(arg))
		if err != nil {
			return nil, fault.Wrap(err, fault.Missing, "The current folder is not there any more.")
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func fromURI(arg string) string {
	if !strings.HasPrefix(arg, "file://") {
		return arg
	}
	uri, err := url.Parse(arg)
	if err != nil || (uri.Host != "" && uri.Host != "localhost") || uri.Path == "" {
		return arg
	}
	if runtime.GOOS == "windows" { // file:///C:/x has the path /C:/x
		return filepath.FromSlash(strings.TrimPrefix(uri.Path, "/"))
	}
	return uri.Path
}
