package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// waitDelay is how long pipes may stay open after the child is gone before they are given up: only something that
// left its process group could still hold them.
const waitDelay = 2 * time.Second

// live counts the children that run now.
var live atomic.Int64

// Live is the number of children that run now.
func Live() int { return int(live.Load()) }

// Process is a child that has been started. Its methods may be called by any goroutine.
type Process struct {
	name   string
	pid    int
	grace  time.Duration
	stdout *pipe
	stderr tail
	done   chan struct{} // closed when the child is gone and err is set
	err    error
	used   time.Duration // processor time

	mu    sync.Mutex
	jail  *jail       // the group or job
	over  bool        // the group is gone: its number may be another's by now
	timer *time.Timer // the kill that follows a polite stop
	ended bool        // the context ended the child
}

// Start starts a child. When ctx ends, the child and all it started are asked to stop and, after s.Grace, killed.
// The caller reads or closes Stdout, and calls Wait or watches Done.
//
// It fails with ctx's error when that has ended already, and otherwise when the program cannot be run or confined.
func Start(ctx context.Context, s Spec) (*Process, error) {
	name := filepath.Base(s.Path)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if !filepath.IsAbs(s.Path) {
		return nil, fmt.Errorf("start %s: the path is not absolute", name)
	}
	p := &Process{name: name, grace: s.Grace, done: make(chan struct{})}
	started := make(chan error, 1)
	go onOwnThread(func() { p.own(ctx, s, started) })
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// own is the child's owner: it starts the child, says so, and stays until the child is gone.
func (p *Process) own(ctx context.Context, s Spec, started chan<- error) {
	cmd, err := p.launch(ctx, s)
	if err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	live.Add(1)
	started <- nil

	if p.jail.awaitExit() {
		p.finish() // before the child is reaped, while its group's number is surely still its own
	}
	werr := cmd.Wait()
	ended := p.finish()

	p.stdout.expire()
	if cmd.ProcessState != nil {
		p.used = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	switch {
	case ended:
		err = fmt.Errorf("%s: %w", p.name, ctx.Err())
	case cmd.ProcessState == nil:
		err = fmt.Errorf("wait for %s: %w", p.name, werr)
	default:
		err = exitError(p.name, cmd.ProcessState, p.stderr.String())
		if err == nil && werr != nil && !errors.Is(werr, exec.ErrWaitDelay) {
			err = fmt.Errorf("feed %s: %w", p.name, werr)
		}
	}
	p.err = err
	live.Add(-1)
	close(p.done)
}

// finish ends whatever the child started and left behind. From then on nothing is signalled any more. It says whether
// the context ended the child.
func (p *Process) finish() (ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.over = true
		p.jail.kill()
		p.jail.close()
		if p.timer != nil {
			p.timer.Stop()
		}
	}
	return p.ended
}

// launch starts the command and confines it. Where the system refuses to hold the child until it is confined, it
// is started again without that.
func (p *Process) launch(ctx context.Context, s Spec) (*exec.Cmd, error) {
	j, err := newJail(s)
	if err != nil {
		return nil, err
	}
	cmd, err := p.try(ctx, s, j)
	if err != nil && j.mayLoosen(err) {
		cmd, err = p.try(ctx, s, j)
		if err == nil {
			j.loosened()
		}
	}
	if err != nil {
		j.close()
		return nil, err
	}
	return cmd, nil
}

func (p *Process) try(ctx context.Context, s Spec, j *jail) (*exec.Cmd, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	widen(w)
	cmd := exec.CommandContext(ctx, s.Path, s.Args...) //nolint:gosec // running a program is what this is for
	cmd.Dir = childDir()
	cmd.Env = s.Env
	if cmd.Env == nil {
		cmd.Env = MinimalEnv()
	}
	cmd.Stdin = s.Stdin
	cmd.Stdout = w
	cmd.Stderr = &p.stderr
	cmd.Cancel = p.stop
	cmd.WaitDelay = s.Grace + waitDelay

	err = j.start(cmd)
	_ = w.Close() // ours: the child has its own
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	p.stdout = &pipe{r: r, done: p.done}
	p.mu.Lock()
	p.jail = j
	ended := p.ended
	p.mu.Unlock()
	if ended {
		_ = p.stop() // the context ended before there was a jail to end
	}
	return cmd, nil
}

// stop is what the end of the context does: ask the group to stop, and kill it when the grace is over.
func (p *Process) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	p.ended = true
	if p.jail == nil {
		return nil // not confined yet: try calls again
	}
	if p.grace <= 0 || !p.jail.terminate() {
		p.jail.kill()
		return nil
	}
	p.timer = time.AfterFunc(p.grace, p.Kill)
	return nil
}

// Kill ends the child and everything it started, at once. It may be called any number of times, at any time.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.jail.kill()
	}
}

// Wait waits until the child is gone, and says how it ended: nil, an *ExitError, or an error that wraps ctx's when
// the context ended it. It does not wait for Stdout to be read. Any number of callers may wait.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Done is closed when the child is gone.
func (p *Process) Done() <-chan struct{} { return p.done }

// Used waits until the child is gone, and says how much processor time it used over all its threads.
func (p *Process) Used() time.Duration {
	<-p.done
	return p.used
}

// PID is the child's process number. It may be another's once Done is closed.
func (p *Process) PID() int { return p.pid }

// StderrTail is the last 8 KiB of what the child has written to stderr so far.
func (p *Process) StderrTail() string { return p.stderr.String() }

// Stdout is what the child writes. What has been written stays readable after the child is gone. It must be closed;
// closing it early makes the child fail when it next writes.
func (p *Process) Stdout() io.ReadCloser { return p.stdout }
