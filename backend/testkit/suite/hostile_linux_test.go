//go:build hls

package suite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dropstream/backend/api"
	"dropstream/backend/testkit/clips"
	"dropstream/backend/testkit/hostile"
	"dropstream/backend/testkit/program"
)

// Bounds of what a hostile file may cost.
const (
	hostileTime   = 60 * time.Second // of one file, on a machine that does other things too
	hostileMemory = 400 << 20        // of the program, with all files behind it
	childMemory   = 700 << 20        // of any child
)

// TestHostile drops files that mean harm. None may make a connection, open a file that it names, write outside the data
// folder, take the program down or hold it up; each is refused in words or plays as far as it goes.
func TestHostile(t *testing.T) {
	root := t.TempDir()
	folder := func(name string) string {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	data, temporary, secret, corpus := folder("data"), folder("tmp"), folder("secret"), folder("corpus")
	target := &hostile.Target{URL: nobodyCalls(t), Canary: filepath.Join(secret, "canary")}
	target.Video, target.Stream = clipData(t, "moov-last.mp4"), clipData(t, "mpeg2.ts")
	if err := os.WriteFile(target.Canary, target.Video, 0o600); err != nil {
		t.Fatal(err)
	}
	files := hostile.Files()
	paths := make([]string, len(files))
	for i := range files {
		dir := filepath.Join(corpus, strconv.Itoa(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if paths[i], err = files[i].Make(target, dir); err != nil {
			t.Fatal(err)
		}
	}
	unchanged(t, root, data)
	nobodyOpens(t, secret)

	log := &tail{}
	p, err := program.Start(context.WithoutCancel(t.Context()), program.Options{
		DataDir: data, Log: log, Env: []string{"TMPDIR=" + temporary, "HOME=" + temporary},
	})
	if err != nil {
		t.Fatal(err)
	}
	most := hungriest(t, p)
	t.Cleanup(func() {
		t.Logf("the program took %d MB at most, a child %d MB", p.PeakBytes()>>20, most.Load()>>20)
		if p.PeakBytes() > hostileMemory {
			t.Errorf("the program took %d MB", p.PeakBytes()>>20)
		}
		if most.Load() > childMemory {
			t.Errorf("a child took %d MB", most.Load()>>20)
		}
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("the program's last words:\n%s", log)
		}
	})
	t.Run("files", func(t *testing.T) {
		for i := range files {
			t.Run(strconv.QuoteToASCII(files[i].Name), func(t *testing.T) {
				t.Parallel()
				dropHostile(t, p, &files[i], paths[i])
			})
		}
	})
}

func dropHostile(t *testing.T, p *program.Program, f *hostile.File, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hostileTime)
	defer cancel()
	var result api.AddResult
	if err := p.Call(ctx, "add", api.AddRequest{Paths: []string{path}}, &result); err != nil {
		t.Fatalf("add: %v", err)
	}
	if len(result.Added) != 1 {
		t.Fatalf("%d results for one file", len(result.Added))
	}
	added := result.Added[0]
	if sentence, refused := problemOf(added); refused {
		t.Logf("refused: %s", sentence)
		if !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "/") || len(sentence) < 10 {
			t.Errorf("no sentence for people: %q", sentence)
		}
		if f.Want == hostile.Plays {
			t.Error("it had to play")
		}
		return
	}
	if f.Want == hostile.Refused {
		t.Errorf("it had to be refused: %+v", added.Item)
	}
	if title := added.Item.Title; title == "" || !utf8.ValidString(title) || strings.ContainsAny(title, "\n\x00\x1b") {
		t.Errorf("no title for people: %q", title)
	}
	served := watchHostile(ctx, t, added.Item.URL)
	if f.Want == hostile.Plays && served == 0 {
		t.Error("no segment of it was served")
	}
	if err := p.Remove(context.WithoutCancel(ctx), added.Item.ID); err != nil {
		t.Errorf("remove: %v", err)
	}
}

// watchHostile asks for playlists, init segments and some segments, as a player would, and counts the segments that
// came. Whatever does not come has to be said with the status of something that is the file's fault.
func watchHostile(ctx context.Context, t *testing.T, address string) (served int) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	multivariant := fetchHostile(ctx, t, base)
	for line := range strings.Lines(string(multivariant)) {
		line = strings.TrimSpace(line)
		uri := line
		if strings.HasPrefix(line, "#") {
			_, uri, _ = strings.Cut(line, `URI="`)
			uri, _, _ = strings.Cut(uri, `"`)
		}
		if uri == "" {
			continue
		}
		ref, err := base.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		playlist := string(fetchHostile(ctx, t, ref))
		segments := strings.Count(playlist, "#EXTINF")
		if strings.Contains(playlist, "init.mp4") {
			fetchHostile(ctx, t, ref.JoinPath("../init.mp4"))
		}
		for _, n := range []int{segments / 2, 0, segments - 1} {
			for _, suffix := range []string{".m4s", ".vtt"} {
				if n >= 0 && n < segments && strings.Contains(playlist, "\n"+strconv.Itoa(n)+suffix) &&
					len(fetchHostile(ctx, t, ref.JoinPath("../"+strconv.Itoa(n)+suffix))) > 0 {
					served++
				}
			}
		}
	}
	return served
}

// fetchHostile gets one resource, nil when it cannot be had.
func fetchHostile(ctx context.Context, t *testing.T, u *url.URL) []byte {
	t.Helper()
	const tries = 3
	for range tries {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", u.Path, err)
			return nil
		}
		var b bytes.Buffer
		_, err = io.Copy(&b, io.LimitReader(resp.Body, 300<<20))
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Errorf("%s: %v", u.Path, err)
			return nil
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return b.Bytes()
		case http.StatusServiceUnavailable: // asked again, as players do
			continue
		case http.StatusUnprocessableEntity, http.StatusNotFound:
			return nil
		default:
			t.Errorf("%s: HTTP %d %s", u.Path, resp.StatusCode, b.Bytes())
			return nil
		}
	}
	return nil
}

// clipData is a clip's content.
func clipData(t *testing.T, name string) []byte {
	t.Helper()
	c, ok := clips.Named(name)
	if !ok {
		t.Fatalf("no clip %q", name)
	}
	path, err := c.Path(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
