package httpd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/fault"
)

var bearer = http.Header{"Authorization": {"Bearer " + apiToken}}

func verbs() map[string]func(context.Context, json.RawMessage) (any, error) {
	return map[string]func(context.Context, json.RawMessage) (any, error){
		"echo": func(_ context.Context, body json.RawMessage) (any, error) { return body, nil },
		"fail": func(context.Context, json.RawMessage) (any, error) {
			return nil, fault.Wrap(errors.New("/secret/path"), fault.Missing, "The file is not there any more.")
		},
		"unspeakable": func(context.Context, json.RawMessage) (any, error) { return func() {}, nil },
	}
}

func TestVerbs(t *testing.T) {
	base, _ := start(t, Options{Verbs: verbs()})
	for _, c := range []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
		want                     string
	}{
		{"echo", "POST", "echo", `{"a": 1}`, bearer, 200, `{"a":1}`},
		{"no body", "POST", "echo", "", bearer, 200, "{}"},
		{"scheme in lower case", "POST", "echo", "", http.Header{"Authorization": {"bearer " + apiToken}}, 200, "{}"},
		{"not JSON", "POST", "echo", `{"a":`, bearer, 400, `{"code":"invalid","message":"The request is not JSON."}`},
		{"two values", "POST", "echo", `{}{}`, bearer, 400, `{"code":"invalid","message":"The request is not JSON."}`},
		{
			"too big", "POST", "echo", `"` + strings.Repeat("x", maxBodyBytes) + `"`, bearer, 400,
			`{"code":"invalid","message":"The request is too big."}`,
		},
		{
			"fault", "POST", "fail", "{}", bearer, 503,
			`{"code":"missing","message":"The file is not there any more."}`,
		},
		{"no such verb", "POST", "nope", "{}", bearer, 404, `{"code":"not_found","message":"There is no such verb."}`},
		{
			"path below a verb", "POST", "echo/x", "{}", bearer, 404,
			`{"code":"not_found","message":"There is no such verb."}`,
		},
		{"wrong method", "GET", "echo", "", bearer, 405, "Method Not Allowed"},
		{"no JSON to say", "POST", "unspeakable", "", bearer, 500, "Internal Server Error"},
		{
			"no token", "POST", "echo", "{}", nil, 401,
			`{"code":"denied","message":"This needs the token of the running program."}`,
		},
		{
			"wrong token", "POST", "echo", "{}",
			http.Header{"Authorization": {"Bearer x"}},
			401,
			`{"code":"denied","message":"This needs the token of the running program."}`,
		},
		{
			"media token", "POST", "echo", "{}",
			http.Header{"Authorization": {"Bearer " + mediaToken}},
			401,
			`{"code":"denied","message":"This needs the token of the running program."}`,
		},
		{
			"token but no scheme", "POST", "echo", "{}",
			http.Header{"Authorization": {apiToken}},
			401,
			`{"code":"denied","message":"This needs the token of the running program."}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := do(t, c.method, base+"/api/"+c.path, c.header, c.body)
			if got := strings.TrimSpace(string(body)); resp.StatusCode != c.status || got != c.want {
				t.Errorf("%d %s", resp.StatusCode, got)
			}
		})
	}
}

func TestEmptyTokenLetsNobodyIn(t *testing.T) {
	base := serve(t, New(Options{Media: &engine{}, Verbs: verbs()}))
	resp, _ := do(t, "POST", base+"/api/echo", http.Header{"Authorization": {"Bearer "}}, "{}")
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("API: %d", resp.StatusCode)
	}
	if resp, _ := do(t, "GET", base+"/m//i/multivariant.m3u8", nil, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("media: %d", resp.StatusCode)
	}
}

// TestVerbSeesClientLeave sees that a verb's context survives the deadline its body had.
func TestVerbSeesClientLeave(t *testing.T) {
	waiting, left := make(chan struct{}), make(chan struct{})
	o := Options{Verbs: map[string]func(context.Context, json.RawMessage) (any, error){
		"wait": func(ctx context.Context, _ json.RawMessage) (any, error) {
			close(waiting)
			<-ctx.Done()
			close(left)
			return nil, ctx.Err()
		},
	}}
	base, _ := start(t, o)
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST /api/wait HTTP/1.1\r\nHost: "+conn.RemoteAddr().String()+
		"\r\nAuthorization: Bearer "+apiToken+"\r\nContent-Length: 2\r\n\r\n{}")
	<-waiting
	_ = conn.Close()
	select {
	case <-left:
	case <-time.After(5 * time.Second):
		t.Error("the verb still works for a client that left")
	}
}

func TestEvents(t *testing.T) {
	events := make(chan api.Event, 1)
	gone := make(chan struct{})
	s := New(Options{APIToken: apiToken, Subscribe: func(ctx context.Context) <-chan api.Event {
		context.AfterFunc(ctx, func() { close(gone) })
		return events
	}})
	s.heartbeat = 20 * time.Millisecond
	base := serve(t, s)

	req, err := http.NewRequest(http.MethodGet, base+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = bearer
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("stream ended: %v", lines.Err())
		}
		return lines.Text()
	}
	if got := next() + next(); got != ": hello" {
		t.Errorf("greeting %q", got)
	}
	if got := next() + next(); got != ":" {
		t.Errorf("heartbeat %q", got)
	}
	events <- api.Event{Seq: 7, Kind: api.EventRemoved, ID: "a\nb"}
	line := next()
	for line == ":" || line == "" {
		line = next()
	}
	if data := next(); line != "id: 7" || data != `data: {"seq":7,"kind":"removed","id":"a\nb"}` {
		t.Errorf("%q %q", line, data)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("the subscription outlives its listener")
	}
}

func TestEventsEndWithTheServer(t *testing.T) {
	s := New(Options{APIToken: apiToken, Subscribe: func(context.Context) <-chan api.Event { return nil }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	req, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = bearer
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	cancel()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	_ = resp.Body.Close()
	if err := <-ended; err != nil || time.Since(started) > shutdownGrace {
		t.Errorf("Serve: %v after %v", err, time.Since(started))
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := New(Options{APIToken: apiToken, Subscribe: func(context.Context) <-chan api.Event { return nil }})
	for range maxListeners {
		s.listeners <- struct{}{}
	}
	resp, _ := do(t, "GET", serve(t, s)+"/api/events", bearer, "")
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestUI(t *testing.T) {
	ui := fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "assets/app-1a2b.js": {Data: []byte("let a")},
		"sub/index.html": {Data: []byte("sub")}, ".gitkeep": {Data: []byte("")}, "a b.txt": {Data: []byte("text")},
	}
	base, _ := start(t, Options{UI: ui})
	for _, c := range []struct {
		path, contentType, cache string
		status                   int
	}{
		{"/", "text/html; charset=utf-8", cacheNever, 200},
		{"/index.html", "text/html; charset=utf-8", cacheNever, 200},
		{"/assets/app-1a2b.js", "text/javascript; charset=utf-8", cacheForever, 200},
		{"/a%20b.txt", "text/plain; charset=utf-8", cacheNever, 200},
		{"/assets", "", "", 404},
		{"/assets/", "", "", 404},
		{"/sub/", "", "", 404},
		{"/.gitkeep", "", "", 404},
		{"/assets/../index.html", "", "", 404},
		{"/%2e%2e/index.html", "", "", 404},
		{"/..%5cindex.html", "", "", 404},
		{"/index.html%00", "", "", 404},
		{"//index.html", "", "", 404},
		{"/nope", "", "", 404},
	} {
		host := strings.TrimPrefix(base, "http://")
		resp, _ := raw(t, base, "GET "+c.path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d", c.path, resp.StatusCode)
			continue
		}
		if c.status != 200 {
			continue
		}
		h := resp.Header
		if h.Get("Content-Type") != c.contentType || h.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %q, %q", c.path, h.Get("Content-Type"), h.Get("Cache-Control"))
		}
		if h.Get("Content-Security-Policy") == "" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no policy", c.path)
		}
	}
	without, _ := start(t, Options{})
	if resp, _ := do(t, "GET", without+"/", nil, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no UI: %d", resp.StatusCode)
	}
}
