package index

import (
	"context"

	"dropstream/backend/media"
)

func openMatroska(_ context.Context, _ *source, c media.Container) (*Index, error) {
	return &Index{Container: c}, nil
}
