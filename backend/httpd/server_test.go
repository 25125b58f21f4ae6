package httpd

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dropstream/backend/api"
	"dropstream/backend/fault"
	"dropstream/backend/media"
)

const (
	mediaToken = "0123456789abcdef0123456789abcdef"
	apiToken   = "api-token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is a Media of bytes that say what was asked for.
type engine struct {
	mu      sync.Mutex
	asked   []string
	segment func(ctx context.Context, ref media.Ref, n int) ([]byte, error)
}

var _ Media = (*engine)(nil)

func (e *engine) note(format string, args ...any) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	said := fmt.Sprintf(format, args...)
	e.asked = append(e.asked, said)
	return []byte(said)
}

func (e *engine) calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.asked...)
}

func (e *engine) Multivariant(_ context.Context, item string, c media.Client) ([]byte, error) {
	if item == "none" {
		return nil, fault.New(fault.NotFound, "There is no such item.")
	}
	return e.note("multivariant %s%s", item, c), nil
}

func (e *engine) Playlist(_ context.Context, ref media.Ref) ([]byte, error) {
	return append(e.note("playlist %+v", ref), strings.Repeat("\n#EXTINF:2.000000,\n1.m4s", 1000)...), nil
}

func (e *engine) Init(_ context.Context, ref media.Ref) ([]byte, error) {
	return e.note("init %+v", ref), nil
}

func (e *engine) Segment(ctx context.Context, ref media.Ref, n int) (media.Body, error) {
	var data []byte
	if e.segment != nil {
		var err error
		if data, err = e.segment(ctx, ref, n); err != nil {
			return nil, err
		}
	} else {
		data = e.note("segment %+v %d", ref, n)
	}
	return media.InMemory(data, media.Checksum(data)), nil
}

func (e *engine) Poster(_ context.Context, item string) ([]byte, error) {
	return e.note("poster %s", item), nil
}

func (e *engine) Thumbs(_ context.Context, item string) ([]byte, error) {
	return e.note("thumbs %s", item), nil
}

func (e *engine) ThumbSheet(_ context.Context, item string, n int) ([]byte, error) {
	return e.note("sheet %s %d", item, n), nil
}

// start runs a server as the program does and stops it with the test.
func start(t *testing.T, o Options) (base string, e *engine) {
	t.Helper()
	e = &engine{}
	if o.Media == nil {
		o.Media = e
	}
	o.MediaToken, o.APIToken = mediaToken, apiToken
	return serve(t, New(o)), e
}

func serve(t *testing.T, s *Server) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// answer is what came back, its body read or left.
type answer struct {
	StatusCode    int
	Header        http.Header
	ContentLength int64
	Close         bool
}

func answerOf(r *http.Response) answer {
	return answer{StatusCode: r.StatusCode, Header: r.Header, ContentLength: r.ContentLength, Close: r.Close}
}

// do asks and reads the whole answer.
func do(t *testing.T, method, url string, header http.Header, body string) (answer, []byte) {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for k, v := range header {
		if k == "Host" {
			req.Host = v[0]
			continue
		}
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answerOf(resp), data
}

// raw sends bytes on a socket of its own and gives the answer, with the beginning of its body.
func raw(t *testing.T, base, request string) (answer, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err = io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		t.Fatalf("read body: %v", err)
	}
	return answerOf(resp), body
}

