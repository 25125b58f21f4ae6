package library

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

func eager(o *Options) { o.Idle = time.Millisecond }

func TestBackgroundWork(t *testing.T) {
	times := make(chan time.Duration, 10)
	r := newRig(t, eager, func(o *Options) {
		o.Posters = posterFunc(func(_ media.Source, at time.Duration) ([]byte, error) {
			times <- at
			return []byte("\xff\xd8jpeg"), nil
		})
	})
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	it := r.until(t, id, func(it media.Item) bool { return it.TriesLeft == 0 })
	want := fmt.Sprintf("%x", sha256.Sum256([]byte("\x00\x00\x00\x00\x00\x00\x00\x05VIDEOVIDEO")))
	if it.Fingerprint != want || !it.HasPoster {
		t.Errorf("item %+v", it)
	}
	if at := <-times; at != 6*time.Second || len(times) != 0 {
		t.Errorf("poster at %v, then %d more", at, len(times))
	}
	if b, err := r.Poster(t.Context(), id); err != nil || string(b) != "\xff\xd8jpeg" {
		t.Errorf("poster %q, %v", b, err)
	}
	for _, name := range []string{"nobody", "../library", ""} {
		if _, err := r.Poster(t.Context(), name); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("poster of %q: %v", name, err)
		}
	}
}

func TestBackgroundWorkIsTriedTwice(t *testing.T) {
	times := make(chan time.Duration, 10)
	r := newRig(t, eager, func(o *Options) {
		o.Posters = posterFunc(func(_ media.Source, at time.Duration) ([]byte, error) {
			times <- at
			return nil, errors.New("no frame there")
		})
	})
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	it := r.until(t, id, func(it media.Item) bool { return it.TriesLeft == 0 })
	if it.HasPoster || it.Fingerprint == "" || it.State() != media.StateLinked {
		t.Errorf("item %+v", it)
	}
	if a, b := <-times, <-times; a != 6*time.Second || b != 0 || len(times) != 0 {
		t.Errorf("tried at %v and %v, then %d more", a, b, len(times))
	}
}

func TestBackgroundWorkSurvivesAPanic(t *testing.T) {
	r := newRig(t, eager, func(o *Options) {
		o.Posters = posterFunc(func(media.Source, time.Duration) ([]byte, error) { panic("odd frame") })
	})
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	r.until(t, id, func(it media.Item) bool { return it.TriesLeft == 0 })
}

func TestBackgroundWorkGoesOnAfterARestart(t *testing.T) {
	r := newRig(t) // its background work never begins
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r.item(t, id).TriesLeft != 2 {
		t.Fatalf("item %+v", r.item(t, id))
	}
	stray := filepath.Join(r.o.Dir, "posters", "gone.jpg")
	if err := writeFile(stray, []byte("x")); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Idle = time.Millisecond
	r.Library = New(o)
	r.until(t, id, func(it media.Item) bool { return it.Fingerprint != "" })
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("stray poster: %v", err)
	}
}

func TestRemovedWhileAPosterIsDrawn(t *testing.T) {
	var r *rig
	id := ""
	r = newRig(t, func(o *Options) {
		o.Posters = posterFunc(func(media.Source, time.Duration) ([]byte, error) {
			_, err := r.Remove(t.Context(), []string{id})
			return []byte("jpeg"), err
		})
	})
	it := r.one(t, r.file(t, "a.mp4", "VIDEO"))
	id = it.ItemID
	if !r.finish(t.Context(), &it) {
		t.Error("not done with")
	}
	if _, err := os.Stat(r.posterPath(id)); !os.IsNotExist(err) {
		t.Errorf("poster: %v", err)
	}
}

