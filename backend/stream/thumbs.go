package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/sprite"
)

const (
	// thumbsAfter leaves the first seconds of a title to whoever watches it.
	thumbsAfter = 3 * time.Second
	// thumbsTime bounds one run of ffmpeg over thumbnails, the time included in which it was held up.
	thumbsTime = 90 * time.Second
	// thumbsAgain is how long nothing is tried after a failure.
	thumbsAgain = 30 * time.Second
	// thumbsRecipe names the way they are made. Change it with any change to what they look like.
	thumbsRecipe = "sheets-1"
)

// thumbs are the thumbnails of a title: sheets of them, kept in the cache as the segments of a rendition of their own.
// So they count in its budget, go with the item, are made again when they were damaged or evicted, and survive what it
// survives.
type thumbs struct {
	t    *title
	key  cache.Key
	file io.ReaderAt // the source
	plan func() *thumbPlan

	mu     sync.Mutex
	making bool
	closed bool
	next   time.Time    // nothing is tried before
	sheets []thumbSheet // by number; nil until they were looked for in the cache
}

// thumbSheet is a sheet as far as it is there.
type thumbSheet struct {
	*sprite.Sheet // without its picture when that is in the cache

	done bool // nothing is missing that could still be made
	kept bool // its picture is in the cache
}

func newThumbs(t *title) *thumbs {
	x := &thumbs{t: t, file: t.file, plan: sync.OnceValue(t.thumbPlan)}
	version := ""
	if t.e.tools != nil {
		version = t.e.tools.Version
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{"thumbs", t.seed(), thumbsRecipe, version}, "\x00")))
	x.key = cache.Key{Title: t.src.ItemID, Rendition: base64.RawURLEncoding.EncodeToString(sum[:15])}
	return x
}

// Thumbs is the WebVTT index of an item's thumbnails as far as there are any. Asking for it sees to it that they are
// made; while they are, the index says so. Errors: those of opening the item.
func (e *Engine) Thumbs(ctx context.Context, itemID string) ([]byte, error) {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return nil, err
	}
	defer release()
	return t.thumbs.index(), nil
}

// ThumbSheet is sheet n of an item's thumbnails, a JPEG. Errors: fault.NotFound when it is not there.
func (e *Engine) ThumbSheet(ctx context.Context, itemID string, n int) ([]byte, error) {
	t, release, err := e.title(ctx, itemID)
	if err != nil {
		return nil, err
	}
	defer release()
	if jpeg := t.thumbs.jpeg(n); len(jpeg) > 0 {
		return jpeg, nil
	}
	return nil, fault.New(fault.NotFound, "There is no such picture of this video.")
}

// possible says whether the title has pictures that can be made thumbnails of here.
func (x *thumbs) possible() bool {
	v := x.t.survey.video
	if v == nil || x.t.e.tools == nil || !x.t.e.decodes(v.track) {
		return false
	}
	w, h := thumbSize(v.track.Video)
	return w > 0 && h > 0
}

// index writes the index, and starts making what is missing.
func (x *thumbs) index() []byte {
	if !x.possible() {
		return sprite.Index(nil, true)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.load()
	for i, s := range x.sheets {
		if s.kept && !x.t.e.has(x.key, i) {
			x.sheets[i] = thumbSheet{} // evicted, or found damaged
		}
	}
	if x.firstMissing() < len(x.sheets) && !x.making && !x.closed && time.Now().After(x.next) {
		x.making = true
		x.t.wg.Go(func() { x.make(x.t.background) })
	}
	shown := make([]*sprite.Sheet, len(x.sheets))
	for i := range x.sheets {
		shown[i] = x.sheets[i].Sheet
	}
	return sprite.Index(shown, !x.making)
}

// load finds what the cache has of an earlier time. The lock is held.
func (x *thumbs) load() {
	if x.sheets != nil {
		return
	}
	x.sheets = make([]thumbSheet, (len(x.plan().all)+sprite.PerSheet-1)/sprite.PerSheet)
	for i := range x.sheets {
		if s := x.cached(i); s != nil {
			x.sheets[i] = thumbSheet{s.Bare(), true, true}
		}
	}
}

// cached reads a sheet from the cache.
func (x *thumbs) cached(n int) *sprite.Sheet {
	data, ok := x.t.e.cached(x.key, n)
	if !ok {
		return nil
	}
	s, err := sprite.Parse(data)
	if err != nil {
		x.t.e.log.LogAttrs(x.t.e.ctx, slog.LevelWarn, "Sheet of thumbnails unreadable", slog.Int("sheet", n),
			slog.Any("error", err))
		return nil
	}
	return s
}

// jpeg gives a sheet's picture, nil when there is none.
func (x *thumbs) jpeg(n int) []byte {
	x.mu.Lock()
	var s *sprite.Sheet
	if n >= 0 && n < len(x.sheets) {
		s = x.sheets[n].Sheet
	}
	x.mu.Unlock()
	if n >= 0 && (s == nil || s.JPEG == nil) {
		s = x.cached(n)
	}
	if s == nil {
		return nil
	}
	return s.JPEG
}

// firstMissing is the first sheet that is not done. The lock is held.
func (x *thumbs) firstMissing() int {
	for i, s := range x.sheets {
		if !s.done {
			return i
		}
	}
	return len(x.sheets)
}

// put takes a sheet. One that is whole is kept on disk; one of which more may come is not, nor one of nothing.
func (x *thumbs) put(ctx context.Context, n int, s *sprite.Sheet, done, keep bool) {
	if keep {
		x.t.e.keep(ctx, x.key, n, s.Bytes())
		s = s.Bare()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if was := x.sheets[n]; !done && was.Sheet != nil && len(was.Times) > len(s.Times) {
		return // an earlier try had come further
	}
	x.sheets[n] = thumbSheet{s, done, keep}
}

// close keeps making from being started. What is being made ends with the title.
func (x *thumbs) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
}

// make makes what is missing, when nobody waits for anything else. It ends when all is there, or nothing comes of it.
func (x *thumbs) make(ctx context.Context) {
	err := x.work(ctx)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.making = false
	x.next = time.Now().Add(thumbsAgain)
	if err != nil && ctx.Err() == nil {
		x.t.e.log.LogAttrs(ctx, slog.LevelWarn, "Thumbnails not made", slog.String("item", x.t.src.ItemID),
			slog.Any("error", err))
	}
}

// work runs ffmpeg until no sheet is missing.
func (x *thumbs) work(ctx context.Context) error {
	timer := time.NewTimer(x.t.e.thumbsAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		work, ticket, err := x.t.e.sched.background(ctx)
		if err != nil {
			return fmt.Errorf("wait for a slot: %w", err)
		}
		err = x.pass(work, ticket)
		again := work.Err() != nil && ctx.Err() == nil // the slot was wanted back
		ticket.release()
		if !again {
			return err
		}
	}
}

// pass makes what is missing while it has a slot.
func (x *thumbs) pass(ctx context.Context, ticket *ticket) error {
	for {
		x.mu.Lock()
		n, all := x.firstMissing(), len(x.sheets)
		x.mu.Unlock()
		if n == all {
			return nil
		}
		if err := x.t.unchanged(); err != nil {
			return err
		}
		if err := x.run(ctx, ticket, n); err != nil {
			return err
		}
	}
}
