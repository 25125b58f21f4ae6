package shell

import (
	"context"
	"log/slog"
	"path/filepath"

	"dropstream/backend/api"
	"dropstream/backend/fault"
)

// Add adds paths for the page, which is given the result.
func (s *Shell) Add(r api.AddRequest) (api.AddResult, error) {
	return guard(s, addTimeout, func(ctx context.Context) (api.AddResult, error) { return s.add(ctx, r) })
}

// Sample adds the sample clip, which may have to be made first.
func (s *Shell) Sample() (api.AddResult, error) {
	return guard(s, addTimeout, func(ctx context.Context) (api.AddResult, error) {
		core, err := s.await(ctx)
		if err != nil {
			return api.AddResult{}, err
		}
		return core.API().Sample(ctx)
	})
}

// opener is an API that takes files from outside and tells the page about each as soon as it knows.
type opener interface {
	Open(context.Context, api.AddRequest) (api.AddResult, error)
}

// open takes files from outside. The rest of what the page has to be told is given back.
func (s *Shell) open(ctx context.Context, r api.AddRequest) (api.AddResult, error) {
	core, err := s.await(ctx)
	if err != nil {
		return api.AddResult{}, err
	}
	if o, ok := core.API().(opener); ok {
		_, err := o.Open(ctx, r)
		return api.AddResult{}, err
	}
	return core.API().Add(ctx, r)
}

func (s *Shell) add(ctx context.Context, r api.AddRequest) (api.AddResult, error) {
	core, err := s.await(ctx)
	if err != nil {
		return api.AddResult{}, err
	}
	return core.API().Add(ctx, r)
}

// Drop takes files that did not come through the page: dropped on the window, given by the command line or by a
// second launch. It returns at once; the page is told by an event of kind "added", or by Pending when it is not
// there yet.
func (s *Shell) Drop(paths []string) {
	if len(paths) == 0 {
		return
	}
	s.background(func() {
		result, err := guard(s, addTimeout, func(ctx context.Context) (api.AddResult, error) {
			return s.open(ctx, api.AddRequest{Paths: paths})
		})
		if err != nil {
			// Told beside the first of the files: the drop failed as a whole.
			problem := &api.Problem{Code: string(fault.Internal), Message: fault.MessageOf(err)}
			if call, ok := err.(*CallError); ok { //nolint:errorlint // guard gives the very type
				problem = &call.problem
			}
			s.options.Log.WarnContext(s.ctx, "Drop failed", slog.Any("error", err))
			name := filepath.Base(paths[0])
			result.Added = []api.Added{{Path: paths[0], Name: name, Problem: problem}}
		}
		s.relay.added(s.ctx, result.Added)
	})
}

// Pending gives, once, what became of the files that arrived before the page was there. From then on the page is
// told by events: it subscribes first and asks this after.
func (s *Shell) Pending() (api.AddResult, error) {
	s.relay.listens.Store(true)
	return guard(s, callTimeout, func(ctx context.Context) (api.AddResult, error) {
		early := s.relay.takePending()
		core, err := s.await(ctx)
		if err != nil {
			return api.AddResult{Added: early}, nil //nolint:nilerr // asking for items tells the page why
		}
		result, err := core.API().Pending(ctx)
		if err != nil {
			s.options.Log.WarnContext(ctx, "Pending not taken", slog.Any("error", err))
		}
		return api.AddResult{Added: append(early, result.Added...)}, nil
	})
}

// PickFiles lets the person choose files and adds them. An empty result when nothing was chosen; Busy when a dialog
// is open already.
func (s *Shell) PickFiles() (api.AddResult, error) {
	return s.pick(func(w Window) ([]string, error) { return w.PickFiles() })
}

// PickFolder is like PickFiles for a folder of videos.
func (s *Shell) PickFolder() (api.AddResult, error) {
	return s.pick(func(w Window) ([]string, error) {
		folder, err := w.PickFolder()
		if folder == "" {
			return nil, err
		}
		return []string{folder}, err
	})
}

// LocateFile lets the person choose the file that an item's missing source is now, and takes it. Busy when a dialog is
// open already.
func (s *Shell) LocateFile(r api.ItemRequest) (api.LocateResult, error) {
	paths, err := s.choose(func(w Window) ([]string, error) {
		path, err := w.PickFile()
		if path == "" {
			return nil, err
		}
		return []string{path}, err
	})
	if err != nil || len(paths) == 0 {
		return api.LocateResult{Also: []string{}}, err
	}
	return s.Locate(api.LocateRequest{ID: r.ID, Path: paths[0]})
}

// Locate takes a path for an item's source; a folder is searched, which may take its time.
func (s *Shell) Locate(r api.LocateRequest) (api.LocateResult, error) {
	return guard(s, addTimeout, func(ctx context.Context) (api.LocateResult, error) {
		core, err := s.await(ctx)
		if err != nil {
			return api.LocateResult{}, err
		}
		return core.API().Locate(ctx, r)
	})
}

func (s *Shell) pick(choose func(Window) ([]string, error)) (api.AddResult, error) {
	paths, err := s.choose(choose)
	if err != nil || len(paths) == 0 {
		return api.AddResult{Added: []api.Added{}}, err
	}
	return s.Add(api.AddRequest{Paths: paths})
}

// choose opens a dialog. The time is the person's: that of what follows begins to count when they have chosen.
func (s *Shell) choose(choose func(Window) ([]string, error)) ([]string, error) {
	return guard(s, noTimeout, func(context.Context) ([]string, error) {
		w := s.attachedWindow()
		if w == nil || !s.picking.TryLock() {
			return nil, fault.New(fault.Busy, "A dialog is open already.")
		}
		defer s.picking.Unlock()
		return choose(w)
	})
}
