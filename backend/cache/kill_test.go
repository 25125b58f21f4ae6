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
	budgetEnv    = "DROPSTREAM_CACHE_CHILD_BUDGET"
	childWorkers = 4
	childBudget  = 3 << 20 // of the child that evicts: some 150 segments
	childPack    = 200_000
)

func childKey(worker int) Key {
	return Key{Title: "film" + strconv.Itoa(worker%2), Rendition: strconv.Itoa(worker)}
}

func childSize(segment int) int { return 1 + (segment*7919)%40_000 }

// childMain puts segments, from the one after the last, as fast as it can, and announces each on its standard output
// once Put has returned. It ends by being killed.
func childMain(dir string) int {
	budget, err := strconv.ParseInt(os.Getenv(budgetEnv), 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c, err := Open(context.Background(), dir, Options{BudgetBytes: budget, PackBytes: childPack, Free: plenty})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mu sync.Mutex // one line at a time
	var wg sync.WaitGroup
	for worker := range childWorkers {
		wg.Go(func() {
			k := childKey(worker)
			n := 0
			if have := c.Present(k); len(have) > 0 {
				n = have[len(have)-1] + 1
			}
			for release := func() {}; ; n++ {
				next := c.Guard(k.Title, k.Rendition, n-1, n)
				release()
				release = next
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

func killRounds() int {
	if n, err := strconv.Atoi(os.Getenv(roundsEnv)); err == nil {
		return n
	}
	return 30
}

// TestKill kills a process that writes, at a random instant, again and again in the same folder. Every segment whose
// put had returned must be there with its bytes, and work goes on from the next one.
func TestKill(t *testing.T) {
	rounds := killRounds()
	dir := t.TempDir()
	announced := map[int]int{} // by worker: how many segments, from 0 without gaps
	total := 0
	for round := range rounds {
		before := total
		for _, a := range killChild(t, dir, roomy) {
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

// TestKillWhileEvicting kills a process whose cache is full, so that packs are made and deleted all the time. What is
// left must be right, inside the budget, and hold what was guarded.
func TestKillWhileEvicting(t *testing.T) {
	dir := t.TempDir()
	total := 0
	for round := range killRounds() {
		last := map[int]int{}
		for _, a := range killChild(t, dir, childBudget) {
			last[a[0]] = a[1]
			total++
		}
		if used := diskUse(t, dir); used > childBudget {
			t.Fatalf("round %d: %d bytes on disk, over the budget", round, used)
		}
		c := open(t, dir, Options{BudgetBytes: childBudget})
		for worker := range childWorkers {
			k := childKey(worker)
			if n, ok := last[worker]; ok && !c.Has(k, n) {
				t.Fatalf("round %d: worker %d lost segment %d, announced last and guarded", round, worker, n)
			}
			for _, n := range c.Present(k) {
				wantSegment(t, c, k, n, childSize(n))
			}
		}
		if used, disk := c.UsedBytes(), diskUse(t, dir); used != disk {
			t.Fatalf("round %d: used %d bytes, on disk %d", round, used, disk)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d segments announced", total)
	if total < 2*childBudget/20_000 {
		t.Skip("the machine is too slow: the budget was hardly used")
	}
}

// killChild runs the child for a random while and gives what it announced.
func killChild(t *testing.T, dir string, budget int64) [][2]int {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"="+dir, budgetEnv+"="+strconv.FormatInt(budget, 10))
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
