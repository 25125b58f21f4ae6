package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// fillJob is what there is to fill of one item. The filler's lock guards the fields above put.
type fillJob struct {
	item    string
	kept    bool               // the user wants it whole
	sound   map[media.Ref]bool // audio renditions that were played
	picture media.Ref          // the rung that was played last; zero when none was
	seenAt  time.Time          // when something of it was last played
	running bool
	done    bool
	more    bool      // something more is wanted since it was last begun
	problem error     // why it does not go on
	retryAt time.Time // when it is tried again after that
	cancel  context.CancelFunc
	share   share

	putting sync.RWMutex // held while a segment is put; taken whole by who drops the item
	dropped bool         // guarded by putting
}

// share is how far a job is. Media counts by what it costs: a second of picture as one, one of anything else little.
type share struct {
	left, total time.Duration
	worked      time.Duration // time spent on what was made since the program started
	made        time.Duration
}

// Weights of media in a share.
const (
	costPicture = 1
	costOther   = 20 // so many seconds of it cost what one of transcoded picture does
)

// cost is what so much of a part counts as.
func (p part) cost(d time.Duration) time.Duration {
	if p.ref.Kind == media.Video && p.ref.Rendition != plan.Original {
		return d / costPicture
	}
	return d / costOther
}

// errNoRoom stops a job: the budget or the floor would be crossed.
var errNoRoom = fault.New(fault.DiskFull, "There is no room for more of it within the space for converted video.")

// errDropped ends a job whose item was forgotten.
var errDropped = errors.New("the item was forgotten")

// put keeps a segment unless the item was dropped meanwhile.
func (e *Engine) putFilled(ctx context.Context, j *fillJob, key cache.Key, n int, data []byte) error {
	j.putting.RLock()
	defer j.putting.RUnlock()
	if j.dropped {
		return errDropped
	}
	if err := e.cache.Fill(ctx, key, n, data); err != nil {
		return fmt.Errorf("keep segment %d: %w", n, err)
	}
	return nil
}

// runJob makes what a job wants that is not there, and says why it ended: nil when all of it is there.
func (e *Engine) runJob(ctx context.Context, j *fillJob) error {
	t, release, err := e.title(ctx, j.item)
	if err != nil {
		return err
	}
	defer release()
	if t.file == nil {
		return nil // all that there is is stored, and there is no source for more
	}
	w, err := e.wanted(t, j)
	if err != nil {
		return err
	}
	total := time.Duration(0)
	for _, p := range w.parts {
		total += p.cost(media.ToDuration(p.plan.Bounds[p.plan.Len()], p.plan.Timescale))
	}
	e.fill.tell(j, func(s *share) { s.total = total })
	for _, p := range w.parts {
		if err := e.complete(ctx, t, j, w.parts, p); err != nil {
			return err
		}
	}
	if !w.all {
		return nil
	}
	return e.finishStoring(ctx, t, j, w)
}

// wanted is what a job stores of a title.
type wanted struct {
	parts []part // in the order of making: sound, then the picture
	offer offer  // of which they are renditions
	all   bool   // with text and card, they are all that playing the item needs
}

