package core

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"dropstream/backend/api"
	"dropstream/backend/config"
	"dropstream/backend/fault"
)

// doctor looks at everything the program leans on.
func (c *Core) doctor(ctx context.Context) api.Report {
	r := api.Report{
		Version: c.o.Version, System: runtime.GOOS + "/" + runtime.GOARCH, DataDir: c.o.DataDir, Healthy: true,
	}
	r.Checks = append(r.Checks, c.checkTools())
	if c.tools != nil {
		r.Checks = append(r.Checks, c.checkEncoder(ctx))
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
