package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		name, code, says string
		want             *ExitError
		text             string
	}{
		{name: "success", code: "0", says: "a warning"},
		{
			name: "failure", code: "3", says: "first\nlast\n", want: &ExitError{Code: 3, Stderr: "first\nlast\n"},
			text: ": exit code 3: last",
		},
		{name: "silent failure", code: "255", want: &ExitError{Code: 255}, text: ": exit code 255"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t.Context(), t, as(t, "exit", tt.code, tt.says))
			err := p.Wait()
			if tt.want == nil {
				if err != nil {
					t.Fatalf("got %v, want success", err)
				}
				return
			}
			var got *ExitError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want an *ExitError", err)
			}
			tt.want.Name = filepath.Base(os.Args[0])
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got, want := err.Error(), tt.want.Name+tt.text; got != want {
				t.Errorf("says %q, want %q", got, want)
			}
		})
	}
}

func TestWaitForAnyNumberOfCallers(t *testing.T) {
	p := start(t.Context(), t, as(t, "exit", "5", ""))
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = p.Wait() })
	}
	wg.Wait()
	for _, err := range errs {
		var e *ExitError
		if !errors.As(err, &e) || e.Code != 5 {
			t.Errorf("got %v, want exit code 5", err)
		}
	}
	select {
	case <-p.Done():
	default:
		t.Error("Done is open after Wait")
	}
	p.Kill() // must do nothing, and above all not to another's group
}

func TestStartRefuses(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		path string
		want error
	}{
		{"a missing program", t.Context(), filepath.Join(t.TempDir(), "none"), os.ErrNotExist},
		{"an ended context", ended, os.Args[0], context.Canceled},
		{"a relative path", t.Context(), "sh", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			_, err := Start(tt.ctx, Spec{Path: tt.path})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if Live() != before {
				t.Errorf("%d children live, want %d", Live(), before)
			}
		})
	}
}

func TestArgumentsArriveWhole(t *testing.T) {
	want := []string{"", "a b", `q"u'o\te`, "-i", "%d %s", "$HOME `id`", "line\nbreak", "😀", "*", "\xff\xfe"}
	out, err := Output(t.Context(), as(t, "echo", want...), 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(string(out), "\n"), "\x00")); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentIsSmallAndFixed(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "1")
	out, err := Output(t.Context(), as(t, "env"), 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(roleEnv("env"), strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestStdin(t *testing.T) {
	s := as(t, "cat")
	out, err := Output(t.Context(), s, 10)
	if err != nil || len(out) != 0 {
		t.Errorf("with no stdin: %q, %v; want nothing", out, err)
	}
	s.Stdin = strings.NewReader("hello")
	out, err = Output(t.Context(), s, 10)
	if err != nil || string(out) != "hello" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestStderrKeepsTheEnd(t *testing.T) {
	const lines = 5000
	p := start(t.Context(), t, as(t, "stderr", fmt.Sprint(lines)))
	err := p.Wait()
	var e *ExitError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if len(e.Stderr) != tailBytes || !strings.HasSuffix(e.Stderr, fmt.Sprintf("\nline %d\n", lines-1)) {
		t.Errorf("kept %d bytes ending in %q", len(e.Stderr), e.Stderr[max(0, len(e.Stderr)-20):])
	}
	if e.Stderr != p.StderrTail() {
		t.Error("StderrTail is not what the error has")
	}
}

func TestTail(t *testing.T) {
	var whole strings.Builder
	var kept tail
	for i, n := range []int{0, 1, 5000, 3191, 1, 8192, 20000, 7, 8191, 8193, 100} {
		b := []byte(strings.Repeat(string(rune('a'+i)), n))
		if got, err := kept.Write(b); got != n || err != nil {
			t.Fatalf("write %d: %d, %v", n, got, err)
		}
		whole.Write(b)
		want := whole.String()
		if len(want) > tailBytes {
			want = want[len(want)-tailBytes:]
		}
		if got := kept.String(); got != want {
			t.Fatalf("after write %d of %d bytes: kept %d bytes, not the last %d", i, n, len(got), len(want))
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	out, err := Output(t.Context(), as(t, "flood"), 100_000)
	if !errors.Is(err, ErrTooMuch) || out != nil {
		t.Errorf("got %d bytes, %v; want ErrTooMuch", len(out), err)
	}
	out, err = Output(t.Context(), as(t, "echo", "1234"), 5)
	if err != nil || string(out) != "1234\n" {
		t.Errorf("exactly as much as allowed: %q, %v", out, err)
	}
}

func TestOutputGivesWhatWasWrittenOfAFailure(t *testing.T) {
	p := as(t, "exit", "1", "bad")
	if _, err := Output(t.Context(), p, 10); err == nil {
		t.Error("no error for exit code 1")
	}
}

func TestOutputStaysReadableAfterTheEnd(t *testing.T) {
	p := start(t.Context(), t, as(t, "numbers", "5000"))
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(p.Stdout())
	if err != nil || strings.Count(string(out), "\n") != 5000 {
		t.Errorf("got %d lines, %v", strings.Count(string(out), "\n"), err)
	}
}

func TestContextEndsTheChild(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := start(ctx, t, as(t, "sleep"))
	line(t, p)
	cancel()
	if err := p.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := start(ctx, t, as(t, "sleep")).Wait(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

func TestReaderIsFreedWhenTheChildIsKilled(t *testing.T) {
	p := start(t.Context(), t, as(t, "sleep"))
	line(t, p)
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(p.Stdout())
		read <- err
	}()
	p.Kill()
	if err := <-read; err != nil {
		t.Errorf("got %v, want the end", err)
	}
}

func TestCloseFreesReaderAndChild(t *testing.T) {
	p := start(t.Context(), t, as(t, "flood"))
	if err := p.Stdout().Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err == nil {
		t.Error("a child without a reader ended well")
	}
	if _, err := p.Stdout().Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
}

// TestManyAtOnce is for the race detector: starts, kills and ends of all kinds side by side.
func TestManyAtOnce(t *testing.T) {
	before := Live()
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, err := Start(ctx, as(t, "sleep"))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = p.Stdout().Close() }()
			switch i % 3 {
			case 0:
				cancel()
			case 1:
				p.Kill()
			case 2:
				go p.Kill()
				cancel()
			}
			if err := p.Wait(); err == nil {
				t.Error("a killed child ended well")
			}
		})
	}
	wg.Wait()
	if Live() != before {
		t.Errorf("%d children live, want %d", Live(), before)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if _, err := Output(b.Context(), Spec{Path: "/bin/true"}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
