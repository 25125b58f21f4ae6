package proc

import (
	"fmt"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// ticksPerSecond is how Windows counts processor time: in 100 ns.
const ticksPerSecond = 10_000_000

// killedCode is the exit code of what a jail ended.
const killedCode = 1

// resumeProcess lets a suspended process run. os/exec keeps no handle of its first thread, which ResumeThread wants.
var resumeProcess = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess")

// jail is a job object: it holds the child and all it starts, and ends them when its last handle is closed.
type jail struct {
	low     bool
	lowered bool // at low integrity, without privileges
	job     windows.Handle
}

func newJail(s Spec) (*jail, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("make a job object: %w", err)
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits := &info.BasicLimitInformation
	limits.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	if n := s.Limits.MemoryBytes; n > 0 {
		limits.LimitFlags |= windows.JOB_OBJECT_LIMIT_JOB_MEMORY
		info.JobMemoryLimit = uintptr(n)
	}
	if n := s.Limits.CPUSeconds; n > 0 {
		limits.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_TIME
		limits.PerProcessUserTimeLimit = n * ticksPerSecond
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil, fmt.Errorf("limit a job object: %w", err)
	}
	// A child at low integrity could not write even to the files it is let write.
	lowered := s.Confine != nil && len(s.Confine.WriteFiles) == 0
	return &jail{low: s.Low, lowered: lowered, job: job}, nil
}

func onOwnThread(owner func()) { owner() }

// mayLoosen says whether a failed start is worth another try with the program's own token.
func (j *jail) mayLoosen(error) bool {
	was := j.lowered
	j.lowered = false
	return was
}

func (*jail) loosened() {}

// start starts the command suspended, puts it into the job, and lets it go.
func (j *jail) start(cmd *exec.Cmd) error {
	flags := uint32(windows.CREATE_NO_WINDOW | windows.CREATE_SUSPENDED | windows.CREATE_NEW_PROCESS_GROUP)
	if j.low {
		flags |= windows.BELOW_NORMAL_PRIORITY_CLASS
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: flags}
	if j.lowered {
		token, err := lowToken()
		if err != nil {
			return err
		}
		defer func() { _ = token.Close() }()
		cmd.SysProcAttr.Token = token
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if err := j.hold(uint32(cmd.Process.Pid)); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // the error that matters is the one above
		return err
	}
	return nil
}

func (j *jail) hold(pid uint32) error {
	const access = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE | windows.PROCESS_SUSPEND_RESUME
	h, err := windows.OpenProcess(access, false, pid)
	if err != nil {
		return fmt.Errorf("open the child: %w", err)
	}
	defer func() { _ = windows.CloseHandle(h) }()
	if err := windows.AssignProcessToJobObject(j.job, h); err != nil {
		return fmt.Errorf("put the child into its job: %w", err)
	}
	if status, _, _ := resumeProcess.Call(uintptr(h)); status != 0 {
		return fmt.Errorf("let the child go: %w", windows.NTStatus(status))
	}
	return nil
}

// awaitExit has nothing to wait with here, and need not: a job is known by its handle, which is never another's.
func (*jail) awaitExit() bool { return false }

// terminate has no way to ask: a child without a console gets no signals.
func (*jail) terminate() bool { return false }

func (j *jail) kill() { _ = windows.TerminateJobObject(j.job, killedCode) }

func (j *jail) close() { _ = windows.CloseHandle(j.job) }
