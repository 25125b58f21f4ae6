// Package program runs the built program headless and speaks its HTTP API, for tests and the benchmark.
package program

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dropstream/backend/api"
)

// stopTime is how long the program may take to close everything after SIGTERM.
const stopTime = 15 * time.Second

// Program is a running program.
type Program struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`

	cmd    *exec.Cmd
	client http.Client
	ended  chan error
}

// Options say how to start it.
type Options struct {
	Bin     string    // the built program; "": Bin()
	DataDir string    // its data folder
	Log     io.Writer // its stderr; nil: dropped
	Env     []string  // beside the environment of this process
}

// Root is the repository's root: the nearest folder above that holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = up
	}
}

// Bin is the built program: $DROPSTREAM_BIN, or build/bin/dropstream.
func Bin() (string, error) {
	if bin := os.Getenv("DROPSTREAM_BIN"); bin != "" {
		return bin, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, "build", "bin", "dropstream")
	if _, err := os.Stat(bin); err != nil {
		return "", fmt.Errorf("the program is not built (make build): %w", err)
	}
	return bin, nil
}

// Start starts the program headless and waits until it says that it is ready. It is killed when ctx ends.
func Start(ctx context.Context, o Options) (*Program, error) {
	if o.Bin == "" {
		var err error
		if o.Bin, err = Bin(); err != nil {
			return nil, err
		}
	}
	p := &Program{ended: make(chan error, 1)}
	p.cmd = exec.CommandContext(ctx, o.Bin, "serve", "--data", o.DataDir, "--json")
	p.cmd.Env = append(os.Environ(), o.Env...)
	p.cmd.Stderr = o.Log
	p.cmd.WaitDelay = 5 * time.Second
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	if err = p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start program: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	if err != nil {
		_ = p.cmd.Process.Kill()
		return nil, fmt.Errorf("read where it is: %w", errors.Join(err, <-p.ended))
	}
	return p, nil
}

// Call asks a verb; answer is a pointer or nil. An error of the program's is a *ProblemError.
func (p *Program) Call(ctx context.Context, verb string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/api/"+verb, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+p.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		problem := &ProblemError{Status: resp.StatusCode}
		if err := json.Unmarshal(data, &problem.Problem); err != nil {
			return fmt.Errorf("HTTP %d, not JSON: %w", resp.StatusCode, err)
		}
		return problem
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

// ProblemError is an error that the program answered with.
type ProblemError struct {
	Status int
	api.Problem
}

func (p *ProblemError) Error() string {
	return fmt.Sprintf("HTTP %d %s: %s", p.Status, p.Code, p.Message)
}

// Add drops one file.
func (p *Program) Add(ctx context.Context, path string) (api.Added, error) {
	var result api.AddResult
	if err := p.Call(ctx, "add", api.AddRequest{Paths: []string{path}}, &result); err != nil {
		return api.Added{}, err
	}
	if len(result.Added) != 1 {
		return api.Added{}, fmt.Errorf("%d results for one file", len(result.Added))
	}
	return result.Added[0], nil
}

// Remove forgets an item.
func (p *Program) Remove(ctx context.Context, id string) error {
	return p.Call(ctx, "remove", api.RemoveRequest{IDs: []string{id}}, nil)
}

// Children are the processes below the program, theirs included, where the system tells (Linux). It is cheap enough
// to be asked while something is measured.
func (p *Program) Children() []int {
	if below, ok := childrenOf(p.PID); ok {
		return below
	}
	return p.search()
}

// childrenOf asks the kernel for a process's children (proc(5), /proc/pid/task/tid/children); false where it has not
// been built to tell.
func childrenOf(pid int) ([]int, bool) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*/children", pid))
	var below []int
	for _, path := range lists {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // the thread ended meanwhile
		}
		for word := range strings.FieldsSeq(string(data)) {
			child, err := strconv.Atoi(word)
			if err != nil || zombie(child) {
				continue
			}
			theirs, _ := childrenOf(child)
			below = append(append(below, child), theirs...)
		}
	}
	return below, len(lists) > 0
}

// zombie says whether a process has ended and only waits to be waited for.
func zombie(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.HasPrefix(string(data[strings.LastIndexByte(string(data), ')')+1:]), " Z")
}

// search looks at every process for its parent.
func (p *Program) search() []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, rest, _ := strings.Cut(string(data), " (")
		fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		child, _ := strconv.Atoi(pid)
		parents[child], _ = strconv.Atoi(fields[1])
	}
	var below []int
	for child := range parents {
		for up := parents[child]; up > 1; up = parents[up] {
			if up == p.PID {
				below = append(below, child)
				break
			}
		}
	}
	return below
}

// ResidentBytes is the program's own memory, children aside, where the system tells (Linux); else 0.
func (p *Program) ResidentBytes() int64 { return p.status("VmRSS:") }

// PeakBytes is the most that ResidentBytes has been.
func (p *Program) PeakBytes() int64 { return p.status("VmHWM:") }

func (p *Program) status(key string) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// Stop asks the program to end and waits. It is an error if it does not end well, or in time, or leaves a process.
func (p *Program) Stop() error {
	p.client.CloseIdleConnections()
	children := p.Children()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("ask it to end: %w", err)
	}
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case err := <-p.ended:
		if err != nil {
			return fmt.Errorf("program ended: %w", err)
		}
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("program did not end within %v of SIGTERM", stopTime)
	}
	for _, pid := range children {
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil {
			return fmt.Errorf("process %d (%s) outlives the program", pid, strings.TrimSpace(string(name)))
		}
	}
	return nil
}
