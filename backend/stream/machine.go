package stream

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"dropstream/backend/ffmpeg"
	"dropstream/backend/fmp4"
)

// Keeper is where what was measured is kept, as text under a key.
type Keeper interface {
	Setting(ctx context.Context, key string) (value string, ok bool, err error)
	PutSettings(ctx context.Context, values map[string]string) error
}

// Machine is what is known of this computer.
type Machine struct {
	Studied  bool           // encoders were tried and speeds measured, or remembered
	Speeds   Speeds         // zero when not measured
	Pace     Pace           // what follows from them
	Encoders []EncoderState // in hardware, those that were tried; nil when none was found
}

const (
	machineKey = "machine"

	// studyAfter leaves the computer to the window and to the first viewer.
	studyAfter = 4 * time.Second

	studyTries = 10 // a viewer comes, and wants the processor

	// A computer that was busy with something else when it was measured seems slow, and would stay so. So it is
	// measured at the first few starts, and the best of it counts.
	studies = 3
)

// study is what is kept of a computer.
type study struct {
	Of     string `json:"of"` // the computer and its ffmpeg; any change makes it worthless
	Times  int    `json:"times"`
	Speeds Speeds `json:"speeds"`
}

// machineName tells this computer, as it is now, from others.
func (e *Engine) machineName() string {
	return fmt.Sprintf("%s/%s, %s, %d cores, ffmpeg %s", runtime.GOOS, runtime.GOARCH, processor(), runtime.NumCPU(),
		e.tools.Version)
}

// processor is the model of the processor, "" where it is not known.
func processor() string {
	if runtime.GOOS != "linux" {
		return os.Getenv("PROCESSOR_IDENTIFIER") // Windows has it
	}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // only read from
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// remember takes up what was measured before.
func (e *Engine) remember(ctx context.Context) study {
	s := study{Of: e.machineName()}
	text, ok, err := e.keeper.Setting(ctx, machineKey)
	var kept study
	if err == nil && ok {
		err = json.Unmarshal([]byte(text), &kept)
	}
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelWarn, "What was measured is lost", slog.Any("error", err))
	}
	if err == nil && kept.Of == s.Of {
		s = kept
		e.take(s.Speeds)
	}
	return s
}

// take takes speeds for this computer's, and derives the pace from them.
func (e *Engine) take(s Speeds) {
	if s.FullHD["ultrafast"] <= 0 {
		return
	}
	p := paceOf(s)
	e.measured.Store(&p)
	e.speeds.Store(&s)
}

// studyLater studies the computer when nobody waits for anything, some time after the start.
func (e *Engine) studyLater() {
	for range studyTries {
		timer := time.NewTimer(studyAfter)
		select {
		case <-timer.C:
		case <-e.ctx.Done():
			timer.Stop()
			return
		}
		if _, err := e.Machine(e.ctx); err == nil {
			return
		}
	}
}

