package proc

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// sandboxExec runs a program under a profile. It is marked as old and yet what the system's own programs use.
const sandboxExec = "/usr/bin/sandbox-exec"

// means is what confines children here.
func means() string { return "a sandbox profile" }

// confine has the command run under a profile: no connection, no other process, no writing but to what is named.
// Reading is left open: the kernel compares names by its own idea of letter case and accents, and a video must not
// fail to play because its folder is written differently.
func (j *jail) confine(cmd *exec.Cmd) {
	if j.confinement == nil {
		return
	}
	var profile strings.Builder
	profile.WriteString("(version 1)(allow default)(deny network*)(deny process-fork)(deny file-write*)" +
		`(allow file-write-data (literal "/dev/null"))`)
	args := []string{sandboxExec}
	for i, path := range j.confinement.WriteFiles {
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			path = resolved
		}
		args = append(args, "-D", fmt.Sprintf("W%d=%s", i, path)) // a parameter: nothing in a name is read as a rule
		_, _ = fmt.Fprintf(&profile, `(allow file-write* (literal (param "W%d")))`, i)
	}
	args = append(args, "-p", profile.String(), cmd.Path)
	cmd.Args = append(args, cmd.Args[1:]...)
	cmd.Path = sandboxExec
}
