package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// opened prepares a source and gives its title.
func opened(t *testing.T, src media.Source) *title {
	t.Helper()
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	broken := *e.tools // it still says what it can do, but neither program is there
	broken.FFmpeg = filepath.Join(t.TempDir(), "none")
	e.tools = &broken
	if _, err := e.Prepare(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return ti
}

// shuffled makes all segments of a rendition in random order, checks that they abut, and gives them in order.
func shuffled(t *testing.T, r rendition) (init []byte, segments [][]byte) {
	t.Helper()
	p, err := r.Plan()
	if err != nil {
		t.Fatal(err)
	}
	segments = make([][]byte, p.Len())
	order := rand.New(rand.NewPCG(1, 2)).Perm(p.Len())
	for _, n := range order {
		if segments[n], err = r.Segment(t.Context(), n); err != nil {
			t.Fatalf("segment %d of %d: %v", n, p.Len(), err)
		}
	}
	if init, err = r.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return init, segments
}

// frameOf is one sample of a rendition, or one packet of a source.
type frameOf struct {
	us  int64 // presentation time in microseconds, the first one's taken off
	sum string
}

// samplesOf parses what shuffled gave, and wants tfdt to be the sum of all durations before it.
func samplesOf(t *testing.T, timescale uint32, segments [][]byte) (all []mp4.FullSample) {
	t.Helper()
	at := uint64(0)
	for n, s := range segments {
		f, err := mp4.DecodeFile(bytes.NewReader(s))
		if err != nil {
			t.Fatalf("segment %d: %v", n, err)
		}
		part, err := f.Segments[0].Fragments[0].GetFullSamples(nil)
		if err != nil {
			t.Fatalf("segment %d: %v", n, err)
		}
		for i, sample := range part {
			if sample.DecodeTime != at {
				t.Fatalf("segment %d, sample %d of timescale %d is decoded at %d, want %d", n, i, timescale,
					sample.DecodeTime, at)
			}
			at += uint64(sample.Dur)
		}
		all = append(all, part...)
	}
	return all
}

// decoded gives the pictures of a file or of stdin, in the order they are shown.
func decoded(t *testing.T, input string, stdin []byte) (all []frameOf) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-copyts", "-i", input, "-map", "0:v:0",
		"-fps_mode", "passthrough", "-enc_time_base", "1/1000000", "-f", "framemd5", "pipe:1")
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("decode %s: %v %s", input, err, errs.String())
	}
	for l := range strings.Lines(out.String()) {
		fields := strings.Split(strings.TrimSpace(l), ",")
		if strings.HasPrefix(l, "#") || len(fields) < 6 {
			continue
		}
		var f frameOf
		if _, err := fmt.Sscan(fields[2], &f.us); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		f.sum = strings.TrimSpace(fields[5])
		all = append(all, f)
	}
	return all
}

// packets gives the checksums of the packets of a stream, in the order of the file.
func packets(t *testing.T, input, stream string, stdin []byte, more ...string) (all []string) {
	t.Helper()
	args := slices.Concat([]string{"-v", "error", "-i", input, "-map", stream, "-c", "copy"}, more,
		[]string{"-f", "framemd5", "pipe:1"})
	cmd := exec.CommandContext(t.Context(), "ffmpeg", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(out)) {
		if fields := strings.Split(strings.TrimSpace(l), ","); len(fields) >= 6 && l[0] != '#' {
			all = append(all, strings.TrimSpace(fields[5]))
		}
	}
	return all
}

// samePictures wants a rendition's pictures to be the source's, each within a millisecond of its time.
func samePictures(t *testing.T, src media.Source, ti *title) {
	t.Helper()
	r, ok := ti.video["original"].(*copyTrack)
	if !ok {
		t.Fatalf("not passed through: %s", ti.assess().Why)
	}
	init, segments := shuffled(t, r)
	samplesOf(t, r.init.Timescale, segments)
	got := decoded(t, "pipe:0", append(init, bytes.Join(segments, nil)...))
	want := decoded(t, src.Path, nil)
	if len(got) != len(want) {
		t.Fatalf("%d pictures, the source has %d", len(got), len(want))
	}
	shift := got[len(got)-1].us - want[len(want)-1].us
	for i := range got {
		off := got[i].us - want[i].us - shift
		if got[i].sum != want[i].sum || (off > 1000 || off < -1000) && i > 0 {
			t.Fatalf("picture %d: at %d (off by %d) %s, want %s", i, got[i].us, off, got[i].sum, want[i].sum)
		}
	}
}