// Machine says what this computer can do. Where that is not known yet it is found out, when no viewer needs the
// computer: encoders in hardware are tried once in each run of the program, speeds are measured at its first few. It
// gives what is known so far and ctx's error when that ends first.
func (e *Engine) Machine(ctx context.Context) (Machine, error) {
	var err error
	if e.keeper != nil && e.tools != nil {
		select {
		case e.studying <- struct{}{}:
			if !e.studied.Load() {
				err = e.study(ctx)
			}
			<-e.studying
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	m := Machine{Studied: e.studied.Load(), Pace: e.pace(), Encoders: e.hw.list()}
	if s := e.speeds.Load(); s != nil {
		m.Speeds = *s
	}
	return m, err
}

// study tries encoders and measures.
func (e *Engine) study(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	work, ticket, err := e.sched.background(ctx)
	if err != nil {
		return err //nolint:wrapcheck // the context's
	}
	defer ticket.release()
	if err := e.hw.prove(work, e.tools.HardwareEncoders(), e.proveEncoder); err != nil {
		return err
	}
	s := e.remember(work)
	if s.Times < studies {
		began := time.Now()
		measured, err := e.measure(work)
		if err != nil {
			level := slog.LevelWarn
			if work.Err() != nil || errors.Is(err, errDisturbed) { // it is measured another time
				level = slog.LevelDebug
			}
			e.log.LogAttrs(ctx, level, "This computer's speed is not known", slog.Any("error", err))
			return err
		}
		s.Times, s.Speeds = s.Times+1, s.Speeds.best(measured)
		e.take(s.Speeds)
		e.log.LogAttrs(ctx, slog.LevelInfo, "Speed measured", slog.Any("speeds", s.Speeds), slog.Any("pace", e.pace()),
			slog.Duration("took", time.Since(began)))
		if text, err := json.Marshal(s); err == nil {
			err = e.keeper.PutSettings(work, map[string]string{machineKey: string(text)})
			if err != nil {
				e.log.LogAttrs(ctx, slog.LevelWarn, "What was measured is not kept", slog.Any("error", err))
			}
		}
	}
	e.studied.Store(true)
	return nil
}

// best takes the better of two measurements of each kind.
func (s Speeds) best(other Speeds) Speeds {
	out := Speeds{FullHD: map[string]float64{}, HDR: max(s.HDR, other.HDR)}
	for _, preset := range presets {
		out.FullHD[preset] = max(s.FullHD[preset], other.FullHD[preset])
	}
	return out
}

// How one speed is measured.
const (
	measureFor    = 250 * time.Millisecond // from the first picture on
	measureFrames = 20                     // at least
	measureWithin = 30 * time.Second       // start and all, on a computer that has other things to do
)

// How well a head makes use of several processors, at least. By that and the processor time it took a head's speed is
// known even when other programs left it little: of more processors than these it might not make full use.
const (
	usesEncoding = 4
	usesToneMap  = 2
	usesShare    = 0.85
	startUses    = 60 * time.Millisecond // is what ffmpeg takes to start
)

// measure measures what this computer encodes at low priority when it does nothing else.
func (e *Engine) measure(ctx context.Context) (Speeds, error) {
	s := Speeds{FullHD: map[string]float64{}}
	full := &ffmpeg.Clip{Width: 1920, Height: 1080, Frames: 2000}
	for _, preset := range presets {
		fps, err := e.measureHead(ctx, full, preset)
		if err != nil {
			return s, fmt.Errorf("measure %s: %w", preset, err)
		}
		s.FullHD[preset] = fps
	}
	if !e.tools.CanToneMap() {
		return s, nil
	}
	hdr := &ffmpeg.Clip{Width: 1280, Height: 720, Frames: 2000, HDR: true}
	var err error
	if s.HDR, err = e.measureHead(ctx, hdr, "ultrafast"); err != nil {
		return s, fmt.Errorf("measure tone mapping: %w", err)
	}
	return s, nil
}

// What makes a measurement none.
var (
	errBriefly   = errors.New("too few pictures to measure by")
	errDisturbed = errors.New("a viewer came meanwhile")
)

// measureHead measures how many pictures of a clip a head encodes in a second.
func (e *Engine) measureHead(ctx context.Context, clip *ffmpeg.Clip, preset string) (fps float64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, measureWithin, errStuck)
	defer cancel()
	quiet := e.sched.quiet()
	h := ffmpeg.VideoHead{
		Clip: clip, Timescale: 90_000, Width: clip.Width, Height: clip.Height, FrameRate: clip.Rate(),
		Bits: 8_000_000, Preset: preset, Threads: e.threads, ToneMap: clip.HDR, Low: true,
	}
	var used func() time.Duration
	var pictures int
	err = e.runChild(ctx, e.tools.HeadSpec(h), stuckAfter, func(c child) error {
		used = c.used
		r := fmp4.NewReader(c.out)
		if _, err := r.Init(); err != nil {
			return fmt.Errorf("read the beginning: %w", err)
		}
		var began time.Time
		for n := -1; ; n++ {
			if _, err := r.Next(); err != nil {
				return fmt.Errorf("read a picture: %w", err)
			}
			if n < 0 {
				began = time.Now()
				continue
			}
			if took := time.Since(began); took >= measureFor && n >= measureFrames {
				fps, pictures = float64(n)/took.Seconds(), n+1
				return errEnough
			}
		}
	})
	switch {
	case fps <= 0:
		return 0, errors.Join(errBriefly, err)
	case !quiet():
		return 0, errDisturbed
	}
	processors := usesEncoding
	if clip.HDR {
		processors = usesToneMap
	}
	processors = min(processors, e.threads)
	work := max(used()-startUses, used()/2)
	return max(fps, float64(pictures*processors)*usesShare/work.Seconds()), nil
}
