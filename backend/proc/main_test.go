package proc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// roleKey names the environment variable that turns the test binary into one of the children below.
const roleKey = "PROC_TEST_ROLE"

// roles are the children the tests start: the test binary itself, playing a part.
var roles = map[string]func(args []string){
	"exit": func(args []string) {
		fmt.Fprint(os.Stderr, args[1])
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	},
	"echo":  func(args []string) { say(strings.Join(args, "\x00")) },
	"env":   func([]string) { say(strings.Join(os.Environ(), "\n")) },
	"cat":   func([]string) { _, _ = io.Copy(os.Stdout, os.Stdin) },
	"sleep": func([]string) { say("ready"); <-time.After(time.Hour) },
	"flood": func([]string) {
		block := make([]byte, 4096)
		for {
			if _, err := os.Stdout.Write(block); err != nil {
				os.Exit(3)
			}
		}
	},
	"numbers": func(args []string) {
		n, _ := strconv.Atoi(args[0])
		w := bufio.NewWriter(os.Stdout)
		for i := range n {
			_, _ = fmt.Fprintln(w, i)
		}
		_ = w.Flush()
	},
	"stderr": func(args []string) {
		n, _ := strconv.Atoi(args[0])
		for i := range n {
			fmt.Fprintf(os.Stderr, "line %d\n", i)
		}
		os.Exit(1)
	},
	// family starts a grandchild that holds the same pipes, says both numbers, and stays.
	"family": func([]string) {
		child := exec.CommandContext(context.Background(), os.Args[0])
		child.Env = append(os.Environ(), roleKey+"=sleep")
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			os.Exit(4)
		}
		say(os.Getpid(), child.Process.Pid)
		<-time.After(time.Hour)
	},
	// leaver starts a grandchild that holds stdout, and ends.
	"leaver": func([]string) {
		child := exec.CommandContext(context.Background(), os.Args[0])
		child.Env = append(os.Environ(), roleKey+"=sleep")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			os.Exit(4)
		}
		say(child.Process.Pid)
	},
	"polite": func([]string) {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		say("ready")
		<-asked
		say("bye")
	},
	"deaf": func([]string) {
		signal.Ignore(syscall.SIGTERM)
		say("ready")
		<-time.After(time.Hour)
	},
}

// say writes a line to stdout.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

func TestMain(m *testing.M) {
	StandIn()
	if role, ok := roles[os.Getenv(roleKey)]; ok {
		role(os.Args[1:])
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// as is a Spec that starts the test binary in one of the roles.
func as(t *testing.T, role string, args ...string) Spec {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := roles[role]; !ok {
		t.Fatalf("no role %q", role)
	}
	return Spec{Path: exe, Args: args, Env: roleEnv(role)}
}

// roleEnv is the environment of a child in a role. The race detector is told not to sleep before the child ends.
func roleEnv(role string) []string {
	return append(MinimalEnv(), "GORACE=atexit_sleep_ms=0", roleKey+"="+role)
}

// start starts a child in a role and ends it with the test.
func start(ctx context.Context, t *testing.T, s Spec) *Process {
	t.Helper()
	p, err := Start(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		_ = p.Stdout().Close()
		_ = p.Wait()
	})
	return p
}

// line reads one line of what the child says.
func line(t *testing.T, p *Process) string {
	t.Helper()
	var b []byte
	for one := make([]byte, 1); ; {
		n, err := p.Stdout().Read(one)
		if n == 1 && one[0] == '\n' {
			return string(b)
		}
		b = append(b, one[:n]...)
		if err != nil {
			t.Fatalf("read a line of the child after %q: %v", b, err)
		}
	}
}

// eventually asks again and again until the answer is yes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}
