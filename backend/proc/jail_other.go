//go:build unix && !linux

package proc

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// lowNice is the nice(2) value of a child that runs low.
const lowNice = 10

// jail is a child's process group.
type jail struct {
	low         bool
	confinement *Confinement
	pgid        int // 0 until started
}

func newJail(s Spec) (*jail, error) { return &jail{low: s.Low, confinement: s.Confine}, nil }

func onOwnThread(owner func()) { owner() }

func (*jail) mayLoosen(error) bool { return false }

func (*jail) loosened() {}

func (j *jail) start(cmd *exec.Cmd) error {
	j.confine(cmd)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	j.pgid = cmd.Process.Pid
	if j.low {
		_ = unix.Setpriority(unix.PRIO_PGRP, j.pgid, lowNice) // a child at full priority is a nuisance, not a fault
	}
	return nil
}

// awaitExit has nothing to wait with here: a child cannot be seen to end without being reaped.
func (*jail) awaitExit() bool { return false }

func (j *jail) terminate() bool {
	_ = unix.Kill(-j.pgid, unix.SIGTERM)
	return true
}

func (j *jail) kill() {
	if j.pgid > 0 {
		_ = unix.Kill(-j.pgid, unix.SIGKILL)
	}
}

func (*jail) close() {}
