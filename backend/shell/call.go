package shell

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/fault"
)

// Times after which a call from the page is given up: the page cannot cancel, and a promise must settle.
const (
	callTimeout = 30 * time.Second
	addTimeout  = 10 * time.Minute // a folder of thousands of files on a slow disk
	noTimeout   = 1 << 62          // a person decides
)

// CallError is an error as the page gets it: its text is JSON, {"code","message"}, because the toolkit makes an
// Error of whatever string it is given and would make "[object Object]" of anything else.
type CallError struct{ problem api.Problem }

func (e *CallError) Error() string {
	data, err := json.Marshal(e.problem)
	if err != nil { // two strings always marshal
		return `{"code":"internal","message":""}`
	}
	return string(data)
}

// Call does one verb for the page, with a request. A panic becomes an error, because the toolkit would leave the
// page waiting for ever; so does an answer that is no JSON (a NaN), which would end the program.
func Call[Req, Res any](s *Shell, do func(api.API, context.Context, Req) (Res, error), r Req) (Res, error) {
	return Ask(s, func(a api.API, ctx context.Context) (Res, error) { return do(a, ctx, r) })
}

// Ask does one verb for the page that needs no request.
func Ask[Res any](s *Shell, do func(api.API, context.Context) (Res, error)) (Res, error) {
	s.relay.listens.Store(true)
	return guard(s, callTimeout, func(ctx context.Context) (Res, error) {
		core, err := s.await(ctx)
		if err != nil {
			var none Res
			return none, err
		}
		return do(core.API(), ctx)
	})
}

// guard runs one call of the page.
func guard[Res any](s *Shell, timeout time.Duration, do func(context.Context) (Res, error)) (res Res, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			s.options.Log.ErrorContext(ctx, "Call panicked", slog.Any("panic", v),
				slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %v", v)
		}
		if err != nil {
			var none Res
			res, err = none, s.callError(ctx, err)
		}
	}()
	if res, err = do(ctx); err != nil {
		return res, err
	}
	if err := json.NewEncoder(io.Discard).Encode(res); err != nil {
		return res, fmt.Errorf("encode answer: %w", err)
	}
	return res, nil
}

func (s *Shell) callError(ctx context.Context, err error) error {
	code := fault.CodeOf(err)
	if code == fault.Internal {
		s.options.Log.ErrorContext(ctx, "Call failed", slog.Any("error", err))
	}
	return &CallError{problem: api.Problem{Code: string(code), Message: fault.MessageOf(err)}}
}
