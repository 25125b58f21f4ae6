package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"dropstream/backend/ffmpeg"
)

// inBandSuffix ends the names of renditions of the family that encoders in hardware may take part in. Their sample
// entry is avc3: parameter sets stand in front of every keyframe, so a segment of one encoder may follow one of
// another.
const inBandSuffix = "-avc3"

// maxBlames is how often an encoder in hardware may fail where x264 does not, before it is set aside until the program
// starts again.
const maxBlames = 3

// EncoderState is what became of an encoder in hardware that was found.
type EncoderState struct {
	Title  string // as people know it
	Proved bool   // a test encode came out right
	Reason error  // why it is not used; nil while it is, or when another one is
}

// hardware is the encoder in hardware that heads use, if one has been proved. Its methods may be called by any
// goroutine.
type hardware struct {
	log *slog.Logger

	mu      sync.Mutex
	states  []EncoderState
	encoder ffmpeg.Encoder // the one that was proved; the zero value when none was
	state   int            // its place in states
	running int            // heads that use it now
	limit   int            // how many may at once, found out by trying: 0 when not known
	blames  int
	last    error // what it was blamed for last
}

// prove tries encoders, in order, until one does what heads need. It gives ctx's error when that ends it.
func (w *hardware) prove(
	ctx context.Context, candidates []ffmpeg.Encoder, try func(context.Context, ffmpeg.Encoder) error,
) error {
	var states []EncoderState
	var found ffmpeg.Encoder
	for _, c := range candidates {
		err := try(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err() //nolint:wrapcheck // the caller's own
		}
		states = append(states, EncoderState{Title: c.Title(), Proved: err == nil, Reason: err})
		if err == nil {
			w.log.LogAttrs(ctx, slog.LevelInfo, "Hardware encoder proved", slog.String("encoder", c.Title()))
			found = c
			break
		}
		w.log.LogAttrs(ctx, slog.LevelInfo, "Hardware encoder not usable", slog.String("encoder", c.Title()),
			slog.Any("error", err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states, w.encoder, w.state, w.limit, w.blames = states, found, len(states)-1, 0, 0
	return nil
}

// usable says whether there is an encoder in hardware to make renditions with.
func (w *hardware) usable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inUse()
}

// inUse is usable with the lock held.
func (w *hardware) inUse() bool { return w.encoder.Hardware() && w.states[w.state].Reason == nil }

// list gives what became of the encoders.
func (w *hardware) list() []EncoderState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]EncoderState(nil), w.states...)
}

// begin takes the encoder for one head. It is false when there is none, or no more of it. End must be called.
func (w *hardware) begin() (ffmpeg.Encoder, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.inUse() || w.limit > 0 && w.running >= w.limit {
		return ffmpeg.Encoder{}, false
	}
	w.running++
	return w.encoder, true
}

// end gives it back.
func (w *hardware) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
}

// full is told that the encoder could not be opened. Where other heads use it that says how many can: cards for
// consumers encode a few videos at once and no more. It is false when none do, so that it is a failure like any other.
// The head that could not open it has ended.
func (w *hardware) full(ctx context.Context) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == 0 {
		return false
	}
	w.limit = w.running
	w.log.LogAttrs(ctx, slog.LevelInfo, "Hardware encoder takes no more", slog.Int("heads", w.limit))
	return true
}

// errSetAside says that an encoder failed too often.
var errSetAside = errors.New("it failed too often, and is set aside until the next start")

// blame counts a failure that was the encoder's: x264 made the same segment without trouble.
func (w *hardware) blame(ctx context.Context, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.inUse() {
		return
	}
	w.blames++
	w.last = err
	w.log.LogAttrs(ctx, slog.LevelWarn, "Hardware encoder failed", slog.String("encoder", w.encoder.Title()),
		slog.Int("times", w.blames), slog.Any("error", err))
	if w.blames >= maxBlames {
		w.states[w.state].Reason = errors.Join(errSetAside, err)
		w.log.LogAttrs(ctx, slog.LevelWarn, "Hardware encoder set aside", slog.String("encoder", w.encoder.Title()))
	}
}