// sameSound wants a rendition's samples to be the source's packets, on a grid of 1024.
func sameSound(t *testing.T, src media.Source, ti *title, n int) {
	t.Helper()
	r, ok := ti.audio[n].rendition.(*copyTrack)
	if !ok {
		t.Fatalf("not passed through: %s", ti.assess().Why)
	}
	init, segments := shuffled(t, r)
	samplesOf(t, r.init.Timescale, segments)
	got := packets(t, "pipe:0", "0:a:0", append(init, bytes.Join(segments, nil)...))
	want := packets(t, src.Path, fmt.Sprintf("0:a:%d", n), nil)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%d packets, the source has %d:\n%.2000s", len(got), len(want), d)
	}
}

var long = []string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=20", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=20"}

// TestMatroskaPassesThrough: pictures and sound of Matroska are the source's own, with no program run.
func TestMatroskaPassesThrough(t *testing.T) {
	base := []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-c:a", "aac"}
	for name, more := range map[string][]string{
		"plain":          nil,
		"b-frames":       {"-bf", "3", "-x264-params", "b-pyramid=normal:b-adapt=0"},
		"no b-frames":    {"-bf", "0"},
		"cues in front":  {"-reserve_index_space", "20000"},
		"moved cues":     {"-cues_to_front", "1"},
		"small clusters": {"-cluster_time_limit", "200"},
		"large clusters": {"-cluster_time_limit", "15000", "-cluster_size_limit", "50000000"},
		"44100 mono":     {"-ar", "44100", "-ac", "1"},
		"stereo":         {"-ac", "2"},
		"ntsc":           {"-vf", "fps=30000/1001", "-g", "60"},
		"60 fps":         {"-vf", "fps=60", "-g", "120", "-bf", "3"},
		"uneven":         {"-vf", "select='not(mod(n,3))+gt(t,7)'", "-fps_mode", "vfr", "-bf", "2"},
		"anamorphic":     {"-vf", "setsar=4/3"},
		"delayed":        {"-output_ts_offset", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, "a.mkv", slices.Concat(long, base, more)...)
			ti := opened(t, src)
			samePictures(t, src, ti)
			sameSound(t, src, ti, 0)
			if a := ti.assess(); a.Plays != media.AsItIs {
				t.Errorf("plays %q: %s", a.Plays, a.Why)
			}
		})
	}
}

// TestMatroskaThatDoesNotFit: what Cues cannot be trusted for is transcoded as before.
func TestMatroskaThatDoesNotFit(t *testing.T) {
	base := []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "50"}
	for name, c := range map[string]struct {
		args           []string
		picture, sound bool // passed through
	}{
		"no cues":  {[]string{"-live", "1", "-c:a", "aac"}, true, true},
		"open GOP": {[]string{"-bf", "3", "-x264-params", "open-gop=1:scenecut=0", "-c:a", "aac"}, false, true},
		"vorbis":   {[]string{"-c:a", "libvorbis"}, true, false},
		"10 bits":  {[]string{"-pix_fmt", "yuv420p10le", "-c:a", "aac"}, false, true},
		"sparse":   {[]string{"-g", "9999", "-sc_threshold", "0", "-c:a", "aac"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			src := clip(t, "a.mkv", slices.Concat(long, base, c.args)...)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			patient(e)
			a, err := e.Prepare(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			ti, release, err := e.title(t.Context(), src.ItemID)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if got := ti.survey.video.verdict.Passthrough; got != c.picture {
				t.Errorf("picture passed through: %v (%s)", got, a.Why)
			}
			if got := ti.survey.audio[0].verdict.Passthrough; got != c.sound {
				t.Errorf("sound passed through: %v (%s)", got, a.Why)
			}
			if (a.Plays == media.AsItIs) != (c.picture && c.sound) {
				t.Errorf("plays %q: %s", a.Plays, a.Why)
			}
		})
	}
}

// samplesAlone parses one segment.
func samplesAlone(t *testing.T, segment []byte) []mp4.FullSample {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(segment))
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.Segments[0].Fragments[0].GetFullSamples(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
