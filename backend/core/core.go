// Package core builds the whole program, in order, and closes it in the opposite order. It knows no window: tests and
// the command line run the very same thing.
package core

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/cache"
	"dropstream/backend/config"
	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/httpd"
	"dropstream/backend/library"
	"dropstream/backend/sniff"
	"dropstream/backend/store"
	"dropstream/backend/stream"
)

// Options say how to open the program.
type Options struct {
	DataDir  string       // the library, its posters and its cache; made when it is not there
	Listen   string       // where the loopback server listens; "" is 127.0.0.1:0
	Version  string       //
	UI       fs.FS        // the page's files, served at / when Headless
	Headless bool         //
	Log      *slog.Logger // discarded when nil
}

// Core is the running program.
type Core struct {
	o       Options
	log     *slog.Logger
	tools   *ffmpeg.Tools // nil without ffmpeg
	noTools error         // why not
	store   *store.Store
	config  *config.Config
	cache   *cache.Cache
	engine  *stream.Engine
	library *library.Library
	service *api.Service
	url     string
	token   string
	media   string // token of the media URLs

	stop   context.CancelFunc
	served chan error
	once   sync.Once
	closed error
}

// Open builds the program and starts serving. Errors are faults; nothing is left open then.
func Open(ctx context.Context, o Options) (c *Core, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c = &Core{o: o, log: o.Log, token: newToken(), media: newToken()}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
			c = nil
		}
	}()
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return c, fault.Wrap(err, fault.Denied, "The folder for the library cannot be made.")
	}
	if c.tools, c.noTools = findTools(ctx); c.noTools != nil {
		if ctx.Err() != nil {
			return c, c.noTools
		}
		o.Log.WarnContext(ctx, "No usable ffmpeg", slog.Any("error", c.noTools))
	}
	if err := c.openData(ctx); err != nil {
		return c, err
	}
	c.build()
	if err := c.resume(ctx); err != nil {
		return c, err
	}
	return c, c.listen()
}

func findTools(ctx context.Context) (*ffmpeg.Tools, error) {
	exe, err := os.Executable()
	dir := ""
	if err == nil {
		dir = filepath.Dir(exe)
	}
	return ffmpeg.Find(ctx, ffmpeg.FindOptions{ExeDir: dir})
}

