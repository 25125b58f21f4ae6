package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dropstream/backend/api"
)

// pageSize is how many items a listing asks for at a time.
const pageSize = 500

// line is what is printed of an item with --json. URL is its multivariant playlist, "" when no process serves it.
// Error is a sentence, "" when all is well.
type line struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	State string `json:"state"`
	URL   string `json:"url"`
	Error string `json:"error"`
}

func (r *runner) addCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add FILE...",
		Short: "Add videos, and folders of them, to the library",
		Long: "Adds videos, and folders of them, to the library.\n\n" +
			"With --json, each file gives one object with id, title, state, url and error. The url is its\n" +
			"multivariant playlist while drop.stream runs, as a window or by “dropstream serve”; otherwise\n" +
			"nobody serves it, and it is empty.",
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return r.withLibrary(cmd.Context(), func(lib library, served bool) error {
				if !served {
					lib = unserved{lib}
				}
				return r.add(cmd.Context(), lib, paths)
			})
		},
	}
}

// unserved is a library whose process ends with the command: its URLs lead nowhere.
type unserved struct{ library }

func (u unserved) Add(ctx context.Context, r api.AddRequest) (api.AddResult, error) {
	result, err := u.library.Add(ctx, r)
	for i := range result.Added {
		if item := result.Added[i].Item; item != nil {
			item.URL = ""
		}
	}
	return result, err
}

func (u unserved) Items(ctx context.Context, r api.ItemsRequest) (api.ItemsPage, error) {
	page, err := u.library.Items(ctx, r)
	for i := range page.Items {
		page.Items[i].URL = ""
	}
	return page, err
}

func (u unserved) Item(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return withoutURL(u.library.Item(ctx, r))
}

func (u unserved) Keep(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return withoutURL(u.library.Keep(ctx, r))
}

func (u unserved) Unkeep(ctx context.Context, r api.ItemRequest) (api.Item, error) {
	return withoutURL(u.library.Unkeep(ctx, r))
}

func (u unserved) Locate(ctx context.Context, r api.LocateRequest) (api.LocateResult, error) {
	result, err := u.library.Locate(ctx, r)
	if result.Item != nil {
		result.Item.URL = ""
	}
	return result, err
}

func withoutURL(it api.Item, err error) (api.Item, error) {
	it.URL = ""
	return it, err
}

// add adds paths one by one, so that the first line comes before the last file is read, and prints what became of
// each file. errFailed when one of them is no video or cannot be played.
func (r *runner) add(ctx context.Context, lib library, paths []string) error {
	failed := false
	for _, path := range paths {
		result, err := lib.Add(ctx, api.AddRequest{Paths: []string{path}})
		if err != nil {
			return fmt.Errorf("add a file: %w", err)
		}
		for _, added := range result.Added {
			l := lineOfAdded(added)
			failed = failed || l.Error != ""
			if err := r.printLine(l, added.Path); err != nil {
				return err
			}
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

func lineOfAdded(a api.Added) line {
	l := line{Title: a.Name}
	if a.Item != nil {
		l = lineOf(*a.Item)
	}
	if a.Problem != nil {
		l.Error = a.Problem.Message
	}
	return l
}

func lineOf(it api.Item) line {
	l := line{ID: it.ID, Title: it.Title, State: it.State, URL: it.URL}
	if it.Problem != nil {
		l.Error = it.Problem.Message
	}
	return l
}

// printLine prints what became of one file. For people, a refusal names the path that they gave.
func (r *runner) printLine(l line, path string) error {
	switch {
	case r.json:
		return r.printJSON(l)
	case l.Error != "":
		r.errorf("%s: %s\n", plain(path), plain(l.Error))
		return nil
	case l.URL != "":
		return r.printf("%s  %s  %s\n", l.ID, plain(l.Title), l.URL)
	default:
		return r.printf("%s  %s\n", l.ID, plain(l.Title))
	}
}

func (r *runner) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the library, latest first",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.withLibrary(cmd.Context(), func(lib library, served bool) error {
				if !served {
					lib = unserved{lib}
				}
				return r.list(cmd.Context(), lib)
			})
		},
	}
}

func (r *runner) list(ctx context.Context, lib library) error {
	for offset := 0; ; {
		page, err := lib.Items(ctx, api.ItemsRequest{Offset: offset, Limit: pageSize})
		if err != nil {
			return fmt.Errorf("list the library: %w", err)
		}
		for _, it := range page.Items {
			if err := r.printItem(it); err != nil {
				return err
			}
		}
		if offset += len(page.Items); len(page.Items) == 0 || offset >= page.Total {
			return nil
		}
	}
}

func (r *runner) printItem(it api.Item) error {
	if r.json {
		return r.printJSON(lineOf(it))
	}
	length := (time.Duration(it.DurationMS) * time.Millisecond).Round(time.Second)
	return r.printf("%s  %-8s %10s  %s\n", it.ID, it.State, length, plain(it.Title))
}

func (r *runner) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove ID...",
		Short: "Forget items of the library; their files stay",
		Args:  usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.withLibrary(cmd.Context(), func(lib library, _ bool) error {
				return r.remove(cmd.Context(), lib, args)
			})
		},
	}
}

// removed is what is printed of a removal with --json.
type removed struct {
	ID      string `json:"id"`
	Removed bool   `json:"removed"`
	Error   string `json:"error"`
}

func (r *runner) remove(ctx context.Context, lib library, ids []string) error {
	var failed error
	for _, id := range ids {
		result, err := lib.Remove(ctx, api.RemoveRequest{IDs: []string{id}})
		if err != nil {
			return fmt.Errorf("remove an item: %w", err)
		}
		out := removed{ID: id, Removed: result.Removed > 0}
		if !out.Removed {
			out.Error = "There is no such item."
			failed = errFailed
		}
		switch {
		case r.json:
			err = r.printJSON(out)
		case out.Removed:
			err = r.printf("%s is removed.\n", plain(id))
		default:
			r.errorf("%s: %s\n", plain(id), out.Error)
		}
		if err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}
