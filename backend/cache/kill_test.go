package cache

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The child of the kill test: this test binary with childEnv naming the folder.
const (
	childEnv     = "DROPSTREAM_CACHE_CHILD"
	roundsEnv    = "DROPSTREAM_KILL_ROUNDS"
	childWorkers = 4
	childPack    = 200_000
)

func childKey(worker int) Key {
	return Key{Title: "film" + strconv.Itoa(worker%2), Rendition: strconv.Itoa(worker)}
}

func childSize(segment int) int { return 1 + (segment*7919)%40_000 }

// childMain puts segments, from the first that is missing, as fast as it can, and announces each on its standard
// output once Put has returned. It ends by being killed.
func childMain(dir string) int {
	c, err := Open(context.Background(), dir, Options{BudgetBytes: roomy, PackBytes: childPack, Free: plenty})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mu sync.Mutex // one line at a time
	var wg sync.WaitGroup
	for worker := range childWorkers {
		wg.Go(func() {
			k := childKey(worker)
			for n := len(c.Present(k)); ; n++ {
				if err := c.Put(context.Background(), k, n, payload(k, n, childSize(n))); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				mu.Lock()
				_, _ = fmt.Fprintf(os.Stdout, "%d %d\n", worker, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return 1
}

// TestKill kills a process that writes, at a random instant, again and again in the same folder. Every segment whose
// put had returned must be there with its bytes, and work goes on from the next one.
func TestKill(t *testing.T) {
	rounds := 30
	if n, err := strconv.Atoi(os.Getenv(roundsEnv)); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	announced := map[int]int{} // by worker: how many segments, from 0 without gaps
	total := 0
	for round := range rounds {
		before := total
		for _, a := range killChild(t, dir) {
			worker, n := a[0], a[1]
			if n != announced[worker] {
				t.Fatalf("round %d: worker %d went on from %d, not from %d", round, worker, n, announced[worker])
			}
			announced[worker]++
			total++
		}
		if total == before {
			t.Logf("round %d: killed before anything was announced", round)
		}
		c, err := Open(t.Context(), dir, Options{BudgetBytes: roomy, Free: plenty})
		if err != nil {
			t.Fatalf("round %d: open: %v", round, err)
		}
		for worker := range childWorkers {
			k := childKey(worker)
			have := c.Present(k)
			if len(have) < announced[worker] {
				t.Fatalf("round %d: worker %d has %d segments of %d", round, worker, len(have), announced[worker])
			}
			for i, n := range have {
				if i != n {
					t.Fatalf("round %d: segment %d is missing", round, i)
				}
				if got, ok, err := c.Get(k, n); !ok || err != nil || !bytes.Equal(got, payload(k, n, childSize(n))) {
					t.Fatalf("round %d: segment %d: ok %v, error %v, or other bytes", round, n, ok, err)
				}
			}
			announced[worker] = len(have) // some were durable and not announced yet
		}
		if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
			t.Fatalf("round %d: used %d bytes, on disk %d", round, used, disk)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if total == 0 {
		t.Fatal("nothing was ever announced")
	}
	t.Logf("%d rounds, %d segments announced", rounds, total)
}

// killChild runs the child for a random while and gives what it announced.
func killChild(t *testing.T, dir string) [][2]int {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"="+dir)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	// One in four is killed while it starts and recovers, the others while they write.
	kill := func() *time.Timer {
		return time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { _ = child.Process.Kill() })
	}
	var timer *time.Timer
	if rand.IntN(4) == 0 {
		timer = kill()
	}
	var all [][2]int
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // what the kill cut off was never announced
			if err != io.EOF && !strings.Contains(line, "\n") {
				t.Fatal(err)
			}
			break
		}
		var a [2]int
		if _, err := fmt.Sscanf(line, "%d %d\n", &a[0], &a[1]); err != nil {
			t.Fatalf("child said %q: %v", line, err)
		}
		all = append(all, a)
		if timer == nil {
			timer = kill()
		}
	}
	_ = child.Wait()
	if timer != nil {
		timer.Stop()
	}
	if stderr.Len() > 0 {
		t.Fatalf("child: %s", stderr.String())
	}
	return all
}
