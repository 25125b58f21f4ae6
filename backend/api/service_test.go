package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dropstream/backend/fault"
	"dropstream/backend/library"
	"dropstream/backend/media"
	"dropstream/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine prepares every file as a minute of picture and sound; what a file says in words happens.
type engine struct{}

func (engine) Prepare(_ context.Context, src media.Source) (media.Assessment, error) {
	b, err := os.ReadFile(src.Path)
	if err != nil {
		return media.Assessment{}, err
	}
	switch {
	case strings.Contains(string(b), "damaged"):
		return media.Assessment{}, fault.New(fault.Damaged, "This video is damaged.")
	case strings.Contains(string(b), "internal"):
		return media.Assessment{}, errors.New("secret " + src.Path)
	}
	return media.Assessment{Plays: media.Converted, Why: "HEVC is converted.", Probe: media.Probe{
		Duration: 10 * time.Minute, Tracks: []media.Track{
			{Index: 0, Kind: media.Video, Codec: media.HEVC, Default: true, Video: media.VideoFormat{
				Width: 1920, Height: 1080, FrameRate: media.Rational{Num: 24000, Den: 1001}, Transfer: "smpte2084",
			}},
			{Index: 1, Kind: media.Audio, Codec: media.EAC3, Language: "de", Title: "Ton\xff", Audio: media.AudioFormat{
				SampleRate: 44100, Channels: 6, Layout: "5.1(side)",
			}},
			{Index: 2, Kind: media.Video, Codec: "mjpeg", Picture: true},
			{Index: 3, Kind: media.Other},
		},
	}}, nil
}

func (engine) Forget(context.Context, string) error { return nil }
func (engine) UsedBytes() int64                     { return 42 }
func (engine) Keep(context.Context, string) error   { return nil }
func (engine) Unkeep(string)                        {}

// rig is a service on a real library and database.
type rig struct {
	*Service
	lib   *library.Library
	files string
	log   *bytes.Buffer
}

