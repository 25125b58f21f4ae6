package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/library"
	"dropstream/backend/media"
)

// Bounds of what may be asked at once.
const (
	maxPaths     = 10_000
	maxIDs       = 10_000
	defaultLimit = 100
	maxLimit     = 500
)

// Options are what a Service is made of.
type Options struct {
	Library *library.Library
	// URLs gives the addresses of an item's multivariant playlist and of its poster.
	URLs func(itemID string) (multivariant, poster string)
	// Progress says how far the storing of an item is; nil for one that is not being stored.
	Progress func(itemID string) *Progress
	// ForClient makes the address of a multivariant playlist that of the one for a player.
	ForClient func(multivariant string, c media.Client) string
	// Deliveries says how an item's tracks reach a player. Errors are faults.
	Deliveries func(ctx context.Context, itemID string, c media.Client) ([]media.TrackDelivery, error)
	// OnClient is told what the program's own window can play; may be nil.
	OnClient func(c media.Client)
	// Damage says what was found damaged in an item; nil: nothing is known.
	Damage func(ctx context.Context, itemID string) ([]media.Damage, error)
	// Extras says what an item has beside picture and sound. Nil: nothing is known.
	Extras func(ctx context.Context, itemID string) (media.Extras, error)
	// Doctor says what works here.
	Doctor func(ctx context.Context) Report
	// MakeSample writes the sample clip to path, which does not exist yet. Errors are faults.
	MakeSample func(ctx context.Context, path string) error
	// SamplePath is where the sample clip is kept, in the data folder.
	SamplePath string
	// OS is what runtime.GOOS says; "" means just that.
	OS  string
	Log *slog.Logger // discarded when nil
}

// Service is the API on top of the library.
type Service struct {
	o       Options
	hub     hub
	pending pending
	sample  chan struct{} // holds a value while somebody makes or adds the sample

	clientMu sync.Mutex
	client   *Client
}

var _ API = (*Service)(nil)

// New makes the API's implementation. The library's OnChange and OnRemoved are to call ItemChanged and ItemRemoved.
func New(o Options) *Service {
	if o.OS == "" {
		o.OS = runtime.GOOS
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, sample: make(chan struct{}, 1)}
}

// Add implements API.
func (s *Service) Add(ctx context.Context, r AddRequest) (AddResult, error) {
	return guard(ctx, s, "add", func() (AddResult, error) {
		res := AddResult{Added: []Added{}}
		err := s.addEach(ctx, r, func(a Added) { res.Added = append(res.Added, a) })
		return res, err
	})
}

// Open is Add for files that arrive from outside the page: arguments, a second launch, a drop that the shell took.
// The page is told what became of them, the first at once: by an event when it is ready, else by Pending.
func (s *Service) Open(ctx context.Context, r AddRequest) (AddResult, error) {
	return guard(ctx, s, "open", func() (AddResult, error) {
		res := AddResult{Added: []Added{}}
		told := 0
		tell := func() {
			if rest := res.Added[told:]; len(rest) > 0 {
				s.pending.deliver(rest, func(a []Added) { s.hub.publish(Event{Kind: EventAdded, Added: a}) })
				told = len(res.Added)
			}
		}
		err := s.addEach(ctx, r, func(a Added) {
			res.Added = append(res.Added, a)
			if told == 0 {
				tell()
			}
		})
		tell()
		return res, err
	})
}

func (s *Service) addEach(ctx context.Context, r AddRequest, each func(Added)) error {
	if len(r.Paths) == 0 {
		return fault.New(fault.Invalid, "No file was named.")
	}
	if len(r.Paths) > maxPaths {
		return fault.New(fault.Invalid, "These are too many files at once. Drop the folder they are in.")
	}
	paths := make([]string, len(r.Paths))
	for i, p := range r.Paths {
		var err error
		if paths[i], err = absolute(p, r.Dir); err != nil {
			return err
		}
	}
	_, err := s.o.Library.AddEach(ctx, paths, func(a library.Added) { each(s.added(ctx, &a)) })
	return err
}

