package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

// anyPort is the loopback address with a port that the system chooses.
const anyPort = "127.0.0.1:0"

// serving is what a headless run needs.
type serving struct {
	dir, listen string
	lock        *instance.Lock // closed by serve
	paths       []string       // added once it serves
}

func (r *runner) serveCommand() *cobra.Command {
	listen := anyPort
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run without a window and serve the page on this computer",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkListen(listen); err != nil {
				return err
			}
			dir, err := r.dataDir()
			if err != nil {
				return err
			}
			lock, client, err := instance.Join(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if client != nil {
				return fault.New(fault.Busy, fmt.Sprintf(
					"drop.stream is running already for this data folder, as process %d.", client.Info().PID))
			}
			return r.serve(cmd.Context(), serving{dir: dir, listen: listen, lock: lock})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", anyPort, "loopback `address` to listen on; port 0 is any free one")
	return cmd
}

// checkListen refuses addresses beyond this computer: what is served here is the whole library, behind one token.
func checkListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &usageError{message: "--listen takes a host and a port, like " + anyPort + "."}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return &usageError{message: "--listen takes an address of this computer alone, like " + anyPort + "."}
	}
	return nil
}

// serve runs headless until ctx ends, which is success.
func (r *runner) serve(ctx context.Context, s serving) (err error) {
	defer func() { err = errors.Join(err, s.lock.Close()) }()
	core, err := r.Open(ctx, Options{DataDir: s.dir, Listen: s.listen, Headless: true})
	if err != nil {
		return canceledIsDone(ctx, err)
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	info := instance.Info{URL: core.URL(), Token: core.Token(), PID: os.Getpid()}
	if err := s.lock.Publish(info, nil); err != nil {
		return fmt.Errorf("say where the program is: %w", err)
	}
	if err := r.sayReady(info); err != nil {
		return err
	}
	if len(s.paths) > 0 {
		// What became of each is printed, and a refusal is no reason to stop serving.
		if err := r.add(ctx, fromOutside(core.API()), s.paths); err != nil && !errors.Is(err, errFailed) {
			return canceledIsDone(ctx, err)
		}
	}
	<-ctx.Done()
	return nil
}

func (r *runner) sayReady(info instance.Info) error {
	if r.json {
		return r.printJSON(info)
	}
	return r.printf("drop.stream is ready: %s\nCtrl+C ends it.\n", pageURL(info.URL, info.Token))
}

// canceledIsDone: a process that was told to end while it started has ended as it should.
func canceledIsDone(ctx context.Context, err error) error {
	if ctx.Err() != nil && fault.CodeOf(err) == fault.Canceled {
		return nil
	}
	return err
}

// pageURL is the address of the page for a browser. The token is in the fragment, which no browser sends to anybody.
func pageURL(url, token string) string { return url + "/#token=" + token }