func newRig(t *testing.T, options ...func(*Options)) *rig {
	t.Helper()
	r := &rig{files: t.TempDir(), log: &bytes.Buffer{}}
	dir := t.TempDir()
	st, _, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "library.db")})
	if err != nil {
		t.Fatal(err)
	}
	r.lib = library.New(library.Options{
		Store: st, Engine: engine{}, Dir: dir, Idle: time.Hour,
		Sniff: func(rd io.ReaderAt, _ int64) (media.Container, error) {
			b := make([]byte, 5)
			if n, _ := rd.ReadAt(b, 0); string(b[:n]) != "VIDEO" {
				return "", fault.New(fault.NotVideo, "This is a text, not a video file.")
			}
			return media.Matroska, nil
		},
		OnChange:  func(id string) { r.ItemChanged(id) },
		OnRemoved: func(id string) { r.ItemRemoved(id) },
	})
	t.Cleanup(func() {
		if err := errors.Join(r.lib.Close(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	o := Options{
		Library:   r.lib,
		URLs:      func(id string) (string, string) { return "http://x/" + id + ".m3u8", "http://x/" + id + ".jpg" },
		ForClient: func(url string, c media.Client) string { return url + "?" + c.String() },
		Deliveries: func(_ context.Context, id string, c media.Client) ([]media.TrackDelivery, error) {
			return []media.TrackDelivery{{Kind: media.Video, Passthrough: c != 0, Why: "For " + id + "."}}, nil
		},
		Doctor:     func(context.Context) Report { return Report{Version: "1"} },
		SamplePath: filepath.Join(dir, "sample", "Sample.mp4"),
		Log:        slog.New(slog.NewJSONHandler(&lockedWriter{w: r.log}, nil)),
	}
	for _, f := range options {
		f(&o)
	}
	r.Service = New(o)
	return r
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (r *rig) file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(r.files, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *rig) add(t *testing.T, paths ...string) []Added {
	t.Helper()
	res, err := r.Add(t.Context(), AddRequest{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return res.Added
}

func TestAddGivesTheWholeItem(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a \xff.mkv", "VIDEO")
	got := r.add(t, path)[0]
	shown := filepath.Join(r.files, "a \uFFFD.mkv")
	if got.Item == nil {
		t.Fatalf("added %+v", got)
	}
	want := Added{Path: shown, Name: "a \uFFFD.mkv", New: true, Item: &Item{
		ID: got.Item.ID, Title: "a \uFFFD", Path: shown, FileName: "a \uFFFD.mkv", Container: "Matroska",
		DurationMS: 600_000, SizeBytes: 5, Width: 1920, Height: 1080, State: StateLinked, Plays: PlaysConverted,
		Why: "HEVC is converted.", Tracks: []Track{
			{Kind: "video", Codec: "HEVC", Detail: "1920×1080 · 23.98 fps · HDR", Default: true},
			{Kind: "audio", Codec: "Dolby Digital Plus", Language: "de", Title: "Ton\uFFFD", Detail: "5.1 · 44.1 kHz"},
		},
		URL: "http://x/" + got.Item.ID + ".m3u8", AddedAt: got.Item.AddedAt,
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("added (-want +got):\n%s", d)
	}
	if _, err := time.Parse(time.RFC3339, got.Item.AddedAt); err != nil {
		t.Error(err)
	}
	item, err := r.Item(t.Context(), ItemRequest{ID: got.Item.ID})
	if d := cmp.Diff(*want.Item, item); err != nil || d != "" {
		t.Errorf("read back: %v\n%s", err, d)
	}
}

func TestAddTellsProblemsBesideItems(t *testing.T) {
	r := newRig(t)
	text, damaged := r.file(t, "a.txt", "no"), r.file(t, "b.mkv", "VIDEO damaged")
	added := r.add(t, text, damaged, r.file(t, "c.mkv", "VIDEO internal"))
	if p := added[0].Problem; p == nil || p.Code != "not_video" || added[0].Item != nil {
		t.Errorf("text: %+v", added[0])
	}
	if it := added[1].Item; it == nil || it.State != StateFailed || it.Problem.Code != "damaged" ||
		it.Problem.Message != "This video is damaged." || added[1].Problem != nil {
		t.Errorf("damaged: %+v", added[1])
	}
	p := added[2].Problem
	if p == nil || p.Code != "internal" || strings.Contains(p.Message, "secret") {
		t.Errorf("internal: %+v", p)
	}
	if !strings.Contains(r.log.String(), "secret") {
		t.Error("the cause is not in the log")
	}
}

func TestAddPaths(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a b%.mkv", "VIDEO")
	for _, c := range []struct {
		name string
		req  AddRequest
		want fault.Code
	}{
		{"absolute", AddRequest{Paths: []string{path}}, ""},
		{"relative to a folder", AddRequest{Paths: []string{"a b%.mkv"}, Dir: r.files}, ""},
		{"address", AddRequest{Paths: []string{"file://" + filepath.ToSlash(r.files) + "/a%20b%25.mkv"}}, ""},
		{"relative to nothing", AddRequest{Paths: []string{"a.mkv"}}, fault.Invalid},
		{"none", AddRequest{}, fault.Invalid},
		{"empty", AddRequest{Paths: []string{""}}, fault.Invalid},
		{"zero byte", AddRequest{Paths: []string{"/a\x00b"}}, fault.Invalid},
		{"too many", AddRequest{Paths: make([]string, maxPaths+1)}, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, err := r.Add(t.Context(), c.req)
			if fault.CodeOf(err) != c.want || (err == nil && (len(res.Added) != 1 || res.Added[0].Item == nil)) {
				t.Errorf("got %+v, %v", res, err)
			}
		})
	}
}

func TestItemsPages(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"one.mkv", "two.mkv", "three.mkv"} {
		r.add(t, r.file(t, name, "VIDEO"))
	}
	page, err := r.Items(t.Context(), ItemsRequest{Offset: 1, Limit: 1})
	if err != nil || page.Total != 3 || page.UsedBytes != 42 || len(page.Items) != 1 || page.Items[0].Title != "two" {
		t.Errorf("page %+v, %v", page, err)
	}
	page, err = r.Items(t.Context(), ItemsRequest{Query: "nothing"})
	if err != nil || page.Items == nil || len(page.Items) != 0 {
		t.Errorf("nothing: %+v, %v", page, err)
	}
	for _, bad := range []ItemsRequest{{Offset: -1}, {Limit: -1}, {Limit: 501}} {
		if _, err := r.Items(t.Context(), bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestPlayResumes(t *testing.T) {
	r := newRig(t)
	path := r.file(t, "a.mkv", "VIDEO")
	id := r.add(t, path)[0].Item.ID
	if _, err := r.SavePosition(t.Context(), PositionRequest{ID: id, PositionMS: 90_500}); err != nil {
		t.Fatal(err)
	}
	p, err := r.Play(t.Context(), PlayRequest{ID: id})
	if err != nil || p.PositionMS != 90_500 || p.URL != p.Item.URL+"?" || p.Item.URL == "" || p.Item.PlayedAt == "" {
		t.Errorf("playback %+v, %v", p, err)
	}
	if _, err := r.SavePosition(t.Context(), PositionRequest{ID: id, PositionMS: 575_000}); err != nil {
		t.Fatal(err)
	}
	deliveries := []Delivery{{Kind: "video", Text: "For " + id + "."}}
	if diff := cmp.Diff(deliveries, p.Deliveries); diff != "" {
		t.Error(diff)
	}
	p, err = r.Play(t.Context(), PlayRequest{ID: id, Client: &Client{Types: map[string]bool{
		`audio/mp4; codecs="opus"`: true, `video/mp4; codecs="hvc1.1.6.L120.B0"`: true, "made up": true, "hdr": false,
	}}})
	if err != nil || p.URL != p.Item.URL+"?hevc.opus" || !p.Deliveries[0].Passthrough {
		t.Errorf("for a player that says more: %+v, %v", p, err)
	}
	if p, err = r.Play(t.Context(), PlayRequest{ID: id}); err != nil || p.PositionMS != 0 {
		t.Errorf("watched: %+v, %v", p, err)
	}
	for _, bad := range []int64{-1, math.MaxInt64} {
		_, err := r.SavePosition(t.Context(), PositionRequest{ID: id, PositionMS: bad})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%d: %v", bad, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Play(t.Context(), PlayRequest{ID: id}); fault.CodeOf(err) != fault.Missing {
		t.Errorf("missing: %v", err)
	}
	if it, err := r.Item(t.Context(), ItemRequest{ID: id}); err != nil || it.State != StateMissing {
		t.Errorf("item %+v, %v", it, err)
	}
	if _, err := r.Play(t.Context(), PlayRequest{ID: "nobody"}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown: %v", err)
	}
}

func TestResumeAt(t *testing.T) {
	for _, c := range []struct {
		name               string
		position, duration time.Duration
		want               time.Duration
	}{
		{"middle", time.Minute, time.Hour, time.Minute},
		{"last twentieth", 57 * time.Minute, time.Hour, 0},
		{"just before it", 57*time.Minute - 1, time.Hour, 57*time.Minute - 1},
		{"last 30 seconds", 91 * time.Second, 2 * time.Minute, 0},
		{"short clip, first half", 4 * time.Second, 10 * time.Second, 4 * time.Second},
		{"short clip, second half", 5 * time.Second, 10 * time.Second, 0},
		{"unknown length", time.Hour, 0, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := resumeAt(c.position, c.duration); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	events := r.Subscribe(ctx)
	id := r.add(t, r.file(t, "a.mkv", "VIDEO"))[0].Item.ID
	if e := <-events; e.Kind != EventItem || e.Item == nil || e.Item.ID != id || e.Seq != 1 {
		t.Errorf("event %+v", e)
	}
	if res, err := r.Remove(t.Context(), RemoveRequest{IDs: []string{id, "nobody"}}); err != nil || res.Removed != 1 {
		t.Errorf("removed %+v, %v", res, err)
	}
	if e := <-events; e.Kind != EventRemoved || e.ID != id || e.Seq != 2 {
		t.Errorf("event %+v", e)
	}
	cancel()
	if _, open := <-events; open {
		t.Error("an event after the end")
	}
}

func TestSlowSubscribersLoseEventsAndSeeTheGap(t *testing.T) {
	r := newRig(t)
	slow, quick := r.Subscribe(t.Context()), r.Subscribe(t.Context())
	var last uint64
	for range eventBuffer + 10 {
		r.ItemRemoved("x")
		e := <-quick
		if e.Seq != last+1 {
			t.Fatalf("the quick one got %d after %d", e.Seq, last)
		}
		last = e.Seq
	}
	last = 0
	for range eventBuffer {
		last = (<-slow).Seq
	}
	if last != eventBuffer {
		t.Errorf("the slow one got up to %d", last)
	}
	r.ItemRemoved("x")
	if e := <-slow; e.Seq != eventBuffer+11 {
		t.Errorf("after the gap: %d", e.Seq)
	}
}

func TestSubscribersAreBounded(t *testing.T) {
	r := newRig(t)
	for range maxSubscribers {
		r.Subscribe(t.Context())
	}
	if _, ok := <-r.Subscribe(t.Context()); ok {
		t.Error("one too many was let in")
	}
}

func TestOpenBeforeAndAfterThePageIsReady(t *testing.T) {
	r := newRig(t)
	events := r.Subscribe(t.Context()) // the shell listens before the page does
	a, b := r.file(t, "a.mkv", "VIDEO"), r.file(t, "b.txt", "no")
	if _, err := r.Open(t.Context(), AddRequest{Paths: []string{a, b}}); err != nil {
		t.Fatal(err)
	}
	res, err := r.Pending(t.Context())
	if err != nil || len(res.Added) != 2 || res.Added[0].Item == nil || res.Added[1].Problem == nil {
		t.Errorf("pending %+v, %v", res, err)
	}
	if res, err = r.Pending(t.Context()); err != nil || res.Added == nil || len(res.Added) != 0 {
		t.Errorf("taken twice: %+v, %v", res, err)
	}
	if e := <-events; e.Kind != EventItem {
		t.Errorf("event %+v", e)
	}
	out, err := r.Open(t.Context(), AddRequest{Paths: []string{a, b}})
	if err != nil || len(out.Added) != 2 {
		t.Fatalf("open %+v, %v", out, err)
	}
	// The first at once, then the rest.
	for i := range 2 {
		e := <-events
		if e.Kind != EventAdded || len(e.Added) != 1 || !cmp.Equal(e.Added[0], out.Added[i]) {
			t.Errorf("event %+v", e)
		}
	}
}

func TestPendingIsBounded(t *testing.T) {
	var p pending
	for range 3 {
		p.deliver(make([]Added, maxPending/2), func([]Added) { t.Error("no page is there") })
	}
	if n := len(p.take()); n != maxPending {
		t.Errorf("%d kept", n)
	}
}

func TestSample(t *testing.T) {
	made := 0
	content := "VIDEO"
	r := newRig(t, func(o *Options) {
		o.MakeSample = func(_ context.Context, path string) error {
			made++
			if filepath.Ext(path) != ".mp4" {
				t.Errorf("made as %s", path)
			}
			return os.WriteFile(path, []byte(content), 0o600)
		}
	})
	first, err := r.Sample(t.Context())
	if err != nil || len(first.Added) != 1 || first.Added[0].Item == nil || first.Added[0].Item.Title != "Sample" {
		t.Fatalf("sample %+v, %v", first, err)
	}
	second, err := r.Sample(t.Context())
	if err != nil || made != 1 || second.Added[0].New || second.Added[0].Item.ID != first.Added[0].Item.ID {
		t.Errorf("again %+v, %v, made %d times", second, err, made)
	}
	if err := os.WriteFile(r.o.SamplePath, []byte("rotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	third, err := r.Sample(t.Context())
	if err != nil || made != 2 || third.Added[0].Item == nil {
		t.Errorf("mended %+v, %v, made %d times", third, err, made)
	}
}

func TestSampleThatCannotBeMade(t *testing.T) {
	want := fault.New(fault.Unavailable, "ffmpeg is not installed.")
	r := newRig(t, func(o *Options) {
		o.MakeSample = func(_ context.Context, path string) error {
			return errors.Join(os.WriteFile(path, []byte("half"), 0o600), want)
		}
	})
	if _, err := r.Sample(t.Context()); ProblemOf(err) != (Problem{Code: "unavailable", Message: want.Message}) {
		t.Errorf("error %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(r.o.SamplePath))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestReportClient(t *testing.T) {
	const h264, aac = `video/mp4; codecs="avc1.64001f"`, `audio/mp4; codecs="mp4a.40.2"`
	for _, c := range []struct {
		name   string
		client Client
		os     string
		says   []string // nil: no problem
	}{
		{"both", Client{Window: true, Types: map[string]bool{h264: true, aac: true}}, "linux", nil},
		{"a browser's own affair", Client{Types: map[string]bool{h264: false}}, "linux", nil},
		{"neither", Client{Window: true}, "linux", []string{
			"H.264 video and AAC sound", "sudo apt install gstreamer1.0-libav gstreamer1.0-plugins-bad",
		}},
		{"no picture", Client{Window: true, Types: map[string]bool{h264: false, aac: true}}, "linux", []string{
			"H.264 video yet",
		}},
		{"no sound", Client{Window: true, Types: map[string]bool{h264: true}}, "linux", []string{"decode AAC"}},
		{"windows", Client{Window: true}, "windows", []string{"Media Feature Pack"}},
		{"mac", Client{Window: true}, "darwin", []string{"H.264"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.OS = c.os })
			advice, err := r.ReportClient(t.Context(), c.client)
			if err != nil || (advice.Problem == nil) != (c.says == nil) {
				t.Fatalf("advice %+v, %v", advice, err)
			}
			for _, s := range c.says {
				if !strings.Contains(advice.Problem.Message, s) {
					t.Errorf("%q does not say %q", advice.Problem.Message, s)
				}
			}
			if _, ok := r.Client(); ok != c.client.Window {
				t.Errorf("kept: %v", ok)
			}
		})
	}
	r := newRig(t)
	types := make(map[string]bool)
	for i := range maxClientTypes + 1 {
		types[strings.Repeat("x", i)] = true
	}
	if _, err := r.ReportClient(t.Context(), Client{Types: types}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("too many: %v", err)
	}
}

func TestPanicsBecomeFaults(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Doctor = func(context.Context) Report { panic("no pulse") } })
	_, err := r.Doctor(t.Context())
	if fault.CodeOf(err) != fault.Internal || strings.Contains(fault.MessageOf(err), "pulse") {
		t.Errorf("error %v", err)
	}
	if log := r.log.String(); !strings.Contains(log, "no pulse") || !strings.Contains(log, "service_test.go") {
		t.Errorf("log %s", log)
	}
}

func TestNumbersAreFinite(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e300, 1e-9} {
		if got := number(f, 2); got != "" {
			t.Errorf("%v: %q", f, got)
		}
	}
	for want, f := range map[string]float64{"25": 25, "23.98": 24000.0 / 1001, "100": 100, "0.5": 0.5} {
		if got := number(f, 2); got != want {
			t.Errorf("%v: %q", f, got)
		}
	}
}

func TestDetails(t *testing.T) {
	for _, c := range []struct {
		name  string
		track media.Track
		want  string
	}{
		{"nothing known", media.Track{Kind: media.Video}, ""},
		{"lies", media.Track{Kind: media.Video, Video: media.VideoFormat{
			Width: -5, Height: 7, FrameRate: media.Rational{Num: math.MaxInt64, Den: 1},
		}}, ""},
		{"anamorphic, upright", media.Track{Kind: media.Video, Video: media.VideoFormat{
			Width: 720, Height: 576, PixelAspect: media.Rational{Num: 64, Den: 45}, Rotation: 90,
		}}, "576×1024"},
		{"dolby vision", media.Track{Kind: media.Video, Video: media.VideoFormat{
			DolbyVisionProfile: 8,
		}}, "Dolby Vision"},
		{"ten bit", media.Track{Kind: media.Video, Video: media.VideoFormat{BitDepth: 10}}, "10 bit"},
		{"mono", media.Track{Kind: media.Audio, Audio: media.AudioFormat{
			Channels: 1, SampleRate: 8000,
		}}, "mono · 8 kHz"},
		{"odd layout", media.Track{Kind: media.Audio, Audio: media.AudioFormat{
			Channels: 3, Layout: "3 channels (FL+FR+LFE)",
		}}, "3 channels"},
		{"locked", media.Track{Kind: media.Text, Forced: true, Encrypted: true}, "forced · encrypted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := detail(&c.track); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for codec, want := range map[media.Codec]string{"pcm_s24le": "PCM", "hap": "HAP", "": "", media.H264: "H.264"} {
		if got := codecName(codec); got != want {
			t.Errorf("%s: %q", codec, got)
		}
	}
}

func TestDTOsNeverHoldNull(t *testing.T) {
	r := newRig(t)
	r.add(t, r.file(t, "b.mkv", "VIDEO damaged"))
	for name, verb := range Verbs(r) {
		if name == "sample" || name == "add" || name == "open" {
			continue
		}
		out, err := verb(t.Context(), nil)
		if err != nil {
			continue // it needs an ID
		}
		b, err := json.Marshal(out)
		if err != nil || bytes.Contains(b, []byte("null")) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
}
