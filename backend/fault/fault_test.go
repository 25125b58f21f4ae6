package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestCodeAndMessage(t *testing.T) {
	secret := errors.New("open /home/me/secret.mkv: boom")
	cases := []struct {
		name string
		err  error
		code Code
		says string
	}{
		{"nothing", nil, "", ""},
		{"a fault", New(Busy, "Wait."), Busy, "Wait."},
		{"a wrapped fault", fmt.Errorf("probe: %w", Wrap(secret, Damaged, "Broken.")), Damaged, "Broken."},
		{"the outermost of two", Wrap(New(Busy, "Inner."), Damaged, "Outer."), Damaged, "Outer."},
		{"a context", fmt.Errorf("wait: %w", context.Canceled), Canceled, "stopped"},
		{"a missing file", &fs.PathError{Op: "open", Path: "/secret", Err: fs.ErrNotExist}, Missing, "not there"},
		{"a closed file", fmt.Errorf("x: %w", fs.ErrPermission), Denied, "may not"},
		{"anything else", secret, Internal, "went wrong"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := CodeOf(c.err); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
			got := MessageOf(c.err)
			if !strings.Contains(got, c.says) || strings.Contains(got, "secret") {
				t.Errorf("says %q", got)
			}
		})
	}
	if !errors.Is(Wrap(secret, Damaged, "Broken."), secret) {
		t.Error("the cause is lost")
	}
}