// added says what became of a file in the API's words.
func (s *Service) added(ctx context.Context, a *library.Added) Added {
	out := Added{Path: showPath(a.Path), Name: showPath(filepath.Base(a.Path)), New: a.New}
	if a.Err != nil {
		s.logInternal(ctx, "add", a.Err)
		p := ProblemOf(a.Err)
		out.Problem = &p
		return out
	}
	it := s.item(&a.Item)
	out.Item = &it
	return out
}

// Sample implements API. The clip is made again when it is not there any more or cannot be taken in.
func (s *Service) Sample(ctx context.Context) (AddResult, error) {
	return guard(ctx, s, "sample", func() (AddResult, error) {
		// Making it takes a second or two: whoever asks meanwhile waits and gets the same clip.
		select {
		case s.sample <- struct{}{}:
			defer func() { <-s.sample }()
		case <-ctx.Done():
			return AddResult{}, ctx.Err()
		}
		if err := s.makeSample(ctx); err != nil {
			return AddResult{}, err
		}
		res, err := s.Add(ctx, AddRequest{Paths: []string{s.o.SamplePath}})
		if err != nil || len(res.Added) == 0 || res.Added[0].Problem == nil {
			return res, err
		}
		if err := os.Remove(s.o.SamplePath); err != nil {
			return AddResult{}, fmt.Errorf("remove sample: %w", err)
		}
		if err := s.makeSample(ctx); err != nil {
			return AddResult{}, err
		}
		return s.Add(ctx, AddRequest{Paths: []string{s.o.SamplePath}})
	})
}

func (s *Service) makeSample(ctx context.Context) error {
	if fi, err := os.Stat(s.o.SamplePath); err == nil && fi.Size() > 0 {
		return nil
	}
	if s.o.MakeSample == nil {
		return fault.New(fault.Unavailable, "There is no sample clip here.")
	}
	dir := filepath.Dir(s.o.SamplePath)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make sample folder: %w", err)
	}
	tmp := filepath.Join(dir, ".making "+filepath.Base(s.o.SamplePath)) // the file's type may be told by its ending
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove unfinished sample: %w", err)
	}
	if err := s.o.MakeSample(ctx, tmp); err != nil {
		_ = os.Remove(tmp) // it may not even be there
		return fmt.Errorf("make sample: %w", err)
	}
	if err := os.Rename(tmp, s.o.SamplePath); err != nil {
		return fmt.Errorf("keep sample: %w", err)
	}
	return nil
}

// Items implements API.
func (s *Service) Items(ctx context.Context, r ItemsRequest) (ItemsPage, error) {
	return guard(ctx, s, "items", func() (ItemsPage, error) {
		if r.Offset < 0 || r.Limit < 0 || r.Limit > maxLimit {
			return ItemsPage{}, fault.New(fault.Invalid, "A page has 1 to 500 items and begins at 0 or later.")
		}
		if r.Limit == 0 {
			r.Limit = defaultLimit
		}
		page, err := s.o.Library.Items(ctx, media.ItemQuery{Text: r.Query, Offset: r.Offset, Limit: r.Limit})
		if err != nil {
			return ItemsPage{}, err
		}
		out := ItemsPage{Items: make([]Item, len(page.Items)), Total: page.Total, UsedBytes: s.o.Library.UsedBytes()}
		for i := range page.Items {
			out.Items[i] = s.item(&page.Items[i])
		}
		return out, nil
	})
}

// Item implements API.
func (s *Service) Item(ctx context.Context, r ItemRequest) (Item, error) {
	return guard(ctx, s, "item", func() (Item, error) {
		it, err := s.o.Library.Item(ctx, r.ID)
		if err != nil {
			return Item{}, err
		}
		dto := s.item(&it)
		s.damage(ctx, &dto)
		return dto, nil
	})
}

// Remove implements API.
func (s *Service) Remove(ctx context.Context, r RemoveRequest) (RemoveResult, error) {
	return guard(ctx, s, "remove", func() (RemoveResult, error) {
		if len(r.IDs) > maxIDs {
			return RemoveResult{}, fault.New(fault.Invalid, "These are too many videos at once.")
		}
		removed, err := s.o.Library.Remove(ctx, r.IDs)
		return RemoveResult{Removed: len(removed)}, err
	})
}

