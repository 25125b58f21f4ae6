package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dropstream/backend/api"
)

// keepPoll is how often a command that stores an item itself looks how far it is.
const keepPoll = 250 * time.Millisecond

func (r *runner) keepCommand() *cobra.Command {
	undo := false
	c := &cobra.Command{
		Use:   "keep ID...",
		Short: "Store items whole, so that they play without their files",
		Long: "Stores items whole, so that they play whatever becomes of their files. Where drop.stream runs, it\n" +
			"does the work, and the command returns at once; otherwise the command does it and then returns.",
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.withLibrary(cmd.Context(), func(lib library, served bool) error {
				if !served {
					lib = unserved{lib}
				}
				return r.eachItem(args, func(id string) (api.Item, error) {
					if undo {
						return lib.Unkeep(cmd.Context(), api.ItemRequest{ID: id})
					}
					it, err := lib.Keep(cmd.Context(), api.ItemRequest{ID: id})
					if err != nil || served {
						return it, err
					}
					return r.awaitStored(cmd.Context(), lib, it)
				})
			})
		},
	}
	c.Flags().BoolVar(&undo, "undo", false, "keep them no longer")
	return c
}

// awaitStored waits until an item is stored, or says why it is not going to be.
func (r *runner) awaitStored(ctx context.Context, lib library, it api.Item) (api.Item, error) {
	tick := time.NewTicker(keepPoll)
	defer tick.Stop()
	for it.State != api.StateStored {
		if it.Progress != nil && it.Progress.Problem != nil {
			it.Problem = it.Progress.Problem
			return it, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return it, ctx.Err()
		}
		var err error
		if it, err = lib.Item(ctx, api.ItemRequest{ID: it.ID}); err != nil {
			return it, fmt.Errorf("look how far storing is: %w", err)
		}
	}
	return it, nil
}

func (r *runner) locateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "locate ID FILE",
		Short: "Say where the file of an item is now; a folder is searched for it",
		Args:  usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := absolute(args[1:])
			if err != nil {
				return err
			}
			return r.withLibrary(cmd.Context(), func(lib library, served bool) error {
				if !served {
					lib = unserved{lib}
				}
				return r.eachItem(args[:1], func(id string) (api.Item, error) {
					found, err := lib.Locate(cmd.Context(), api.LocateRequest{ID: id, Path: paths[0]})
					if err != nil {
						return api.Item{}, err
					}
					return *found.Item, nil
				})
			})
		},
	}
}

// eachItem does something with each of some items and prints what became of them. errFailed when it did not work for
// one of them.
func (r *runner) eachItem(ids []string, do func(id string) (api.Item, error)) error {
	failed := false
	for _, id := range ids {
		it, err := do(id)
		l := lineOf(it)
		if err != nil {
			l = line{ID: id, Error: api.ProblemOf(err).Message}
		}
		failed = failed || l.Error != ""
		switch {
		case r.json:
			err = r.printJSON(l)
		case l.Error != "":
			r.errorf("%s: %s\n", plain(id), plain(l.Error))
			err = nil
		default:
			err = r.printf("%s  %-8s %s\n", l.ID, l.State, plain(l.Title))
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}
