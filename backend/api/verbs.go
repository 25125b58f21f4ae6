package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"dropstream/backend/fault"
)

// Verb answers one request: a JSON object in (or nothing, for its zero value), a value for JSON out. Errors are
// faults.
type Verb = func(ctx context.Context, body json.RawMessage) (any, error)

// opener is an API whose page is told of what was added. See Service.Open.
type opener interface {
	Open(ctx context.Context, r AddRequest) (AddResult, error)
}

// Verbs are the API's verbs by their names on the wire. "open" is there when the API has it.
func Verbs(a API) map[string]Verb {
	verbs := map[string]Verb{
		"add":          verb(a.Add),
		"sample":       bare(a.Sample),
		"items":        verb(a.Items),
		"item":         verb(a.Item),
		"remove":       verb(a.Remove),
		"keep":         verb(a.Keep),
		"unkeep":       verb(a.Unkeep),
		"locate":       verb(a.Locate),
		"play":         verb(a.Play),
		"savePosition": verb(a.SavePosition),
		"doctor":       bare(a.Doctor),
		"reportClient": verb(a.ReportClient),
		"pending":      bare(a.Pending),
	}
	if o, ok := a.(opener); ok {
		verbs["open"] = verb(o.Open)
	}
	return verbs
}

// verb is a method with a request.
func verb[Request, Answer any](call func(context.Context, Request) (Answer, error)) Verb {
	return func(ctx context.Context, body json.RawMessage) (any, error) {
		var r Request
		if err := decode(body, &r); err != nil {
			return nil, err
		}
		return answer(call(ctx, r))
	}
}

// bare is a method without a request.
func bare[Answer any](call func(context.Context) (Answer, error)) Verb {
	return func(ctx context.Context, body json.RawMessage) (any, error) {
		if err := decode(body, &struct{}{}); err != nil {
			return nil, err
		}
		return answer(call(ctx))
	}
}

func answer[Answer any](v Answer, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// decode reads one JSON object strictly: nothing unknown in it, nothing after it. An empty body is an empty object.
func decode(body json.RawMessage, into any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if body[0] != '{' {
		return fault.New(fault.Invalid, "This request is no JSON object.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fault.Wrap(err, fault.Invalid, "This request cannot be read.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "This request has something after its end.")
	}
	return nil
}
