//go:build window && linux

package window

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// inspector speaks WebKit's remote inspector protocol with one page (WEBKIT_INSPECTOR_HTTP_SERVER).
type inspector struct {
	conn   *websocket.Conn
	target string
	next   int
	said   []string // the page's console
}

var socketPath = regexp.MustCompile(`/socket/\d+/\d+/WebPage`)

// inspect connects to the page of the program whose inspector listens on address.
func inspect(ctx context.Context, address string) (*inspector, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	list, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	path := socketPath.FindString(string(list))
	if path == "" {
		return nil, errors.New("the inspector lists no page")
	}
	conn, dialed, err := websocket.Dial(ctx, "ws://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	if dialed != nil && dialed.Body != nil {
		_ = dialed.Body.Close()
	}
	conn.SetReadLimit(16 << 20)
	i := &inspector{conn: conn}
	for i.target == "" {
		var m message
		if err := i.read(ctx, &m); err != nil {
			return nil, errors.Join(err, conn.CloseNow())
		}
		if m.Method == "Target.targetCreated" && m.Params.TargetInfo.Type == "page" {
			i.target = m.Params.TargetInfo.TargetID
		}
	}
	return i, i.send(ctx, "Console.enable", map[string]any{})
}

type message struct {
	Method string `json:"method"`
	Params struct {
		TargetInfo struct {
			TargetID string `json:"targetId"`
			Type     string `json:"type"`
		} `json:"targetInfo"`
		Message string `json:"message"`
	} `json:"params"`
}

func (i *inspector) read(ctx context.Context, v any) error {
	_, data, err := i.conn.Read(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// send sends a command to the page; its answer has the id i.next.
func (i *inspector) send(ctx context.Context, method string, params map[string]any) error {
	i.next++
	inner, err := json.Marshal(map[string]any{"id": i.next, "method": method, "params": params})
	if err != nil {
		return err
	}
	outer, err := json.Marshal(map[string]any{
		"id": i.next, "method": "Target.sendMessageToTarget",
		"params": map[string]any{"targetId": i.target, "message": string(inner)},
	})
	if err != nil {
		return err
	}
	return i.conn.Write(ctx, websocket.MessageText, outer)
}

// eval gives the JSON value of an expression in the page.
func (i *inspector) eval(ctx context.Context, expression string, v any) error {
	params := map[string]any{"expression": "JSON.stringify(" + expression + ")", "returnByValue": true}
	if err := i.send(ctx, "Runtime.evaluate", params); err != nil {
		return err
	}
	id := i.next
	for {
		var m message
		if err := i.read(ctx, &m); err != nil {
			return err
		}
		if m.Method != "Target.dispatchMessageFromTarget" {
			continue
		}
		var answer struct {
			ID     int    `json:"id"`
			Method string `json:"method"`
			Params struct {
				Message struct {
					Level string `json:"level"`
					Text  string `json:"text"`
				} `json:"message"`
			} `json:"params"`
			Result struct {
				WasThrown bool `json:"wasThrown"`
				Result    struct {
					Value       json.RawMessage `json:"value"`
					Description string          `json:"description"`
				} `json:"result"`
			} `json:"result"`
		}
		if err := json.Unmarshal([]byte(m.Params.Message), &answer); err != nil {
			return err
		}
		if said := answer.Params.Message; answer.Method == "Console.messageAdded" && len(i.said) < 100 {
			i.said = append(i.said, said.Level+": "+said.Text)
		}
		if answer.ID != id {
			continue
		}
		if answer.Result.WasThrown {
			return fmt.Errorf("the page threw %s", answer.Result.Result.Description)
		}
		var text string
		if err := json.Unmarshal(answer.Result.Result.Value, &text); err != nil {
			return fmt.Errorf("the page answered %s: %w", answer.Result.Result.Value, err)
		}
		return json.Unmarshal([]byte(text), v)
	}
}

// ask evaluates an expression in the program's page.
func ask[T any](t *testing.T, a *app, expression string) T {
	t.Helper()
	v, err := tryAsk[T](t.Context(), a, expression)
	if err != nil {
		t.Fatalf("ask the page %s: %v", expression, err)
	}
	return v
}

func tryAsk[T any](ctx context.Context, a *app, expression string) (v T, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if a.page == nil {
		if a.page, err = inspect(ctx, a.inspectorAddress); err != nil {
			return v, err
		}
	}
	if err = a.page.eval(ctx, expression, &v); err != nil {
		_ = a.page.conn.CloseNow()
		a.page = nil
	}
	return v, err
}

// until waits until an expression in the page is true.
func (a *app) until(t *testing.T, what, expression string) {
	t.Helper()
	var last error
	if eventually(t, 25*time.Second, func() bool {
		v, err := tryAsk[bool](t.Context(), a, "!!("+expression+")")
		last = err
		return err == nil && v
	}) {
		return
	}
	a.screenshot(t, "failed-"+strings.ReplaceAll(t.Name(), "/", "-"))
	text, err := tryAsk[string](t.Context(), a, "document.body.innerText")
	var console []string
	if a.page != nil {
		console = a.page.said
	}
	t.Fatalf("did not happen: %s (%s); %v\nthe page shows %q, %v, and says %q\nthe program says:\n%s",
		what, expression, last, text, err, console, a.log)
}

// eventually asks done again and again until it is true or the time is over.
func eventually(t *testing.T, limit time.Duration, done func() bool) bool {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		if done() {
			return true
		}
		select {
		case <-tick.C:
		case <-timer.C:
			return false
		case <-t.Context().Done():
			return false
		}
	}
}