// Play implements API. Errors: fault.NotFound, fault.Missing, the item's own problem.
func (s *Service) Play(ctx context.Context, r PlayRequest) (Playback, error) {
	return guard(ctx, s, "play", func() (Playback, error) {
		if err := s.o.Library.Playable(ctx, r.ID); err != nil {
			return Playback{}, err
		}
		it, err := s.o.Library.MarkPlayed(ctx, r.ID)
		if err != nil {
			return Playback{}, err
		}
		dto := s.item(&it)
		s.damage(ctx, &dto)
		c := s.Player(r)
		b := Playback{
			Item: dto, URL: s.o.ForClient(dto.URL, c), PositionMS: dto.PositionMS, Deliveries: []Delivery{},
		}
		ways, err := s.o.Deliveries(ctx, r.ID, c)
		for _, d := range ways {
			b.Deliveries = append(b.Deliveries, Delivery{string(d.Kind), d.Track, d.Passthrough, d.Why})
		}
		s.extras(ctx, r.ID, &b)
		return b, err
	})
}

// SavePosition implements API.
func (s *Service) SavePosition(ctx context.Context, r PositionRequest) (Done, error) {
	return guard(ctx, s, "savePosition", func() (Done, error) {
		const most = int64(1<<63-1) / int64(time.Millisecond)
		if r.PositionMS < 0 || r.PositionMS > most {
			return Done{}, fault.New(fault.Invalid, "This is no position in a video.")
		}
		err := s.o.Library.SavePosition(ctx, r.ID, time.Duration(r.PositionMS)*time.Millisecond)
		return Done{OK: err == nil}, err
	})
}

// Doctor implements API.
func (s *Service) Doctor(ctx context.Context) (Report, error) {
	return guard(ctx, s, "doctor", func() (Report, error) {
		r := s.o.Doctor(ctx)
		if r.Checks == nil {
			r.Checks = []Check{}
		}
		return r, ctx.Err()
	})
}

// Pending implements API. After it the page is taken to be ready: what Open adds comes as events from then on.
func (s *Service) Pending(ctx context.Context) (AddResult, error) {
	return guard(ctx, s, "pending", func() (AddResult, error) {
		return AddResult{Added: s.pending.take()}, nil
	})
}

// Subscribe implements API.
func (s *Service) Subscribe(ctx context.Context) <-chan Event { return s.hub.subscribe(ctx) }

// ItemChanged tells subscribers of an item that was added or changed. It is made for library.Options.OnChange.
func (s *Service) ItemChanged(id string) {
	if !s.hub.heard() {
		return
	}
	it, err := s.o.Library.Item(context.Background(), id)
	if err != nil {
		if fault.CodeOf(err) != fault.NotFound { // it may have been removed again
			s.o.Log.Warn("Changed item not read", slog.String("item", id), slog.Any("error", err))
		}
		return
	}
	dto := s.item(&it)
	s.damage(context.Background(), &dto)
	s.hub.publish(Event{Kind: EventItem, Item: &dto})
}

// ItemRemoved tells subscribers of an item that is gone. It is made for library.Options.OnRemoved.
func (s *Service) ItemRemoved(id string) { s.hub.publish(Event{Kind: EventRemoved, ID: id}) }

// guard runs a verb: a panic becomes a fault, and faults of the program's own are logged whole, once.
func guard[T any](ctx context.Context, s *Service, verb string, fn func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			var zero T
			s.o.Log.ErrorContext(ctx, "Verb panicked", slog.String("verb", verb), slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			out, err = zero, fault.Wrap(fmt.Errorf("panic in %s: %v", verb, p), fault.Internal,
				"Something went wrong inside drop.stream. The log has the details.")
		}
	}()
	out, err = fn()
	if err != nil {
		s.logInternal(ctx, verb, err)
		err = asFault(err)
	}
	return out, err
}

func (s *Service) logInternal(ctx context.Context, verb string, err error) {
	if fault.CodeOf(err) == fault.Internal {
		s.o.Log.ErrorContext(ctx, "Verb failed", slog.String("verb", verb), slog.Any("error", err))
	}
}

// asFault makes sure that an error has a code and a sentence of its own.
func asFault(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.Wrap(err, fault.CodeOf(err), fault.MessageOf(err))
}

// ProblemOf is an error as it is shown to people.
func ProblemOf(err error) Problem {
	return Problem{Code: string(fault.CodeOf(err)), Message: fault.MessageOf(err)}
}
