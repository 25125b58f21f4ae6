package cli

import (
	"context"
	"errors"

	"dropstream/backend/api"
	"dropstream/backend/instance"
)

// library is the part of the API that commands use: of this process, or of the running one.
type library interface {
	Add(context.Context, api.AddRequest) (api.AddResult, error)
	Items(context.Context, api.ItemsRequest) (api.ItemsPage, error)
	Item(context.Context, api.ItemRequest) (api.Item, error)
	Remove(context.Context, api.RemoveRequest) (api.RemoveResult, error)
	Keep(context.Context, api.ItemRequest) (api.Item, error)
	Unkeep(context.Context, api.ItemRequest) (api.Item, error)
	Locate(context.Context, api.LocateRequest) (api.LocateResult, error)
	Doctor(context.Context) (api.Report, error)
}

var (
	_ library = api.API(nil)
	_ library = (*remote)(nil)
)

// withLibrary runs do on the running process's library where there is one, and otherwise on one that it opens and
// closes. Served says whether the library's URLs can be reached after the command has ended.
func (r *runner) withLibrary(ctx context.Context, do func(lib library, served bool) error) (err error) {
	dir, err := r.dataDir()
	if err != nil {
		return err
	}
	lock, client, err := instance.Join(ctx, dir)
	if err != nil {
		return err
	}
	if client != nil {
		return do(&remote{client: client}, true)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	core, err := r.Open(ctx, Options{DataDir: dir, Listen: anyPort})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	return do(core.API(), false)
}

// remote is the running process's library.
type remote struct{ client *instance.Client }

func call[Response any](ctx context.Context, m *remote, verb string, request any) (Response, error) {
	var response Response
	err := m.client.Call(ctx, verb, request, &response)
	return response, err
}

func (m *remote) Add(ctx context.Context, r api.AddRequest) (api.AddResult, error) {
	return call[api.AddResult](ctx, m, "add", r)
}

func (m *remote) Items(ctx context.Context, r api.ItemsRequest) (api.ItemsPage, error) {
	return call[api.ItemsPage](ctx, m, "items", r)
}

func (m *remote) Remove(ctx context.Context, r api.RemoveRequest) (api.RemoveResult, error) {
	return call[api.RemoveResult](ctx, m, "remove", r)
}

func (m *remote) Item(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return call[api.Item](ctx, m, "item", r)
}

func (m *remote) Keep(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return call[api.Item](ctx, m, "keep", r)
}

func (m *remote) Unkeep(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return call[api.Item](ctx, m, "unkeep", r)
}

func (m *remote) Locate(ctx context.Context, r api.LocateRequest) (api.LocateResult, error) {
	return call[api.LocateResult](ctx, m, "locate", r)
}

func (m *remote) Doctor(ctx context.Context) (api.Report, error) {
	return call[api.Report](ctx, m, "doctor", nil)
}

// fromOutside is a library of this process whose page opens what is added, where the API can do that.
func fromOutside(a api.API) library {
	o, ok := a.(opener)
	if !ok {
		return a
	}
	return opening{library: a, opener: o}
}

type opener interface {
	Open(context.Context, api.AddRequest) (api.AddResult, error)
}

type opening struct {
	library
	opener opener
}

func (o opening) Add(ctx context.Context, r api.AddRequest) (api.AddResult, error) {
	return o.opener.Open(ctx, r)
}