func TestMediaTree(t *testing.T) {
	base, e := start(t, Options{})
	for _, c := range []struct{ path, contentType, cache, asked string }{
		{"/multivariant.m3u8", typePlaylist, cacheNever, "multivariant item_1"},
		{"/poster.jpg", typeJPEG, cacheNever, "poster item_1"},
		{"/thumbs.vtt", "text/vtt; charset=utf-8", cacheNever, "thumbs item_1"},
		{"/thumbs/7.jpg", typeJPEG, cacheNever, "sheet item_1 7"},
		{"/thumbs/7.jpg?v=" + contentVersion([]byte("sheet item_1 7")), typeJPEG, cacheForever, "sheet item_1 7"},
		{"/thumbs/7.jpg?v=other", typeJPEG, cacheNever, "sheet item_1 7"},
		{
			"/v/720p/Ab-9/media.m3u8", typePlaylist, cacheNever,
			"playlist {Item:item_1 Kind:video Track:0 Rendition:720p Plan:Ab-9}",
		},
		{
			"/v/original/Ab-9/init.mp4", typeVideo, cacheForever,
			"init {Item:item_1 Kind:video Track:0 Rendition:original Plan:Ab-9}",
		},
		{
			"/v/original/Ab-9/0.m4s", typeVideo, cacheForever,
			"segment {Item:item_1 Kind:video Track:0 Rendition:original Plan:Ab-9} 0",
		},
		{
			"/t/1000/12.vtt", "text/vtt; charset=utf-8", cacheNever,
			"segment {Item:item_1 Kind:text Track:1000 Rendition:vtt Plan:} 12",
		},
		{
			"/t/3/media.m3u8", typePlaylist, cacheNever,
			"playlist {Item:item_1 Kind:text Track:3 Rendition: Plan:}",
		},
		{
			"/a/12/aac/x/999999.m4s", typeAudio, cacheForever,
			"segment {Item:item_1 Kind:audio Track:12 Rendition:aac Plan:x} 999999",
		},
	} {
		resp, body := do(t, "GET", base+"/m/"+mediaToken+"/item_1"+c.path, nil, "")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), c.asked) {
			t.Errorf("%s: %d %q", c.path, resp.StatusCode, body)
		}
		if got := resp.Header.Get("Content-Type"); got != c.contentType {
			t.Errorf("%s: type %q", c.path, got)
		}
		if got := resp.Header.Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: Cache-Control %q", c.path, got)
		}
		if resp.Header.Get("ETag") == "" && c.contentType != typePlaylist && c.path != "/thumbs.vtt" {
			t.Errorf("%s: no ETag", c.path)
		}
		head, none := do(t, "HEAD", base+"/m/"+mediaToken+"/item_1"+c.path, nil, "")
		if head.StatusCode != http.StatusOK || len(none) != 0 || head.ContentLength != int64(len(body)) {
			t.Errorf("%s: HEAD %d, %d bytes of %d", c.path, head.StatusCode, head.ContentLength, len(body))
		}
	}
	if got := len(e.calls()); got != 24 {
		t.Errorf("the engine was asked %d times", got)
	}
}

func TestPathHelpers(t *testing.T) {
	base, e := start(t, Options{})
	do(t, "GET", base+MultivariantPath(mediaToken, "x"), nil, "")
	do(t, "GET", base+ForClient(MultivariantPath(mediaToken, "x"), 0), nil, "")
	do(t, "GET", base+ForClient(MultivariantPath(mediaToken, "x-"), media.PlaysHEVC|media.PlaysOpus), nil, "")
	do(t, "GET", base+MultivariantPath(mediaToken, "x")+"?plays=-i%20evil.opus&plays=hevc", nil, "")
	do(t, "GET", base+PosterPath(mediaToken, "y"), nil, "")
	want := []string{"multivariant x", "multivariant x", "multivariant x-hevc.opus", "multivariant xopus", "poster y"}
	if diff := cmp.Diff(want, e.calls()); diff != "" {
		t.Error(diff)
	}
}

