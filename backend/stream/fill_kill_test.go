package stream

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/media"
)

// The child of the kill test: this test binary, told the data folder and the source.
const (
	fillChildDir    = "DROPSTREAM_FILL_CHILD"
	fillChildSource = "DROPSTREAM_FILL_SOURCE"
	fillKills       = "DROPSTREAM_KILL_ROUNDS"
)

// TestFillingChild fills an item and announces each segment as soon as the cache says that it is there. It ends by
// being killed.
func TestFillingChild(t *testing.T) {
	dir, path := os.Getenv(fillChildDir), os.Getenv(fillChildSource)
	if dir == "" {
		t.Skip("only the child of another test")
	}
	src := sourceOf(t, path)
	r := newFillRig(t, dir, src, 1<<30, true)
	r.Resume(t.Context(), nil, []media.Item{{Source: src, PlayedAt: time.Now()}})
	r.play(t, 0)
	ti, release, err := r.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	keys := []cache.Key{feedOf(ti.video[ti.rungs[0].Name]).key, feedOf(ti.offer(0).audio[0].rendition).key}
	told := map[string]bool{}
	for {
		for _, k := range keys {
			for _, n := range r.cache.Present(k) {
				line := fmt.Sprintf("announced %s %d", k.Rendition, n)
				if !told[line] {
					told[line] = true
					_, _ = fmt.Fprintln(os.Stdout, line)
				}
			}
		}
		select {
		case <-r.stored:
			_, _ = fmt.Fprintln(os.Stdout, "stored")
			<-t.Context().Done()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// TestKillWhileFilling kills a program that fills, at a random instant, again and again. Each time every segment that
// was announced is there, and filling goes on from the next one, until the item is stored whole.
func TestKillWhileFilling(t *testing.T) {
	rounds := 10
	if n, err := strconv.Atoi(os.Getenv(fillKills)); err == nil {
		rounds = n
	}
	length := 3 * rounds
	src := converted(t, strconv.Itoa(length))
	dir := t.TempDir()
	announced := map[string]bool{}
	news := 0
	for round := range rounds {
		lines, stored := killFilling(t, dir, src.Path)
		for _, l := range lines {
			if !announced[l] {
				news++
			}
			announced[l] = true
		}
		c, err := cache.Open(t.Context(), filepath.Join(dir, "cache"), cache.Options{BudgetBytes: 1 << 30})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for l := range announced {
			var rendition string
			var n int
			if _, err := fmt.Sscanf(l, "announced %s %d", &rendition, &n); err != nil {
				t.Fatalf("%q: %v", l, err)
			}
			data, ok, err := c.Get(cache.Key{Title: src.ItemID, Rendition: rendition}, n)
			if err != nil || !ok || len(data) == 0 {
				t.Fatalf("round %d: segment %d was announced and is lost: %v %v", round, n, ok, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if stored {
			t.Logf("stored after %d kills", round)
			break
		}
	}
	if news == 0 {
		t.Fatal("nothing was ever announced")
	}
	r := newFillRig(t, dir, src, 1<<30, true)
	r.Resume(t.Context(), nil, []media.Item{{Source: src, PlayedAt: time.Now()}})
	r.await(t)
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	r.drop(src.ItemID)
	r.everything(t)
	t.Logf("%d segments announced", news)
}

// killFilling runs the child for a random while after its first word, or while it starts, and gives what it announced.
func killFilling(t *testing.T, dir, source string) (lines []string, stored bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFillingChild$", "-test.v")
	child.Env = append(os.Environ(), fillChildDir+"="+dir, fillChildSource+"="+source)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func(most time.Duration) *time.Timer {
		return time.AfterFunc(rand.N(most), func() { _ = child.Process.Kill() })
	}
	timer := kill(time.Minute) // should it never say a word
	if rand.IntN(4) == 0 {
		timer.Stop()
		timer = kill(500 * time.Millisecond)
	}
	s := bufio.NewScanner(out)
	for s.Scan() {
		l := s.Text()
		switch {
		case strings.HasPrefix(l, "announced "):
			if len(lines) == 0 && timer.Stop() {
				timer = kill(1500 * time.Millisecond)
			}
			lines = append(lines, l)
		case l == "stored":
			stored = true
			_ = child.Process.Kill()
		case strings.HasPrefix(l, "--- FAIL"), strings.HasPrefix(l, "--- SKIP"):
			t.Errorf("child: %s", l)
		}
	}
	_ = child.Wait() // it was killed
	timer.Stop()
	return lines, stored
}
