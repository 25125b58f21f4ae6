// Package config holds the program's settings: their defaults, what is valid, where they are kept, and who wants to
// know when they change.
package config

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"dropstream/backend/fault"
)

// Theme is which colours the window shows.
type Theme string

// The themes.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// Settings are what a user can set, and what the window remembers.
type Settings struct {
	CacheBudgetBytes int64       // disk that cached segments may take
	FreeFloorBytes   int64       // disk that is left free whatever the budget says
	Fill             bool        // what is played converted is completed in the background
	Theme            Theme       //
	Window           WindowState //
}

// WindowState is where the window was, in the window system's own pixels. A zero Width or Height is no memory of it.
type WindowState struct {
	X, Y, Width, Height int
	Maximised           bool
}

// KV is where settings are kept, each as JSON under its key.
type KV interface {
	Setting(ctx context.Context, key string) (value string, ok bool, err error)
	PutSettings(ctx context.Context, values map[string]string) error
}

// Config is the settings in force. Its methods are safe for use by several goroutines.
type Config struct {
	kv  KV
	log *slog.Logger

	saving sync.Mutex // one update at a time

	mu        sync.RWMutex
	now       Settings
	listeners map[int]func(Settings)
	nextID    int
}

// keys are the settings by the keys they are kept under.
func (s *Settings) keys() map[string]any {
	return map[string]any{
		"cacheBudgetBytes": &s.CacheBudgetBytes,
		"freeFloorBytes":   &s.FreeFloorBytes,
		"fill":             &s.Fill,
		"theme":            &s.Theme,
		"window":           &s.Window,
	}
}

// Load reads the settings. What was never set has its default; what cannot be read or is not valid is logged and has
// its default too. Defaults that depend on the machine are kept from then on, so that they do not move under the
// user. log may be nil.
func Load(ctx context.Context, kv KV, defaults Settings, log *slog.Logger) (*Config, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := defaults.Validate(); err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	c := &Config{kv: kv, log: log, now: defaults, listeners: make(map[int]func(Settings))}
	missing := make(map[string]string)
	for key := range defaults.keys() {
		text, ok, err := kv.Setting(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("read setting %s: %w", key, err)
		}
		if !ok {
			encoded, err := json.Marshal(defaults.keys()[key])
			if err != nil {
				return nil, fmt.Errorf("encode setting %s: %w", key, err)
			}
			missing[key] = string(encoded)
			continue
		}
		next := c.now
		err = json.Unmarshal([]byte(text), next.keys()[key])
		if err == nil {
			err = next.Validate()
		}
		if err != nil {
			log.WarnContext(ctx, "Setting not valid, default used", slog.String("key", key), slog.Any("error", err))
			continue
		}
		c.now = next
	}
	if len(missing) > 0 {
		if err := kv.PutSettings(ctx, missing); err != nil {
			return nil, fmt.Errorf("keep defaults: %w", err)
		}
	}
	return c, nil
}

// Get gives the settings in force.
func (c *Config) Get() Settings {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Update lets fn change the settings, then keeps them and tells the listeners, before it returns. Only what changed
// is written. Errors: fault.Invalid for settings that make no sense, and then nothing changes.
func (c *Config) Update(ctx context.Context, fn func(*Settings)) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	before := c.Get()
	next := before
	fn(&next)
	if next == before {
		return nil
	}
	if err := next.Validate(); err != nil {
		return err
	}
	old, changed := before.keys(), make(map[string]string)
	for key, value := range next.keys() {
		was, err := json.Marshal(old[key])
		if err != nil {
			return fmt.Errorf("encode setting %s: %w", key, err)
		}
		is, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode setting %s: %w", key, err)
		}
		if string(was) != string(is) {
			changed[key] = string(is)
		}
	}
	if err := c.kv.PutSettings(ctx, changed); err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	c.mu.Lock()
	c.now = next
	listeners := make([]func(Settings), 0, len(c.listeners))
	for _, l := range c.listeners {
		listeners = append(listeners, l)
	}
	c.mu.Unlock()
	for _, l := range listeners {
		l(next)
	}
	return nil
}

// OnChange has fn called with the new settings after every change, one change at a time, until cancel is called. fn
// must not call Update.
func (c *Config) OnChange(fn func(Settings)) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.nextID
	c.nextID++
	c.listeners[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listeners, id)
	}
}

// Bounds of what is valid.
const (
	minCacheBudgetBytes = 64 << 20 // a few segments of everything that plays
	maxWindowPixels     = 1 << 16
)

// Validate says what makes no sense in the settings, as fault.Invalid.
func (s *Settings) Validate() error {
	w := s.Window
	switch {
	case s.CacheBudgetBytes < minCacheBudgetBytes:
		return fault.New(fault.Invalid, "The space for converted video must be at least 64 MB.")
	case s.FreeFloorBytes < 0:
		return fault.New(fault.Invalid, "The space left free cannot be less than nothing.")
	case s.Theme != System && s.Theme != Light && s.Theme != Dark:
		return fault.New(fault.Invalid, "The colours are either the system's, light or dark.")
	case w.Width < 0 || w.Height < 0 || w.Width > maxWindowPixels || w.Height > maxWindowPixels ||
		max(w.X, -w.X) > maxWindowPixels || max(w.Y, -w.Y) > maxWindowPixels:
		return fault.New(fault.Invalid, "This is no place for a window.")
	}
	return nil
}