// TestNothingElse sends paths over a raw socket, since a client would clean them.
func TestNothingElse(t *testing.T) {
	base, e := start(t, Options{UI: fstest.MapFS{"index.html": {Data: []byte("ui")}}})
	m := "/m/" + mediaToken + "/"
	seg := m + "item/v/720p/plan/"
	for _, path := range []string{
		"/m", "/m/", m, m + "item", m + "item/", m + "item/media.m3u8", m + "/multivariant.m3u8",
		"/m/wrong/item/multivariant.m3u8", "/m//item/multivariant.m3u8",
		"/m/" + mediaToken[:31] + "/item/multivariant.m3u8",
		"/m/" + strings.ToUpper(mediaToken) + "/item/multivariant.m3u8",
		m + "item/multivariant.m3u8/", m + "item//multivariant.m3u8", m + "item/./multivariant.m3u8",
		m + "x/../item/multivariant.m3u8", m + "..%2fitem/multivariant.m3u8", m + "%2e%2e/multivariant.m3u8",
		m + "%252e%252e/multivariant.m3u8", m + `..\item/multivariant.m3u8`, m + "..%5citem/multivariant.m3u8",
		m + "%c0%ae%c0%ae/multivariant.m3u8", m + "it%65m/multivariant.m3u8", m + "item%00/multivariant.m3u8",
		m + "it.em/multivariant.m3u8", m + "ïtem/multivariant.m3u8", m + "item/multivariant%2em3u8",
		m + strings.Repeat("a", 65) + "/multivariant.m3u8", m + strings.Repeat("a/", 400) + "multivariant.m3u8",
		seg, seg + ".m4s", seg + "01.m4s", seg + "00.m4s", seg + "-1.m4s", seg + "+1.m4s", seg + "1e3.m4s",
		seg + "0x1.m4s",
		seg + "1000000.m4s", seg + "1.M4S", seg + "1.m4s/", seg + "1.m4s.m4s", seg + "1%2em4s", seg + "1.5.m4s",
		seg + "%31.m4s", seg + "١.m4s", seg + "media.m3u8%00", seg + "init.mp4/..", seg + "../plan/1.m4s",
		m + "item/v/720p//1.m4s", m + "item/v//plan/1.m4s", m + "item/v/72%30p/plan/1.m4s",
		m + "item/v/720p/plan/x/1.m4s",
		m + "item/a/aac/plan/1.m4s", m + "item/a/-1/aac/plan/1.m4s", m + "item/a/01/aac/plan/1.m4s",
		m + "item/a/1000/aac/plan/1.m4s", m + "item/a/x/aac/plan/1.m4s",
		m + "item/t/1/init.mp4", m + "item/t/1/0.m4s", m + "item/t/01/0.vtt", m + "item/t/1/00.vtt", m + "item/t/0.vtt",
		m + "item/t/-1/0.vtt", m + "item/t/10000/0.vtt", m + "item/t/1/plan/0.vtt", m + "item/v/720p/plan/0.vtt",
		m + "item/w/720p/plan/1.m4s", "//m/" + mediaToken + "/item/multivariant.m3u8",
		"/M/" + mediaToken + "/item/multivariant.m3u8", "/x/.." + m + "item/multivariant.m3u8",
	} {
		host := strings.TrimPrefix(base, "http://")
		resp, body := raw(t, base, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		// net/http itself refuses what is no URL at all.
		if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusBadRequest || len(body) > 32 {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
		if resp.Header.Get("Location") != "" {
			t.Errorf("%s: redirect", path)
		}
	}
	if calls := e.calls(); len(calls) != 0 {
		t.Errorf("the engine was asked: %q", calls)
	}
}

func TestHost(t *testing.T) {
	base, _ := start(t, Options{UI: fstest.MapFS{"index.html": {Data: []byte("ui")}}})
	host := strings.TrimPrefix(base, "http://")
	_, port, _ := net.SplitHostPort(host)
	for name, want := range map[string]int{
		host: 200, "localhost:" + port: 200,
		"127.0.0.1": 421, "localhost": 421, "localhost:1": 421, "evil.example:" + port: 421, "evil.example": 421,
		"127.0.0.1.evil.example:" + port: 421, "[::1]:" + port: 421, "0.0.0.0:" + port: 421, "LOCALHOST:" + port: 421,
		"localhost.:" + port: 421, "127.1:" + port: 421, "": 421,
	} {
		for _, path := range []string{"/", "/m/" + mediaToken + "/i/multivariant.m3u8"} {
			resp, _ := raw(t, base, "GET "+path+" HTTP/1.1\r\nHost: "+name+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != want {
				t.Errorf("Host %q, %s: %d, want %d", name, path, resp.StatusCode, want)
			}
		}
	}
	resp, _ := raw(t, base, "GET / HTTP/1.0\r\n\r\n")
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("no Host: %d", resp.StatusCode)
	}
}

func TestOrigins(t *testing.T) {
	base, _ := start(t, Options{})
	url := base + "/m/" + mediaToken + "/i/multivariant.m3u8"
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	for origin, want := range map[string]int{
		"wails://wails": 200, "http://wails.localhost": 200, base: 200, "http://localhost:" + port: 200,
		"http://evil.example": 403, "null": 403, "wails://wails.evil": 403, "https://127.0.0.1:" + port: 403,
		"http://127.0.0.1:1": 403, "file://": 403, "WAILS://WAILS": 403,
	} {
		resp, _ := do(t, "GET", url, http.Header{"Origin": {origin}}, "")
		if resp.StatusCode != want {
			t.Errorf("%s: %d", origin, resp.StatusCode)
		}
		allowed := resp.Header.Get("Access-Control-Allow-Origin")
		if want == 200 && allowed != origin || want != 200 && allowed != "" {
			t.Errorf("%s: allowed %q", origin, allowed)
		}
		if !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: Vary %q", origin, resp.Header.Values("Vary"))
		}
	}
	resp, _ := do(t, "GET", url, nil, "")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("no Origin: %d %q", resp.StatusCode, resp.Header.Get("Access-Control-Allow-Origin"))
	}
	resp, _ = do(t, "GET", url, http.Header{"Origin": {"wails://wails", "http://evil.example"}}, "")
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("two Origins: %d", resp.StatusCode)
	}
}