// openData opens what is on disk: the database, the settings, the cache.
func (c *Core) openData(ctx context.Context) error {
	s, notice, err := store.Open(ctx, store.Options{Path: filepath.Join(c.o.DataDir, "library.db"), Log: c.log})
	if err != nil {
		return err
	}
	c.store = s
	if notice.Message != "" {
		c.log.WarnContext(ctx, "Library begun anew", slog.String("notice", notice.Message))
	}
	free, err := config.FreeBytes(c.o.DataDir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if c.config, err = config.Load(ctx, s, config.Defaults(free), c.log); err != nil {
		return err
	}
	now := c.config.Get()
	c.cache, err = cache.Open(ctx, filepath.Join(c.o.DataDir, "cache"), cache.Options{
		BudgetBytes: now.CacheBudgetBytes, FloorBytes: now.FreeFloorBytes, Log: c.log,
		OnEvict: func(title string) { c.engine.Evicted(title) }, // nothing is put before there is an engine
	})
	if err != nil {
		return err
	}
	kept, err := c.forgetStrays(ctx)
	if err != nil {
		return err
	}
	if err := c.forgetStored(ctx, kept); err != nil {
		return err
	}
	c.config.OnChange(func(s config.Settings) {
		if err := c.cache.SetBudget(s.CacheBudgetBytes, s.FreeFloorBytes); err != nil {
			c.log.LogAttrs(context.Background(), slog.LevelWarn, "Cache budget not set", slog.Any("error", err))
		}
		if c.engine != nil {
			c.engine.Refill()
		}
	})
	return nil
}

// build ties the services together. They know each other only through the interfaces that they declare.
func (c *Core) build() {
	c.engine = stream.New(stream.Options{
		Tools: c.tools, Cache: c.cache, Log: c.log, Source: sourceOf(c), Artifacts: c.store,
		Keeper: c.store,
		Fill:   func() bool { return c.config.Get().Fill },
		// Nothing is filled or evicted before there are a library and a service.
		OnStored: func(id string, stored bool) {
			c.library.SetStored(context.Background(), id, stored)
			c.service.ItemChanged(id)
		},
		OnProgress: func(id string) { c.service.ItemChanged(id) },
		OnDamage:   func(id string) { c.service.ItemChanged(id) },
	})
	lo := library.Options{
		Store: c.store, Engine: c.engine, Background: c.engine.Background, Sniff: sniff.Reader,
		Dir: c.o.DataDir, Log: c.log,
		OnChange:  func(id string) { c.service.ItemChanged(id) },
		OnRemoved: func(id string) { c.service.ItemRemoved(id) },
	}
	ao := api.Options{
		URLs: c.urls, ForClient: httpd.ForClient, Deliveries: c.engine.Deliveries, OnClient: c.engine.SetViewer,
		Extras: c.engine.Extras, Progress: progressOf(c.engine), Damage: c.engine.Damage, Doctor: c.doctor,
		SamplePath: filepath.Join(c.o.DataDir, "sample", "Sample.mp4"),
		Log:        c.log,
	}
	if c.tools != nil {
		lo.Posters, ao.MakeSample = c.tools, c.tools.MakeSample
	}
	ready := make(chan struct{}) // the library works at once: nothing may call the service before it is there
	lo.OnChange = after(ready, lo.OnChange)
	lo.OnRemoved = after(ready, lo.OnRemoved)
	c.library = library.New(lo)
	ao.Library = c.library
	c.service = api.New(ao)
	close(ready)
}

func after(ready <-chan struct{}, f func(string)) func(string) {
	return func(id string) {
		<-ready
		f(id)
	}
}

// listen opens the loopback server.
func (c *Core) listen() error {
	address := c.o.Listen
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address) //nolint:noctx // binding a loopback port does not wait
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The local media server cannot listen at "+address+".")
	}
	c.url = "http://" + l.Addr().String()
	o := httpd.Options{
		Media: mediaOf{c.engine, c.library}, Verbs: api.Verbs(c.API()), Subscribe: c.service.Subscribe,
		MediaToken: c.media, APIToken: c.token, Log: c.log,
	}
	if c.o.Headless {
		o.UI = c.o.UI
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stop, c.served = stop, make(chan error, 1)
	server := httpd.New(o)
	go func() { c.served <- server.Serve(ctx, l) }()
	return nil
}

// API is what a user can ask of the program.
func (c *Core) API() api.API { return program{c.service, c.engine} }

// URL is where the loopback server is: http://127.0.0.1:PORT.
func (c *Core) URL() string { return c.url }

// Token lets a client use the API over HTTP.
func (c *Core) Token() string { return c.token }

// Config is the settings in force.
func (c *Core) Config() *config.Config { return c.config }

// Close ends everything, in order: listener, library, heads, cache, database. It waits for all of it, and may be
// called more than once.
func (c *Core) Close() error {
	c.once.Do(func() {
		var errs []error
		if c.stop != nil {
			c.stop()
			errs = append(errs, <-c.served)
		}
		if c.library != nil {
			errs = append(errs, c.library.Close())
		}
		if c.engine != nil {
			c.engine.Close()
		}
		if c.cache != nil {
			errs = append(errs, c.cache.Close())
		}
		if c.store != nil {
			errs = append(errs, c.store.Close())
		}
		c.closed = errors.Join(errs...)
	})
	return c.closed
}

// urls gives the addresses of an item's multivariant playlist and poster.
func (c *Core) urls(itemID string) (multivariant, poster string) {
	return c.url + httpd.MultivariantPath(c.media, itemID), c.url + httpd.PosterPath(c.media, itemID)
}

// newToken is an unguessable name of 128 bits.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails: the program ends when the system gives no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// program is the API with what only the whole program can add: the engine starts with a viewer's first segments when
// the viewer is only about to ask.
type program struct {
	*api.Service

	engine *stream.Engine
}

// Play implements api.API.
func (p program) Play(ctx context.Context, r api.PlayRequest) (api.Playback, error) {
	b, err := p.Service.Play(ctx, r)
	if err == nil {
		p.engine.Warm(r.ID, time.Duration(b.PositionMS)*time.Millisecond, p.Player(r))
	}
	return b, err
}
