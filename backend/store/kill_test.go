package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dropstream/backend/media"
)

// writerEnv makes this test program a writer that adds items to the database it names until it is killed.
const writerEnv = "STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		writeUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled adds items and says the number of each that was committed.
func writeUntilKilled(path string) {
	ctx := context.Background()
	s, _, err := Open(ctx, Options{Path: path})
	for i := 0; err == nil; i++ {
		it := fullItem(strconv.Itoa(i))
		it.Why = strings.Repeat("long reasons ", 500) // several pages an item: a kill falls inside a write
		if _, err = s.AddItem(ctx, it); err == nil {
			_, _ = fmt.Fprintln(os.Stdout, i)
		}
	}
	_, _ = fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestKilledInMidWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^$")
		cmd.Env = append(os.Environ(), writerEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		committed := -1
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				committed = n
			}
			if committed >= total+20+7*round {
				break
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died counts
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				committed = n
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer was not killed")
		}
		s, notice, err := Open(t.Context(), Options{Path: path})
		if err != nil || notice != (Notice{}) {
			t.Fatalf("after the kill: %v, %+v", err, notice)
		}
		page, err := s.Items(t.Context(), media.ItemQuery{Limit: 1})
		if err != nil || page.Total < committed+1 || page.Total > committed+2 {
			t.Errorf("round %d: %d items, %d were committed, %v", round, page.Total, committed+1, err)
		}
		total = page.Total
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