func TestPreflight(t *testing.T) {
	base, _ := start(t, Options{})
	ask := http.Header{
		"Access-Control-Request-Method":          {"POST"},
		"Access-Control-Request-Headers":         {"authorization,content-type"},
		"Access-Control-Request-Private-Network": {"true"},
	}
	ask.Set("Origin", "http://wails.localhost")
	resp, _ := do(t, "OPTIONS", base+"/api/add", ask, "")
	got := map[string]string{}
	for _, k := range []string{"Origin", "Methods", "Headers", "Private-Network"} {
		got[k] = resp.Header.Get("Access-Control-Allow-" + k)
	}
	want := map[string]string{
		"Origin": "http://wails.localhost", "Methods": "GET, HEAD, POST",
		"Headers": "Authorization, Content-Type, Range", "Private-Network": "true",
	}
	if diff := cmp.Diff(want, got); diff != "" || resp.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", resp.StatusCode, diff)
	}
	ask.Set("Origin", "http://evil.example")
	resp, _ = do(t, "OPTIONS", base+"/api/add", ask, "")
	if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("foreign preflight: %d", resp.StatusCode)
	}
}

func TestRangesAndTags(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 300_000)
	e := &engine{segment: func(context.Context, media.Ref, int) ([]byte, error) { return data, nil }}
	base, _ := start(t, Options{Media: e})
	url := base + "/m/" + mediaToken + "/i/v/720p/plan/7.m4s"
	whole, body := do(t, "GET", url, nil, "")
	if !bytes.Equal(body, data) || whole.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("whole: %d bytes, ranges %q", len(body), whole.Header.Get("Accept-Ranges"))
	}
	tag := whole.Header.Get("ETag")
	for _, c := range []struct {
		header http.Header
		status int
		want   string
	}{
		{http.Header{"Range": {"bytes=10-14"}}, 206, "01234"},
		{http.Header{"Range": {"bytes=-3"}}, 206, "789"},
		{http.Header{"Range": {"bytes=2999999-"}}, 206, "9"},
		{http.Header{"Range": {"bytes=10-14"}, "If-Range": {tag}}, 206, "01234"},
		{http.Header{"Range": {"bytes=10-14"}, "If-Range": {`"other"`}}, 200, string(data)},
		{http.Header{"Range": {"bytes=3000000-"}}, 416, ""},
		{http.Header{"If-None-Match": {tag}}, 304, ""},
		{http.Header{"If-None-Match": {`"other"`}}, 200, string(data)},
		{http.Header{"If-Match": {`"other"`}}, 412, ""},
	} {
		resp, got := do(t, "GET", url, c.header, "")
		if resp.StatusCode != c.status || resp.StatusCode < 300 && string(got) != c.want {
			t.Errorf("%v: %d, %d bytes", c.header, resp.StatusCode, len(got))
		}
	}
	data = append([]byte("x"), data[1:]...)
	if again, _ := do(t, "GET", url, nil, ""); again.Header.Get("ETag") == tag {
		t.Error("other bytes have the same ETag")
	}
}

