package api

import (
	"context"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// Keep implements API.
func (s *Service) Keep(ctx context.Context, r ItemRequest) (Item, error) {
	return guard(ctx, s, "keep", func() (Item, error) { return s.itemOf(s.o.Library.Keep(ctx, r.ID)) })
}

// Unkeep implements API.
func (s *Service) Unkeep(ctx context.Context, r ItemRequest) (Item, error) {
	return guard(ctx, s, "unkeep", func() (Item, error) { return s.itemOf(s.o.Library.Unkeep(ctx, r.ID)) })
}

// itemOf is an item in the API's words, or the error instead of it.
func (s *Service) itemOf(it media.Item, err error) (Item, error) {
	if err != nil {
		return Item{}, err
	}
	return s.item(&it), nil
}

// Locate implements API.
func (s *Service) Locate(ctx context.Context, r LocateRequest) (LocateResult, error) {
	return guard(ctx, s, "locate", func() (LocateResult, error) {
		if r.Path == "" {
			return LocateResult{}, fault.New(fault.Invalid, "No file was named.")
		}
		path, err := absolute(r.Path, r.Dir)
		if err != nil {
			return LocateResult{}, err
		}
		found, err := s.o.Library.Locate(ctx, r.ID, path)
		if err != nil {
			return LocateResult{}, err
		}
		it := s.item(&found.Item)
		return LocateResult{Item: &it, Also: append([]string{}, found.Also...)}, nil
	})
}
