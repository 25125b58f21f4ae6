package instance

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxOpen bounds a control request: a command line is at most 2 MB on Linux, and base64 adds a third.
const maxOpen = 4 << 20 // bytes

// Handler takes what a second launch hands over: absolute paths (none: just show yourself). It is called in a
// goroutine of its own, must not outlive ctx, and answers to nobody: what becomes of the files is seen in the window.
type Handler func(ctx context.Context, paths []string)

// openRequest carries paths as bytes (base64 in JSON): names on Unix need not be text.
type openRequest struct {
	Paths [][]byte `json:"paths"`
}

// control is the loopback listener by which a second launch reaches the window.
type control struct {
	url    string
	secret string
	server *http.Server
	handle Handler
	ctx    context.Context // ends when the control closes
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

func newControl(h Handler) (*control, error) {
	ctx, cancel := context.WithCancel(context.Background())
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		cancel()
		return nil, fmt.Errorf("listen for second launches: %w", err)
	}
	c := &control{secret: rand.Text(), handle: h, ctx: ctx, cancel: cancel}
	c.url = "http://" + listener.Addr().String() + "/" + c.secret
	c.server = &http.Server{
		Handler:           http.HandlerFunc(c.serve),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    8 << 10,
	}
	c.done.Go(func() { _ = c.server.Serve(listener) }) // returns http.ErrServerClosed when closed
	return c, nil
}

func (c *control) serve(w http.ResponseWriter, r *http.Request) {
	secret, action, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	known := subtle.ConstantTimeCompare([]byte(secret), []byte(c.secret)) == 1
	// A page in a browser cannot know the secret; an Origin header still says that a page is asking.
	if !known || action != "open" || r.Method != http.MethodPost || r.Header.Get("Origin") != "" {
		http.NotFound(w, r)
		return
	}
	var request openRequest
	if err := decodeBounded(http.MaxBytesReader(w, r.Body, maxOpen), maxOpen, &request); err != nil {
		http.Error(w, `{"code":"invalid","message":"The request makes no sense."}`, http.StatusBadRequest)
		return
	}
	paths := make([]string, len(request.Paths))
	for i, p := range request.Paths {
		paths[i] = string(p)
	}
	if !c.start(paths) {
		http.Error(w, `{"code":"unavailable","message":"drop.stream is closing."}`, http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// start runs the handler, unless the control is closing.
func (c *control) start(paths []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.done.Go(func() { c.handle(c.ctx, paths) })
	return true
}

// close stops listening, ends what handlers are doing and waits for them.
func (c *control) close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	err := c.server.Close()
	c.done.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("close control: %w", err)
	}
	return nil
}
