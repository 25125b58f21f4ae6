package instance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dropstream/backend/fault"
	"dropstream/backend/instance"
)

const holdEnv = "DROPSTREAM_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		hold(dir)
	}
	goleak.VerifyTestMain(m)
}

// hold is the other process: it takes the folder, publishes a record and waits to be killed.
func hold(dir string) {
	lock, err := instance.Claim(dir)
	if err == nil {
		err = lock.Publish(instance.Info{URL: "http://127.0.0.1:1", Token: "of the dead", PID: os.Getpid()}, nil)
	}
	_, _ = fmt.Fprintln(os.Stdout, err)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

func holder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "<nil>" {
		t.Fatalf("holder said %q, %v", line, err)
	}
	return cmd
}

func TestClaimIsExclusiveAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd := holder(t, dir)
	if _, err := instance.Claim(dir); !errors.Is(err, instance.ErrHeld) {
		t.Fatalf("claim of a held folder = %v, want ErrHeld", err)
	}
	if lock, err := instance.Claim(t.TempDir()); err != nil {
		t.Errorf("claim of another folder = %v, want none", err)
	} else if err := lock.Close(); err != nil {
		t.Error(err)
	}
	// kill -9 leaves the record behind; the free lock says that it is worth nothing.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	record := filepath.Join(dir, "instance.json")
	if _, err := os.Stat(record); err != nil {
		t.Fatalf("the killed holder's record: %v", err)
	}
	lock, client, err := instance.Join(t.Context(), dir)
	if err != nil || lock == nil || client != nil {
		t.Fatalf("join after kill -9 = %v, %v, %v; want the lock", lock, client, err)
	}
	if _, err := os.Stat(record); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stale record is still there: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

func TestPublishIsPrivateAndGoesWithClose(t *testing.T) {
	dir := t.TempDir()
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Publish(instance.Info{URL: "http://127.0.0.1:1", Token: "t", PID: 7}, nil); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "instance.json")
	stat, err := os.Stat(record)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && stat.Mode().Perm() != 0o600 {
		t.Errorf("record's mode = %v, want 0600", stat.Mode().Perm())
	}
	data, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(data), `{"url":"http://127.0.0.1:1","token":"t","pid":7}`+"\n"; got != want {
		t.Errorf("record = %s, want %s", got, want)
	}
	for range 2 {
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "instance.lock")}, names); diff != "" {
		t.Errorf("left in the folder (-want +got):\n%s", diff)
	}
	if err := lock.Publish(instance.Info{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("publish after close = %v, want os.ErrClosed", err)
	}
}

// api stands for the running process's HTTP API.
func api(t *testing.T, token string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"code":"denied","message":"Not with this token."}`))
		case r.URL.Path == "/api/items":
			_, _ = w.Write([]byte(`{"items":[],"total":3}`))
		case r.URL.Path == "/api/item":
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"code":"not_found","message":"There is no such item."}`))
		default:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html>"))
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestJoinFindsTheRunningProcess(t *testing.T) {
	dir := t.TempDir()
	server := api(t, "secret")
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	type found struct {
		client *instance.Client
		err    error
	}
	joined := make(chan found, 1)
	go func() { // before the record is there
		_, client, err := instance.Join(t.Context(), dir)
		joined <- found{client, err}
	}()
	if err := lock.Publish(instance.Info{URL: server.URL, Token: "secret", PID: 1}, nil); err != nil {
		t.Fatal(err)
	}
	got := <-joined
	if got.err != nil || got.client == nil {
		t.Fatalf("join = %+v", got)
	}
	if got.client.HasWindow() {
		t.Error("a process without control has a window")
	}
	var page struct{ Total int }
	if err := got.client.Call(t.Context(), "items", nil, &page); err != nil || page.Total != 3 {
		t.Errorf("items = %+v, %v; want 3", page, err)
	}
	err = got.client.Call(t.Context(), "item", map[string]string{"id": "x"}, nil)
	if fault.CodeOf(err) != fault.NotFound || fault.MessageOf(err) != "There is no such item." {
		t.Errorf("a refusal = %v, want the other side's own fault", err)
	}
	if err := got.client.Call(t.Context(), "doctor", nil, nil); fault.CodeOf(err) != fault.Internal {
		t.Errorf("an answer that is no JSON = %v, want internal", err)
	}
	server.Close()
	if err := got.client.Call(t.Context(), "items", nil, nil); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("nobody there = %v, want unavailable", err)
	}
}

