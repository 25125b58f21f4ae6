package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"dropstream/backend/fault"
)

// maxAnswer bounds what is read of an answer: a page of 500 items with every track is far below it.
const maxAnswer = 64 << 20 // bytes

// Client speaks to a running process: its API over HTTP, and its window.
type Client struct{ info Info }

// Info is how the process is reached.
func (c *Client) Info() Info { return c.info }

// Call asks one verb of the HTTP API: request is encoded as the body, the answer decoded into response (either may
// be nil). A refusal comes back as the *fault.Error that the other side had; no connection as fault.Unavailable.
func (c *Client) Call(ctx context.Context, verb string, request, response any) error {
	if request == nil {
		request = struct{}{}
	}
	if err := post(ctx, c.info.URL+"/api/"+verb, c.info.Token, request, response); err != nil {
		return fmt.Errorf("ask the running instance to %s: %w", verb, err)
	}
	return nil
}

// HasWindow says whether the process has a window to show.
func (c *Client) HasWindow() bool { return c.info.Control != "" }

// Open hands paths to the process's window as if they were dropped on it, and asks it to show itself; with no paths
// it only shows itself. Paths are absolute and need not be valid UTF-8.
func (c *Client) Open(ctx context.Context, paths []string) error {
	request := openRequest{Paths: make([][]byte, len(paths))}
	for i, p := range paths {
		request.Paths[i] = []byte(p)
	}
	if err := post(ctx, c.info.Control+"/open", "", request, nil); err != nil {
		return fmt.Errorf("ask the running window to open files: %w", err)
	}
	return nil
}

func (c *Client) ping(ctx context.Context) error {
	return c.Call(ctx, "items", map[string]int{"limit": 1}, nil)
}

// httpClient keeps no connections: a command line asks once or twice. It uses no proxy: the other side is this
// machine.
func httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func post(ctx context.Context, url, token string, request, response any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := httpClient().Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("send request: %w", err)
		}
		return fault.Wrap(err, fault.Unavailable, "The running drop.stream does not answer.")
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return refusal(res)
	}
	if response == nil {
		return nil
	}
	if err := decodeBounded(res.Body, maxAnswer, response); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// refusal is the error in an answer that is not a success.
func refusal(res *http.Response) error {
	var body struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
	}
	cause := fmt.Errorf("answer was %s", res.Status)
	if err := decodeBounded(res.Body, 64<<10, &body); err != nil || body.Code == "" {
		return fault.Wrap(errors.Join(cause, err), fault.Internal, "The running drop.stream gave no usable answer.")
	}
	return fault.Wrap(cause, body.Code, body.Message)
}

// decodeBounded decodes one JSON value of at most limit bytes.
func decodeBounded(r io.Reader, limit int64, v any) error {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return err
	}
	if int64(len(data)) > limit {
		return fmt.Errorf("more than %d bytes", limit)
	}
	return json.Unmarshal(data, v)
}