// wanted says what to store: of an item that is kept, what the program's own window plays of it; of another, what
// was played and is converted, and all the rest when the picture played is what the window plays.
func (e *Engine) wanted(t *title, j *fillJob) (wanted, error) {
	w := wanted{offer: t.offer(media.Client(e.viewer.Load()))}
	job := e.fill.look(j)
	w.all = job.kept
	if !job.kept && job.picture.Rendition != "" && job.picture.Rendition != plan.Original && len(w.offer.rungs) > 0 {
		w.all = w.offer.rungs[0].Name == job.picture.Rendition
	}
	if !job.kept && len(w.offer.rungs) == 0 {
		w.all = true // sound alone
	}
	for _, a := range w.offer.audio {
		w.all = w.all && (job.kept || a.name != plan.Original)
	}
	add := func(ref media.Ref, r rendition, bits int64) error {
		p, err := t.partOf(ref, r, bits)
		if err == nil {
			w.parts = append(w.parts, p)
		}
		return err
	}
	for _, a := range t.audio {
		ref := media.Ref{Item: j.item, Kind: media.Audio, Track: a.source.track.Index, Rendition: a.name}
		chosen := false
		for _, o := range w.offer.audio {
			chosen = chosen || o.name == a.name && o.source.track.Index == ref.Track
		}
		if w.all && chosen || !job.kept && job.sound[ref] && a.name != plan.Original {
			if err := add(ref, a.rendition, a.peak()); err != nil {
				return w, err
			}
		}
	}
	picture := job.picture.Rendition
	if job.kept && len(w.offer.rungs) > 0 {
		picture = w.offer.rungs[0].Name
	}
	for _, r := range t.rungs {
		if r.Name != picture || r.Passthrough && !job.kept {
			continue
		}
		average, _ := t.bandwidth(r)
		ref := media.Ref{Item: j.item, Kind: media.Video, Rendition: r.Name}
		if err := add(ref, t.video[r.Name], average); err != nil {
			return w, err
		}
	}
	return w, nil
}

// maxBarren is how many runs in a row may come to nothing before a job is given up for a while.
const maxBarren = 3

// complete makes what is missing of a part: from where the viewer is to the end, then what is before.
func (e *Engine) complete(ctx context.Context, t *title, j *fillJob, all []part, p part) error {
	for barren := 0; ; {
		from, to, ok := p.missing(e.cache, p.asked())
		e.fill.tell(j, func(s *share) {
			s.left = 0
			for _, x := range all {
				s.left += x.cost(x.left(e.cache))
			}
		})
		if !ok {
			return e.keepInit(ctx, j, p)
		}
		span := media.ToDuration(p.plan.Bounds[to]-p.plan.Bounds[from], p.plan.Timescale)
		if ok, err := e.cache.Room(j.item, p.bytes(span), e.fill.look(j).kept); err != nil || !ok {
			return errors.Join(err, errNoRoom)
		}
		if err := t.present(); err != nil {
			return err
		}
		made, err := e.fillOnce(ctx, j, p, from, to)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case made > 0:
			barren = 0
		case err == nil: // what it wanted to make was made by somebody else
		default:
			if barren++; barren >= maxBarren {
				return err
			}
		}
		if fault.CodeOf(err) == fault.DiskFull || errors.Is(err, errDropped) {
			return err
		}
	}
}

// fillOnce makes segments [from, to) in a slot of its own, and says how many it made. An error after the slot was
// wanted back is none.
func (e *Engine) fillOnce(ctx context.Context, j *fillJob, p part, from, to int) (made int, err error) {
	work, ticket, err := e.sched.background(ctx)
	if err != nil {
		return 0, err
	}
	defer ticket.release()
	began := time.Now()
	err = p.run(work, from, to, func(ctx context.Context, n int, data []byte) error {
		if err := e.putFilled(ctx, j, p.key, n, data); err != nil {
			return err
		}
		made++
		took, of := time.Since(began), p.cost(media.ToDuration(p.plan.Duration(n), p.plan.Timescale))
		began = time.Now()
		e.fill.tell(j, func(s *share) {
			s.left -= of
			s.made += of
			s.worked += took
		})
		return nil
	})
	if work.Err() != nil && ctx.Err() == nil {
		return made, nil
	}
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelDebug, "Fill ended", slog.String("item", j.item), slog.Int("segment", from),
			slog.Any("error", err))
	}
	return made, err
}

// keepInit keeps a part's init segment beside its segments.
func (e *Engine) keepInit(ctx context.Context, j *fillJob, p part) error {
	if e.cache.Has(p.key, initSegment) {
		return nil
	}
	data, err := p.init(ctx)
	if err != nil {
		return fmt.Errorf("make init segment: %w", err)
	}
	return e.putFilled(ctx, j, p.key, initSegment, data)
}