func TestJoinDoesNotTrustAForeignListener(t *testing.T) {
	dir := t.TempDir()
	server := api(t, "secret")
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	// As after a kill: the port of the record now belongs to somebody who does not know the token.
	if err := lock.Publish(instance.Info{URL: server.URL, Token: "another", PID: 1}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, client, err := instance.Join(ctx, dir); client != nil || fault.CodeOf(err) != fault.Busy {
		t.Errorf("join = %v, %v; want busy", client, err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := instance.Join(canceled, dir); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("join, cancelled = %v, want canceled", err)
	}
}

func TestJoinTakesOverWhenTheHolderGoes(t *testing.T) {
	dir := t.TempDir()
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	joined := make(chan *instance.Lock, 1)
	go func() {
		next, _, err := instance.Join(t.Context(), dir)
		if err != nil {
			t.Error(err)
		}
		joined <- next
	}()
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if next := <-joined; next == nil {
		t.Error("the lock was not taken over")
	} else if err := next.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenHandsPathsOverWhole(t *testing.T) {
	dir := t.TempDir()
	server := api(t, "secret")
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	opened := make(chan []string, 2)
	show := func(_ context.Context, paths []string) { opened <- paths }
	if err := lock.Publish(instance.Info{URL: server.URL, Token: "secret"}, show); err != nil {
		t.Fatal(err)
	}
	_, client, err := instance.Join(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !client.HasWindow() {
		t.Fatal("a process with a handler has no window")
	}
	want := []string{"/a b/%s \"quotes\"\n🎬.mp4", "/not\xff\xfetext.mkv", "/" + strings.Repeat("n", 200)}
	if err := client.Open(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, <-opened); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
	if err := client.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := <-opened; len(got) != 0 {
		t.Errorf("opened %q, want nothing", got)
	}
	refuseStrangers(t, client.Info().Control, opened)
}

func refuseStrangers(t *testing.T, control string, opened <-chan []string) {
	t.Helper()
	root := control[:strings.LastIndex(control, "/")]
	body, err := json.Marshal(map[string]any{"paths": []string{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, method, url, origin string }{
		{"without the secret", http.MethodPost, root + "/open", ""},
		{"with a wrong secret", http.MethodPost, root + "/AAAA/open", ""},
		{"by GET", http.MethodGet, control + "/open", ""},
		{"from a page", http.MethodPost, control + "/open", "https://example.com"},
		{"another action", http.MethodPost, control + "/quit", ""},
	} {
		req, err := http.NewRequest(c.method, c.url, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", c.name, res.Status)
		}
	}
	select {
	case got := <-opened:
		t.Errorf("a stranger opened %q", got)
	default:
	}
}

// TestCloseEndsHandlers: what a second launch asked for does not outlive the lock.
func TestCloseEndsHandlers(t *testing.T) {
	dir := t.TempDir()
	server := api(t, "secret")
	lock, err := instance.Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, _ []string) {
		close(started)
		<-ctx.Done()
		close(ended)
	}
	if err := lock.Publish(instance.Info{URL: server.URL, Token: "secret"}, slow); err != nil {
		t.Fatal(err)
	}
	_, client, err := instance.Join(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	<-started
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	default:
		t.Error("the handler still runs after Close")
	}
}

func TestClaimOfAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := instance.Claim(filepath.Join(file, "data"))
	if err == nil || fault.MessageOf(err) != "The folder for drop.stream's data cannot be written." {
		t.Errorf("claim under a file = %v", err)
	}
}