func TestGzip(t *testing.T) {
	base, _ := start(t, Options{})
	url := base + "/m/" + mediaToken + "/i/v/720p/plan/"
	_, plain := do(t, "GET", url+"media.m3u8", nil, "")
	for accept, packed := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "deflate": false, "": false, "gzip;q=x": false,
		"*": false,
	} {
		resp, body := do(t, "GET", url+"media.m3u8", http.Header{"Accept-Encoding": {accept}}, "")
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accept, got)
			continue
		}
		if !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%q: Vary %q", accept, resp.Header.Values("Vary"))
		}
		if packed {
			if len(body) > len(plain)/10 {
				t.Errorf("%q: %d bytes of %d", accept, len(body), len(plain))
			}
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(body, plain) {
			t.Errorf("%q: other bytes", accept)
		}
	}
	resp, _ := do(t, "GET", url+"1.m4s", http.Header{"Accept-Encoding": {"gzip"}}, "")
	if resp.Header.Get("Content-Encoding") != "" {
		t.Error("a segment was packed")
	}
}

func TestFaults(t *testing.T) {
	var fails error
	e := &engine{segment: func(context.Context, media.Ref, int) ([]byte, error) { return nil, fails }}
	var logged syncBuffer
	base, _ := start(t, Options{Media: e, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	url := base + "/m/" + mediaToken + "/i/v/720p/plan/7.m4s"
	cause := errors.New("open /home/me/secret.mkv")
	for code, want := range map[fault.Code]int{
		fault.NotVideo: 422, fault.Unsupported: 422, fault.Encrypted: 422, fault.Damaged: 422, fault.Missing: 503,
		fault.NotFound: 404, fault.Invalid: 400, fault.Denied: 403, fault.Busy: 503, fault.Unavailable: 503,
		fault.DiskFull: 507, fault.Newer: 409, fault.Canceled: 503, fault.Internal: 500,
	} {
		fails = fault.Wrap(cause, code, "A sentence.")
		resp, body := do(t, "GET", url, nil, "")
		var got api.Problem
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %v in %q", code, err, body)
		}
		diff := cmp.Diff(api.Problem{Code: string(code), Message: "A sentence."}, got)
		if diff != "" || resp.StatusCode != want {
			t.Errorf("%s: %d %s", code, resp.StatusCode, diff)
		}
		if retry := resp.Header.Get("Retry-After"); (want >= 503) != (retry == "1") {
			t.Errorf("%s: Retry-After %q", code, retry)
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("ETag") != "" {
			t.Errorf("%s: an error may be cached", code)
		}
	}
	fails = cause
	resp, body := do(t, "GET", url, nil, "")
	if resp.StatusCode != http.StatusInternalServerError || bytes.Contains(body, []byte("secret")) {
		t.Errorf("plain error: %d %q", resp.StatusCode, body)
	}
	if log := logged.String(); !strings.Contains(log, "secret.mkv") || strings.Contains(log, mediaToken) {
		t.Errorf("log: %s", log)
	}
}

func TestMethods(t *testing.T) {
	base, e := start(t, Options{UI: fstest.MapFS{"index.html": {Data: []byte("ui")}}})
	for _, path := range []string{"/m/" + mediaToken + "/i/multivariant.m3u8", "/"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PROPFIND"} {
			resp, _ := do(t, method, base+path, nil, "")
			if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d", method, path, resp.StatusCode)
			}
		}
	}
	if resp, _ := do(t, "GET", base+"/", nil, "a body"); resp.StatusCode != http.StatusBadRequest || !resp.Close {
		t.Errorf("GET with a body: %d, close %v", resp.StatusCode, resp.Close)
	}
	if calls := e.calls(); len(calls) != 0 {
		t.Errorf("the engine was asked: %q", calls)
	}
}

