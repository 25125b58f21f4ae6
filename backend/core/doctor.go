package core

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"dropstream/backend/api"
	"dropstream/backend/config"
	"dropstream/backend/fault"
	"dropstream/backend/proc"
)

// doctor looks at everything the program leans on.
func (c *Core) doctor(ctx context.Context) api.Report {
	r := api.Report{
		Version: c.o.Version, System: runtime.GOOS + "/" + runtime.GOARCH, DataDir: c.o.DataDir, Healthy: true,
	}
	r.Checks = append(r.Checks, c.checkTools())
	if c.tools != nil {
		r.Checks = append(r.Checks, c.checkEncoder(ctx))
		r.Checks = append(r.Checks, c.checkMachine(ctx)...)
		r.Checks = append(r.Checks, c.checkConfinement(ctx))
	}
	r.Checks = append(r.Checks, c.checkData(), c.checkSpace(), c.checkWebview(), api.Check{
		Name: "media server", Result: api.CheckOK, Detail: "answers at " + c.url + ", on this computer only",
	})
	for _, check := range r.Checks {
		r.Healthy = r.Healthy && check.Result != api.CheckFail
	}
	return r
}

func (c *Core) checkTools() api.Check {
	check := api.Check{Name: "ffmpeg", Result: api.CheckOK}
	switch {
	case c.tools == nil:
		check.Result, check.Detail, check.Advice = api.CheckFail, "not usable", fault.MessageOf(c.noTools)
	case c.tools.BelowSecurityFloor:
		check.Result, check.Advice = api.CheckWarn, c.tools.FloorAdvice
		fallthrough
	default:
		check.Detail = fmt.Sprintf("%s at %s", c.tools.Version, c.tools.FFmpeg)
	}
	return check
}

func (c *Core) checkEncoder(ctx context.Context) api.Check {
	check := api.Check{Name: "encoders", Result: api.CheckOK, Detail: "H.264 and AAC encode"}
	if err := c.tools.CheckEncode(ctx); err != nil {
		check.Result, check.Detail, check.Advice = api.CheckFail, "a test encode failed", fault.MessageOf(err)
	}
	return check
}

// checkConfinement says how far ffmpeg could get if a file took it over. What is open is a warning, not a fault.
func (c *Core) checkConfinement(ctx context.Context) api.Check {
	check := api.Check{Name: "confinement", Result: api.CheckWarn}
	if err := c.tools.Unconfined; err != nil {
		c.log.WarnContext(ctx, "Programs run unconfined", slog.Any("error", err))
		check.Detail = "ffmpeg does not run confined, so it runs as it is"
		check.Advice = "Install ffmpeg from your system's packages."
		return check
	}
	report, err := proc.SelfCheck(ctx)
	if err != nil {
		c.log.WarnContext(ctx, "Confinement not checked", slog.Any("error", err))
		check.Detail = "could not be tried"
		return check
	}
	var open, closed []string
	for _, t := range report.Tries {
		if t.Holds {
			closed = append(closed, t.What)
		} else {
			open = append(open, t.What)
		}
	}
	switch {
	case len(open) == 0:
		check.Result = api.CheckOK
		check.Detail = fmt.Sprintf("ffmpeg can read its file and do nothing else: %d ways out tried, all closed, by %s",
			len(closed)-1, report.Means) // one of the tries must succeed
	case report.Means == "":
		check.Detail = "this system has nothing that confines ffmpeg; it could: " + strings.Join(open, ", ")
	default:
		check.Detail = fmt.Sprintf("by %s; ffmpeg could still: %s", report.Means, strings.Join(open, ", "))
	}
	return check
}

func (c *Core) checkData() api.Check {
	check := api.Check{Name: "library", Result: api.CheckOK, Detail: c.o.DataDir}
	f, err := os.CreateTemp(c.o.DataDir, ".doctor-*")
	if err == nil {
		_, err = f.WriteString("drop.stream")
		_ = f.Close()
		_ = os.Remove(filepath.Clean(f.Name()))
	}
	if err != nil {
		check.Result = api.CheckFail
		check.Advice = "The library's folder cannot be written to. Make it writable, or choose another with --data."
	}
	return check
}

func (c *Core) checkSpace() api.Check {
	check := api.Check{Name: "free space", Result: api.CheckOK}
	free, err := config.FreeBytes(c.o.DataDir)
	if err != nil {
		check.Result, check.Detail = api.CheckWarn, "not known"
		return check
	}
	s := c.config.Get()
	const gigabyte = 1_000_000_000
	check.Detail = fmt.Sprintf("%.1f GB free; converted parts take %.2f of at most %.1f GB", float64(free)/gigabyte,
		float64(c.cache.UsedBytes())/gigabyte, float64(s.CacheBudgetBytes)/gigabyte)
	if free < s.FreeFloorBytes {
		check.Result = api.CheckWarn
		check.Advice = "The disk is nearly full: converted parts are not kept until there is room."
	}
	return check
}

// checkWebview says what the program's own window reported of itself.
func (c *Core) checkWebview() api.Check {
	check := api.Check{Name: "window", Result: api.CheckOK, Detail: "no window is open here"}
	client, ok := c.service.Client()
	if !ok {
		return check
	}
	advice, err := c.service.ReportClient(context.Background(), client)
	check.Detail = "plays H.264 and AAC"
	if err == nil && advice.Problem != nil {
		check.Result, check.Detail, check.Advice = api.CheckFail, "a decoder is missing", advice.Problem.Message
	}
	return check
}