func TestNewContentGetsANewPoster(t *testing.T) {
	var mu sync.Mutex
	drawn := ""
	r := newRig(t, eager, func(o *Options) {
		o.Posters = posterFunc(func(src media.Source, _ time.Duration) ([]byte, error) {
			b, err := os.ReadFile(src.Path)
			mu.Lock()
			drawn = string(b)
			mu.Unlock()
			return b, err
		})
	})
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	before := r.until(t, id, func(it media.Item) bool { return it.HasPoster })
	r.file(t, "a.mp4", "VIDEO anew")
	if _, err := r.Source(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	after := r.until(t, id, func(it media.Item) bool { return it.HasPoster && it.TriesLeft == 0 })
	mu.Lock()
	defer mu.Unlock()
	if drawn != "VIDEO anew" || before.Fingerprint == after.Fingerprint {
		t.Errorf("drawn %q", drawn)
	}
}

func TestWorkerWaitsForAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(2 * time.Second)
		start := time.Now()
		w.begin()
		go func() {
			<-time.After(5 * time.Second) // on the bubble's clock
			w.end()
			<-time.After(time.Second)
			w.touch()
		}()
		if !w.quiet(t.Context()) {
			t.Error("not quiet")
		}
		if d := time.Since(start); d < 8*time.Second || d > 10*time.Second {
			t.Errorf("began after %v, want 2 s after the last touch at 6 s", d)
		}
	})
}

func TestRefinedProbeIsMerged(t *testing.T) {
	r := newRig(t)
	r.engine.refined = make(chan media.Probe, 1)
	id := r.one(t, r.file(t, "a.mp4", "VIDEO")).ItemID
	fuller := media.Probe{
		Container: media.MP4, Duration: time.Hour, Title: "The Real Name", BitRate: 1000,
		Tracks: []media.Track{
			{Index: 0, Kind: media.Video, Codec: media.H264, Video: media.VideoFormat{
				Width: 320, Height: 180, PixelFormat: "yuv420p",
			}},
			{Index: 1, Kind: media.Audio, Codec: media.AAC, Language: "de"},
		},
	}
	r.engine.refined <- fuller
	close(r.engine.refined)
	it := r.until(t, id, func(it media.Item) bool { return it.Title == "The Real Name" })
	if it.Duration != time.Minute || len(it.Probe.Tracks) != 2 || it.Width != 320 ||
		it.Probe.Tracks[0].CodecString != "avc1.64001f" || it.Probe.Tracks[0].Video.PixelFormat != "yuv420p" {
		t.Errorf("item %+v", it)
	}
}

func TestRefinedProbeOfOldContentIsDropped(t *testing.T) {
	r := newRig(t)
	r.engine.refined = make(chan media.Probe, 1)
	path := r.file(t, "a.mp4", "VIDEO")
	id := r.one(t, path).ItemID
	promised := r.engine.refined
	r.engine.mu.Lock()
	r.engine.refined = nil
	r.engine.mu.Unlock()
	r.file(t, "a.mp4", "VIDEO anew")
	if _, err := r.Source(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	src := r.item(t, id).Source
	src.SizeBytes = 5
	r.record(t.Context(), src, &media.Probe{Title: "Old Name"})
	close(promised)
	if it := r.item(t, id); it.Title != "a" {
		t.Errorf("title %q", it.Title)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	r := newRig(t)
	r.engine.refined = make(chan media.Probe) // never comes
	path := r.file(t, "a.mp4", "VIDEO")
	r.one(t, path)
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	r.one(t, r.file(t, "b.mp4", "VIDEO")) // late, but whole; goleak looks after what it left running
}

// TestBackgroundMakesWay: work that must make way is done later, and the try does not count.
func TestBackgroundMakesWay(t *testing.T) {
	var turns, tries atomic.Int32
	r := newRig(t, eager, func(o *Options) {
		o.Background = func(ctx context.Context) (context.Context, func(), error) {
			work, cancel := context.WithCancel(ctx)
			if turns.Add(1) == 1 {
				cancel()
			}
			return work, cancel, nil
		}
		o.Posters = posterFunc(func(media.Source, time.Duration) ([]byte, error) {
			if tries.Add(1) == 1 {
				return nil, context.Canceled
			}
			return []byte("\xff\xd8jpeg"), nil
		})
	})
	id := r.one(t, r.file(t, "a.mkv", "VIDEO")).ItemID
	it := r.until(t, id, func(it media.Item) bool { return it.TriesLeft < backgroundTries })
	if it.TriesLeft != 0 || !it.HasPoster || turns.Load() != 2 {
		t.Errorf("%d tries left, poster %t, after %d turns", it.TriesLeft, it.HasPoster, turns.Load())
	}
}