func TestPanics(t *testing.T) {
	var logged syncBuffer
	e := &engine{segment: func(context.Context, media.Ref, int) ([]byte, error) { panic("boom") }}
	base, _ := start(t, Options{Media: e, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	resp, body := do(t, "GET", base+"/m/"+mediaToken+"/i/v/720p/plan/7.m4s", nil, "")
	if resp.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "boom") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if log := logged.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "server_test.go") {
		t.Errorf("log: %s", log)
	}
	resp, _ = do(t, "GET", base+MultivariantPath(mediaToken, "i"), nil, "")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("after the panic: %d", resp.StatusCode)
	}
}

func TestPanicAfterFirstByte(t *testing.T) {
	s := New(Options{})
	srv := httptest.NewServer(s.recovered(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("half of it", 1000))
		panic("boom")
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("half an answer came as a whole one")
	}
}

func TestClientLeaves(t *testing.T) {
	waiting, left := make(chan struct{}), make(chan error, 1)
	e := &engine{segment: func(ctx context.Context, _ media.Ref, _ int) ([]byte, error) {
		close(waiting)
		<-ctx.Done()
		left <- ctx.Err()
		return nil, ctx.Err()
	}}
	base, _ := start(t, Options{Media: e})
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintf(conn, "GET /m/%s/i/v/720p/plan/7.m4s HTTP/1.1\r\nHost: %s\r\n\r\n",
		mediaToken, conn.RemoteAddr())
	<-waiting
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-left:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the engine still waits for a client that left")
	}
}

func TestShutdown(t *testing.T) {
	waiting, answer := make(chan struct{}), make(chan struct{})
	e := &engine{segment: func(ctx context.Context, _ media.Ref, n int) ([]byte, error) {
		waiting <- struct{}{}
		if n == 0 {
			<-answer
			return []byte("done"), nil
		}
		<-ctx.Done() // never ready
		return nil, ctx.Err()
	}}
	s := New(Options{Media: e, MediaToken: mediaToken})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	url := "http://" + l.Addr().String() + "/m/" + mediaToken + "/i/v/720p/plan/"
	status := make(chan string, 2)
	var client http.Client
	defer client.CloseIdleConnections()
	for _, name := range []string{"0.m4s", "1.m4s"} {
		go func() {
			resp, err := client.Get(url + name)
			if err != nil {
				status <- name + " lost"
				return
			}
			defer func() { _ = resp.Body.Close() }()
			body, _ := io.ReadAll(resp.Body)
			status <- fmt.Sprintf("%s %d %s", name, resp.StatusCode, body)
		}()
		<-waiting
	}
	cancel()
	close(answer)
	if got := <-status; got != "0.m4s 200 done" {
		t.Errorf("a request under way ended as %q", got)
	}
	<-status // the other one is let go of, whichever way
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestHeadersTooBig(t *testing.T) {
	base, _ := start(t, Options{})
	host := strings.TrimPrefix(base, "http://")
	resp, _ := raw(t, base, "GET / HTTP/1.1\r\nHost: "+host+"\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", resp.StatusCode)
	}
}

// syncBuffer is a buffer that handlers and the test may use at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
