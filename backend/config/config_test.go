package config

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
)

// memory is a KV that keeps everything in a map.
type memory struct {
	values map[string]string
	fail   error
}

var _ KV = (*memory)(nil)

func (m *memory) Setting(_ context.Context, key string) (string, bool, error) {
	v, ok := m.values[key]
	return v, ok, m.fail
}

func (m *memory) PutSettings(_ context.Context, values map[string]string) error {
	if m.fail == nil {
		maps.Copy(m.values, values)
	}
	return m.fail
}

func load(t *testing.T, m *memory, free int64) *Config {
	t.Helper()
	c, err := Load(t.Context(), m, Defaults(free), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	for free, want := range map[int64]int64{
		0: 64 << 20, 100_000_000_000: 10_000_000_000, 1_000_000_000_000: 20_000_000_000,
	} {
		if got := Defaults(free).CacheBudgetBytes; got != want {
			t.Errorf("budget with %d free: %d, want %d", free, got, want)
		}
	}
}

func TestDefaultsStayAsTheDiskFills(t *testing.T) {
	m := &memory{values: map[string]string{}}
	want := load(t, m, 100_000_000_000).Get()
	if got := load(t, m, 0).Get(); got != want {
		t.Errorf("defaults moved: %s", cmp.Diff(want, got))
	}
}

func TestUpdateIsKeptAndTold(t *testing.T) {
	m := &memory{values: map[string]string{"fromNewerVersion": "1"}}
	c := load(t, m, 0)
	var told []Theme
	cancel := c.OnChange(func(s Settings) { told = append(told, s.Theme) })
	window := WindowState{X: -5, Y: 7, Width: 640, Height: 480, Maximised: true}
	for _, change := range []func(*Settings){
		func(s *Settings) { s.Theme = Dark },
		func(*Settings) {}, // nothing changed: nobody is told
		func(s *Settings) { s.Window = window },
	} {
		if err := c.Update(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := c.Update(t.Context(), func(s *Settings) { s.Theme = Light }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Theme{Dark, Dark}, told); d != "" {
		t.Errorf("told: %s", d)
	}
	got := load(t, m, 0).Get()
	if got != c.Get() || got.Theme != Light || got.Window != window {
		t.Errorf("kept: %+v", got)
	}
	if m.values["fromNewerVersion"] != "1" {
		t.Error("an unknown setting was lost")
	}
}

func TestInvalidChangesNothing(t *testing.T) {
	m := &memory{values: map[string]string{}}
	c := load(t, m, 0)
	before, stored := c.Get(), maps.Clone(m.values)
	c.OnChange(func(Settings) { t.Error("told of an invalid change") })
	for name, change := range map[string]func(*Settings){
		"budget": func(s *Settings) { s.CacheBudgetBytes = 1 },
		"floor":  func(s *Settings) { s.FreeFloorBytes = -1 },
		"theme":  func(s *Settings) { s.Theme = "pink" },
		"width":  func(s *Settings) { s.Window.Width = -1 },
		"place":  func(s *Settings) { s.Window.X = 1 << 20 },
	} {
		if err := c.Update(t.Context(), change); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.Get() != before || !maps.Equal(m.values, stored) {
		t.Error("an invalid change left something behind")
	}
}

func TestUnreadableValuesFallBack(t *testing.T) {
	m := &memory{values: map[string]string{"theme": `"pink"`, "freeFloorBytes": `{`, "cacheBudgetBytes": `70000000`}}
	got := load(t, m, 0).Get()
	want := Defaults(0)
	want.CacheBudgetBytes = 70_000_000
	if got != want {
		t.Errorf("settings: %s", cmp.Diff(want, got))
	}
}

func TestStoreErrorsPass(t *testing.T) {
	m := &memory{values: map[string]string{}}
	c := load(t, m, 0)
	m.fail = errors.New("disk on fire")
	before := c.Get()
	err := c.Update(t.Context(), func(s *Settings) { s.Theme = Dark })
	if !errors.Is(err, m.fail) || c.Get() != before {
		t.Errorf("update: %v, %+v", err, c.Get())
	}
	if _, err := Load(t.Context(), m, Defaults(0), nil); !errors.Is(err, m.fail) {
		t.Errorf("load: %v", err)
	}
}

func TestDataDir(t *testing.T) {
	for _, c := range []struct {
		name, goos string
		env        map[string]string
		want       string
	}{
		{"xdg", "linux", map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/dropstream"},
		{"relative xdg", "linux", map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/dropstream"},
		{"home", "linux", map[string]string{"HOME": "/h"}, "/h/.local/share/dropstream"},
		{"mac", "darwin", map[string]string{"HOME": "/h"}, "/h/Library/Application Support/dropstream"},
		{"windows", "windows", map[string]string{"LOCALAPPDATA": "/L"}, "/L/dropstream"},
		{"old windows", "windows", map[string]string{"USERPROFILE": "/U"}, "/U/AppData/Local/dropstream"},
		{"nowhere", "linux", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := dataDir(c.goos, func(k string) string { return c.env[k] })
			if filepath.ToSlash(got) != c.want || (c.want == "") != (fault.CodeOf(err) == fault.Unavailable) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFreeBytes(t *testing.T) {
	if free, err := FreeBytes(t.TempDir()); err != nil || free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	if _, err := FreeBytes(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a folder that is not there has free space")
	}
}
