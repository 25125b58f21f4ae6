package stream

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dropstream/backend/cache"
	"dropstream/backend/fault"
	"dropstream/backend/ffmpeg"
	"dropstream/backend/m3u8"
	"dropstream/backend/media"
	"dropstream/backend/store"
)

// fillRig is an engine that fills, with a real library's database behind it.
type fillRig struct {
	*Engine

	cache  *cache.Cache
	src    media.Source
	stored chan bool
	fill   bool
}

// newFillRig opens the engine on a data folder; what was there before is taken up.
func newFillRig(t *testing.T, dir string, src media.Source, budget int64, fill bool) *fillRig {
	t.Helper()
	tools, err := ffmpeg.Find(t.Context(), ffmpeg.FindOptions{Getenv: os.Getenv})
	if err != nil {
		t.Skipf("ffmpeg is not here: %v", err)
	}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
	db, _, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "library.db"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddItem(t.Context(), media.Item{Source: src, PlayedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	r := &fillRig{src: src, stored: make(chan bool, 100), fill: fill}
	r.cache, err = cache.Open(t.Context(), filepath.Join(dir, "cache"), cache.Options{
		BudgetBytes: budget, Log: log, OnEvict: func(title string) { r.Evicted(title) },
	})
	if err != nil {
		t.Fatal(err)
	}
	source := func(context.Context, string) (media.Source, error) {
		st, err := os.Stat(src.Path)
		if err != nil || !st.ModTime().Equal(src.ModTime) {
			return media.Source{}, fault.New(fault.Missing, "The original is not where it was.")
		}
		return src, nil
	}
	r.Engine = New(Options{
		Tools: tools, Cache: r.cache, Log: log, Source: source, Artifacts: db, Fill: func() bool { return r.fill },
		OnStored: func(_ string, stored bool) { r.stored <- stored },
	})
	t.Cleanup(func() { r.shut(t); _ = db.Close() })
	return r
}

func (r *fillRig) shut(t *testing.T) {
	t.Helper()
	r.Close()
	if err := r.cache.Close(); err != nil {
		t.Error(err)
	}
}

// await waits until the item is stored.
func (r *fillRig) await(t *testing.T) {
	t.Helper()
	select {
	case stored := <-r.stored:
		if !stored {
			t.Fatal("stored no more")
		}
	case <-time.After(4 * time.Minute):
		p, ok := r.Progress(r.src.ItemID)
		t.Fatalf("not stored: %+v %v", p, ok)
	}
}

// everything fetches all that playing the item needs, through the names that its playlists give.
func (r *fillRig) everything(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	b, err := r.Multivariant(t.Context(), r.src.ItemID, 0)
	if err != nil {
		t.Fatal(err)
	}
	all["multivariant"] = b
	m, wrong := m3u8.ParseMultivariant(b)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	uris := append(make([]string, 0, 1+len(m.Renditions)), m.Variants[0].URI)
	for _, x := range m.Renditions {
		uris = append(uris, x.URI)
	}
	for _, uri := range uris {
		f := strings.Split(uri, "/")
		ref := media.Ref{Item: r.src.ItemID}
		switch f[0] {
		case "v":
			ref.Kind, ref.Rendition, ref.Plan = media.Video, f[1], f[2]
		case "a":
			ref.Kind, ref.Track, ref.Rendition, ref.Plan = media.Audio, int(f[1][0]-'0'), f[2], f[3]
		case "t":
			ref.Kind, ref.Track, ref.Rendition = media.Text, int(f[1][0]-'0'), "vtt"
		}
		list, err := r.Playlist(t.Context(), ref)
		if err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		all[uri] = list
		if ref.Kind != media.Text {
			if all[uri+" init"], err = r.Init(t.Context(), ref); err != nil {
				t.Fatalf("%s: init: %v", uri, err)
			}
		}
		for n := range bytes.Count(list, []byte("#EXTINF")) {
			data, err := r.Segment(t.Context(), ref, n)
			if err != nil {
				t.Fatalf("%s: segment %d: %v", uri, n, err)
			}
			all[uri] = append(all[uri], data...)
		}
	}
	return all
}

func same(t *testing.T, before, after map[string][]byte) {
	t.Helper()
	for name, want := range before {
		if !bytes.Equal(want, after[name]) {
			t.Errorf("%s differs: %d bytes, then %d", name, len(want), len(after[name]))
		}
	}
}

// converted is a clip whose picture and sound have to be converted, with text.
func converted(t *testing.T, seconds string) media.Source {
	t.Helper()
	srt := filepath.Join(t.TempDir(), "text.srt")
	if err := os.WriteFile(srt, []byte("1\n00:00:01,000 --> 00:00:03,000\nHello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return clip(t, "converted.mkv",
		"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d="+seconds+",noise=alls=20:allf=t",
		"-f", "lavfi", "-i", "sine=f=440:r=48000:d="+seconds, "-i", srt,
		"-c:v", "mpeg4", "-g", "25", "-c:a", "pcm_s16le", "-c:s", "subrip")
}

// play asks for a segment of the picture and one of the sound, as a viewer does.
func (r *fillRig) play(t *testing.T, n int) {
	t.Helper()
	ti, release, err := r.title(t.Context(), r.src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	o := ti.offer(0)
	for ref, x := range map[media.Ref]rendition{
		{Item: r.src.ItemID, Kind: media.Video, Rendition: o.rungs[0].Name}: ti.video[o.rungs[0].Name],
		{
			Item: r.src.ItemID, Kind: media.Audio, Track: o.audio[0].source.track.Index, Rendition: o.audio[0].name,
		}: o.audio[0].rendition,
	} {
		p, err := x.Plan()
		if err != nil {
			t.Fatal(err)
		}
		ref.Plan = p.Hash
		if _, err := r.Segment(t.Context(), ref, min(n, p.Len()-1)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPlayedItemsAreStored: what a viewer plays converted is filled from there on, all of it; then it plays with its
// source gone, through the same names, the same bytes.
func TestPlayedItemsAreStored(t *testing.T) {
	src := converted(t, "24")
	r := newFillRig(t, t.TempDir(), src, 1<<30, true)
	r.play(t, 5)
	r.await(t)
	before := r.everything(t)
	ti, release, err := r.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	if n, want := frames(t, whole(t, ti.video[ti.rungs[0].Name]), "v:0"), sourceFrames(t, src.Path); n != want {
		t.Errorf("%d frames of %d", n, want)
	}
	release()
	if _, ok := r.Progress(src.ItemID); ok {
		t.Error("progress is shown of an item that nobody asked to keep")
	}
	// Another version of the encoder takes what is stored.
	tools := *r.tools
	tools.Version += " of tomorrow"
	r.tools = &tools
	r.drop(src.ItemID)
	same(t, before, r.everything(t))
	if r.Heads() > 0 {
		t.Errorf("%d heads run although all is stored", r.Heads())
	}
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	r.drop(src.ItemID)
	same(t, before, r.everything(t))
	if !bytes.Contains(before["multivariant"], []byte("SUBTITLES")) {
		t.Errorf("no text: %s", before["multivariant"])
	}
	if got := r.everything(t)["t/2/media.m3u8"]; !bytes.Contains(got, []byte("Hello")) {
		t.Errorf("text: %s", got)
	}
}

// TestKeepAnItemThatIsPassedThrough: its own samples are cut, or remuxed, into the cache.
func TestKeepAnItemThatIsPassedThrough(t *testing.T) {
	for _, name := range []string{"kept.mp4", "kept.ts"} {
		t.Run(name, func(t *testing.T) {
			keepPassedThrough(t, clip(t, name, append([]string{
				"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=20", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=20",
				"-c:a", "aac",
			}, x264...)...))
		})
	}
}

func keepPassedThrough(t *testing.T, src media.Source) {
	t.Helper()
	r := newFillRig(t, t.TempDir(), src, 1<<30, false)
	r.play(t, 0)
	before := r.everything(t)
	if err := r.Keep(t.Context(), src.ItemID); err != nil {
		t.Fatal(err)
	}
	r.await(t)
	same(t, before, r.everything(t))
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	r.drop(src.ItemID)
	after := r.everything(t)
	delete(before, "multivariant") // the rungs that were not stored are gone
	same(t, before, after)
	if m, _ := m3u8.ParseMultivariant(after["multivariant"]); len(m.Variants) != 1 {
		t.Errorf("offered without the source: %s", after["multivariant"])
	}
	// Not even a budget of nothing takes it.
	if err := r.cache.SetBudget(0, 0); err != nil {
		t.Fatal(err)
	}
	r.everything(t)
	r.Unkeep(src.ItemID)
	if err := r.cache.SetBudget(1, 0); err != nil {
		t.Fatal(err)
	}
	if stored := <-r.stored; stored {
		t.Error("stored although it was given up")
	}
	r.drop(src.ItemID)
	r.recent.forget(src.ItemID)
	if _, err := r.Multivariant(t.Context(), src.ItemID, 0); fault.CodeOf(err) != fault.Missing {
		t.Errorf("given up, and without its source: %v", err)
	}
}

func TestKeepIsRefusedWithoutRoom(t *testing.T) {
	r := newFillRig(t, t.TempDir(), converted(t, "30"), 1<<20, false)
	err := r.Keep(t.Context(), r.src.ItemID)
	if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(fault.MessageOf(err), "MB") {
		t.Errorf("kept: %v", err)
	}
}

// TestFillEndsAtTheBudget: and what the viewer has stays.
func TestFillEndsAtTheBudget(t *testing.T) {
	r := newFillRig(t, t.TempDir(), converted(t, "60"), 2<<20, true)
	r.play(t, 0)
	deadline := time.After(2 * time.Minute)
	for {
		r.Engine.fill.mu.Lock()
		j := r.Engine.fill.jobs[r.src.ItemID]
		stopped := j != nil && fault.CodeOf(j.problem) == fault.DiskFull
		changed := r.Engine.fill.changed
		r.Engine.fill.mu.Unlock()
		if stopped {
			break
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatal("it goes on")
		}
	}
	if used := r.cache.UsedBytes(); used > 2<<20 {
		t.Errorf("%d bytes are used", used)
	}
}

// TestFillGoesOnAfterARestart: what was made stays, what was not comes, and nothing is made twice.
func TestFillGoesOnAfterARestart(t *testing.T) {
	dir, src := t.TempDir(), converted(t, "40")
	r := newFillRig(t, dir, src, 1<<30, true)
	r.play(t, 2)
	ti, release, err := r.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	key := feedOf(ti.video[ti.rungs[0].Name]).key
	release()
	deadline := time.Now().Add(2 * time.Minute)
	for len(r.cache.Present(key)) < 8 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // looks how far another is
	}
	r.shut(t)
	again := newFillRig(t, dir, src, 1<<30, true)
	had := again.cache.Present(key)
	if len(had) < 8 {
		t.Fatalf("%d segments are left", len(had))
	}
	again.Resume(t.Context(), nil, []media.Item{{Source: src, PlayedAt: time.Now()}})
	again.await(t)
	if !slices.IsSorted(had) || len(again.cache.Present(key)) <= len(had) {
		t.Errorf("%d segments before, %d after", len(had), len(again.cache.Present(key)))
	}
	again.everything(t)
}

func TestCardsThatAreNoGood(t *testing.T) {
	c := &card{Total: 1, Scale: 1, Audio: []cardAudio{{cardPart: cardPart{}}}}
	c.Audio[0].Plan.Timescale, c.Audio[0].Plan.Bounds = 1, []media.Ticks{0, 5}
	good, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeCard(good); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1
		if _, err := decodeCard(bad); err == nil {
			t.Errorf("byte %d changed, and nobody minds", i)
		}
	}
	for n := range good {
		if _, err := decodeCard(good[:n]); err == nil {
			t.Errorf("cut to %d bytes, and nobody minds", n)
		}
	}
	c.Audio[0].Plan.Bounds = []media.Ticks{0, 5, 5}
	if b, err := c.encode(); err != nil {
		t.Fatal(err)
	} else if _, err := decodeCard(b); err == nil {
		t.Error("an empty segment is taken")
	}
}

// TestImagesOfSubtitlesAreStored: they are drawn the same when the source is gone.
func TestImagesOfSubtitlesAreStored(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(mediaFolder(t), "sample_with_pgs_subtitles.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pgs.mkv")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newFillRig(t, t.TempDir(), sourceOf(t, path), 1<<30, false)
	images := func() (all []string) {
		x, err := r.Extras(t.Context(), r.src.ItemID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range x.Subtitles {
			if s.Drawing != media.DrawnAsImage {
				continue
			}
			for n := range x.Segments {
				ref := media.Ref{Item: r.src.ItemID, Kind: media.Text, Track: s.Index, Rendition: "json"}
				data, err := r.Segment(t.Context(), ref, n)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, string(data))
			}
		}
		return all
	}
	before := images()
	if err := r.Keep(t.Context(), r.src.ItemID); err != nil {
		t.Fatal(err)
	}
	r.await(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.drop(r.src.ItemID)
	if after := images(); len(before) == 0 || !slices.Equal(before, after) {
		t.Errorf("%d segments of images before, %d after, or others", len(before), len(after))
	}
}

// TestWhatIsPlayedWhileOthersAreFilledIsFilledToo: what is asked for first is begun at once, and what is asked for
// after that is not forgotten.
func TestWhatIsPlayedWhileOthersAreFilledIsFilledToo(t *testing.T) {
	f := newFiller(&Engine{}, Options{Fill: func() bool { return true }})
	sound := media.Ref{Item: "a", Kind: media.Audio, Track: 1, Rendition: "aac"}
	picture := media.Ref{Item: "a", Kind: media.Video, Rendition: "720p"}
	f.seen(sound)
	f.mu.Lock()
	j, _ := f.next(time.Now())
	j.running, j.more = true, false // as work begins it
	f.mu.Unlock()
	f.seen(picture)
	f.ended(t.Context(), j, nil)
	if again, _ := f.next(time.Now()); again != j {
		t.Error("the picture is forgotten")
	}
	j.running, j.more = true, false
	f.seen(picture)
	f.seen(sound)
	f.ended(t.Context(), j, nil)
	if again, _ := f.next(time.Now()); again != nil {
		t.Error("it is begun again although all is done")
	}
}
