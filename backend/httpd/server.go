package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/media"
)

// Limits against slow, greedy and vanished clients.
const (
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 1 << 20 // of an API request
	maxListeners      = 64      // event streams at once
	readHeaderTimeout = 5 * time.Second
	readBodyTimeout   = 15 * time.Second
	idleTimeout       = 2 * time.Minute
	// writeTimeout is how long the peer may take to accept the next piece of an answer, and bounds the time from the
	// request to its first byte: above the longest wait for a segment (9 s) and the longest verb.
	writeTimeout = 60 * time.Second
	// shutdownGrace is how long requests under way may go on after the server was told to stop. A player that loses
	// the program has no use for its segment, so it is short.
	shutdownGrace = 2 * time.Second
	heartbeat     = 15 * time.Second // between comments on a quiet event stream
)

// Media makes what the media tree serves. Every method may wait until the thing is made, and gives up when ctx ends.
// Errors are faults: NotFound for what can never be, Busy for what was not ready in time.
type Media interface {
	// Multivariant is an item's multivariant playlist for a player.
	Multivariant(ctx context.Context, itemID string, c media.Client) ([]byte, error)
	// Playlist is a rendition's media playlist.
	Playlist(ctx context.Context, ref media.Ref) ([]byte, error)
	// Init is a rendition's init segment.
	Init(ctx context.Context, ref media.Ref) ([]byte, error)
	// Segment is the nth segment of a rendition, from 0.
	Segment(ctx context.Context, ref media.Ref, n int) (media.Body, error)
	// Poster is an item's poster, a JPEG.
	Poster(ctx context.Context, itemID string) ([]byte, error)
	// Thumbs is the WebVTT index of an item's thumbnails as far as they are made, at once.
	Thumbs(ctx context.Context, itemID string) ([]byte, error)
	// ThumbSheet is the nth sheet of an item's thumbnails, a JPEG.
	ThumbSheet(ctx context.Context, itemID string, n int) ([]byte, error)
}

// Options is what a Server is made of.
type Options struct {
	Media Media
	// Verbs are the API's verbs by name. A verb gets the request's JSON ("{}" for an empty body) and answers with
	// something that marshals to JSON.
	Verbs map[string]func(ctx context.Context, body json.RawMessage) (any, error)
	// Subscribe gives the API's events until ctx ends; it may close the channel then, or leave it.
	Subscribe func(ctx context.Context) <-chan api.Event
	// Problem turns a verb's error into a status and a body. Nil: the fault's code and sentence, as Status says.
	Problem func(err error) (status int, body any)
	UI      fs.FS // the UI's files, with an index.html; nil: none are served
	// MediaToken and APIToken let a client in. An empty token lets nobody in.
	MediaToken, APIToken string
	// Origins may read across origins, beside the server's own. Nil: the window's, on every system.
	Origins []string
	Log     *slog.Logger // nil: no log
}

// windowOrigins are the origins of the window's page: on Linux and macOS, and on Windows.
var windowOrigins = []string{"wails://wails", "http://wails.localhost"}

// Server is the loopback server. Make it with New.
type Server struct {
	o         Options
	log       *slog.Logger
	heartbeat time.Duration
	listeners chan struct{} // one token for each open event stream
	stop      chan struct{} // closed when event streams have to end
}

// New makes a server that listens nowhere yet.
func New(o Options) *Server {
	if o.Origins == nil {
		o.Origins = windowOrigins
	}
	if o.Problem == nil {
		o.Problem = problem
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		o: o, log: log, heartbeat: heartbeat,
		listeners: make(chan struct{}, maxListeners), stop: make(chan struct{}),
	}
}

// MultivariantPath is the path of an item's multivariant playlist on a server with this media token, for a player that
// plays the baseline only; see [ForClient].
func MultivariantPath(mediaToken, itemID string) string {
	return "/m/" + mediaToken + "/" + itemID + "/multivariant.m3u8"
}

// ForClient makes the address of a multivariant playlist that of the one for a player.
func ForClient(multivariant string, c media.Client) string {
	if c == 0 {
		return multivariant
	}
	return multivariant + "?" + playsQuery + "=" + c.String()
}

// PosterPath is the path of an item's poster on a server with this media token.
func PosterPath(mediaToken, itemID string) string {
	return "/m/" + mediaToken + "/" + itemID + "/poster.jpg"
}

// Serve answers on l until ctx ends, then lets requests under way finish for a short while, cancels those left, and
// closes l. It returns nil after such an end, and may be called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// Requests outlive ctx by the grace, so they hang on a context of their own.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx)) //nolint:forbidigo // canceled below, after the grace
	defer cancel()
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: readHeaderTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()

	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serve http: %w", err), srv.Close())
	case <-ctx.Done():
	}
	close(s.stop)
	grace, done := context.WithTimeout(base, shutdownGrace)
	defer done()
	err := srv.Shutdown(grace)
	cancel() // whatever still waits for a segment gives up
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-ended
	if err != nil {
		return fmt.Errorf("stop http: %w", err)
	}
	return nil
}

// Handler is all that the server answers, guards included. It goes by the local address of each connection, so it
// works behind any http.Server.
func (s *Server) Handler() http.Handler {
	// No http.ServeMux: it answers unclean paths with redirects, and here they are to be nothing.
	return s.recovered(s.guarded(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		switch {
		case strings.HasPrefix(path, "/m/"):
			s.serveMedia(w, r, path[len("/m/"):])
		case strings.HasPrefix(path, "/api/"):
			s.serveAPI(w, r, path[len("/api/"):])
		default:
			s.serveUI(w, r, path)
		}
	}))
}
