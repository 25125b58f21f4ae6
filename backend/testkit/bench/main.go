// Command bench measures the built program against bare ffmpeg and nginx doing the same work on the same machine in
// the same run, and prints a table in Markdown: ratios, each of medians of at least five.
//
//	go run ./backend/testkit/bench [-runs 5] [-minutes 10] [-only WORD]
//
// It speaks HTTP only, as a player does. The bare ffmpeg commands are the program's own, read from the system's list
// of processes while it runs them, so that both do the same work with the same settings.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"dropstream/backend/testkit/clips"
	"dropstream/backend/testkit/program"
)

// bench is one run of the benchmark.
type bench struct {
	ctx      context.Context
	runs     int
	mixedFor time.Duration
	only     string
	dir      string
	program  *program.Program
	rows     []row
}

// row is a line of the table.
type row struct{ what, ours, bare, ratio, budget string }

func main() {
	runs := flag.Int("runs", 5, "how often each thing is measured, at least")
	minutes := flag.Int("minutes", 10, "how long the mixed use lasts")
	only := flag.String("only", "", "measure only what has this word in its name")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, max(*runs, 1), time.Duration(*minutes)*time.Minute, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, runs int, mixed time.Duration, only string) (err error) {
	dir, err := os.MkdirTemp("", "dropstream-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{ctx: ctx, runs: runs, mixedFor: mixed, only: only, dir: dir}
	if b.program, err = program.Start(ctx, program.Options{DataDir: filepath.Join(dir, "data")}); err != nil {
		return err
	}
	defer func() {
		if stopped := b.program.Stop(); err == nil {
			err = stopped
		}
	}()
	if err := b.settle(); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{"plan", b.plans},
		{"passthrough", b.passthrough},
		{"transcode", b.transcodes},
		{"kinds", b.kinds},
		{"scrub", b.scrub},
		{"serve", b.serving},
		{"memory", b.memory},
		{"mixed", b.mixed},
	} {
		if only != "" && !strings.Contains(part.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", part.name)
		if err := part.measure(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	b.print()
	return nil
}

// settleTime is how long after its start the program measures the computer, at the latest.
const settleTime = 8 * time.Second

// settle waits until the program has measured the computer.
func (b *bench) settle() error {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return b.quiet()
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// clip makes a clip, if need be, and gives its path.
func (b *bench) clip(name string) (string, error) {
	clip, ok := clips.Named(name)
	if !ok {
		return "", fmt.Errorf("no clip %q", name)
	}
	return clip.Path(b.ctx)
}

// add puts down one line.
func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	fmt.Fprintf(os.Stderr, "bench: %s: %s, bare %s, %s\n", r.what, r.ours, r.bare, r.ratio)
}

func (b *bench) print() {
	fmt.Printf("%s\n\n", machine(b.ctx))
	fmt.Println("| what | drop.stream | the bare tool | ratio | at most |")
	fmt.Println("|---|---|---|---|---|")
	for _, r := range b.rows {
		fmt.Printf("| %s | %s | %s | %s | %s |\n", r.what, r.ours, r.bare, r.ratio, r.budget)
	}
}

// machine says what was measured on.
func machine(ctx context.Context) string {
	cpu := runtime.GOARCH
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(data), "\n") {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				cpu = strings.TrimSpace(strings.TrimLeft(name, " \t:"))
				break
			}
		}
	}
	version := "unknown"
	if out, err := exec.CommandContext(ctx, "ffmpeg", "-version").Output(); err == nil {
		version = strings.Fields(string(out))[2]
	}
	load := ""
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(data))[0]
	}
	return fmt.Sprintf("%s, %d cores, %s/%s%s; ffmpeg %s; %s; %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		load, version, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
}

// median is the middle one.
func median(all []time.Duration) time.Duration { return percentile(all, 50) }

// percentile is what so many in a hundred stay below.
func percentile(all []time.Duration, hundredths int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[len(sorted)*hundredths/100]
}

// ms writes a time for the table.
func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func ratio(ours, bare time.Duration) string { return fmt.Sprintf("%.2f", float64(ours)/float64(bare)) }
