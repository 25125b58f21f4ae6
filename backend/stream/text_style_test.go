package stream

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

const plainStyle = "[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, " +
	"BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, " +
	"Alignment, MarginL, MarginR, MarginV, Encoding\n" +
	"Style: Default,Evil Font,20,&H00FFFFFF,&H000000FF,&H0,&H0,0,0,0,0,100,100,0,0,1,2,1,2,10,10,10,1\n"

// scriptOf is a script of one style and some events.
func scriptOf(events string) string {
	return "[Script Info]\nScriptType: v4.00+\nPlayResX: 640\nPlayResY: 360\n\n" + plainStyle + "\n[Events]\n" +
		"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n" + events
}

const styledEvents = `Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\pos(100,50)\fnEvil}Placed
Dialogue: 2,0:00:28.00,0:00:32.00,Default,,0,0,0,,{\k50}Ka{\kf50}ra
Dialogue: 1,0:00:28.00,0:00:32.00,Default,,0,0,0,,{\p1}m 0 0 l 100 0 100 100
`

// drawings says how each track of subtitles is drawn.
func drawings(t *testing.T, e *Engine, src media.Source) (all []media.Subtitle) {
	t.Helper()
	x, err := e.Extras(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	return x.Subtitles
}

// scriptText gives the events of a segment of a script.
func scriptText(t *testing.T, e *Engine, src media.Source, track, n int) (head, events string) {
	t.Helper()
	ref := media.Ref{Item: src.ItemID, Kind: media.Text, Rendition: "ass", Track: track}
	data, err := e.Segment(t.Context(), ref, n)
	if err != nil {
		t.Fatalf("script %d: %v", n, err)
	}
	const format = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
	head, events, ok := strings.Cut(string(data), format)
	if !ok || strings.Contains(string(data), "Evil") {
		t.Fatalf("segment %d: %s", n, data)
	}
	return head, events
}

// The two that are shown at once stand in the order in which the file has them.
const (
	eventPlaced = "Dialogue: 0,0:00:01.00,0:00:03.00,s0,,0,0,0,,{\\pos(100,50)}Placed\n"
	eventsSung  = "Dialogue: 2,0:00:28.00,0:00:32.00,s0,,0,0,0,,{\\k50}Ka{\\kf50}ra\n" +
		"Dialogue: 1,0:00:28.00,0:00:32.00,s0,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100\n"
)

func checkScripts(t *testing.T, e *Engine, src media.Source, track int) {
	t.Helper()
	for n, want := range []string{eventPlaced + eventsSung, eventsSung} {
		head, events := scriptText(t, e, src, track, n)
		if events != want {
			t.Errorf("segment %d: %s, want %s", n, events, want)
		}
		if !strings.Contains(head, "PlayResX: 640\nPlayResY: 360\n") ||
			!strings.Contains(head, "\nStyle: s0,sans-serif,20,") {
			t.Errorf("segment %d begins with %s", n, head)
		}
	}
	ref := media.Ref{Item: src.ItemID, Kind: media.Text, Rendition: "vtt", Track: track}
	if got, want := textOf(t, e, ref, 1), "00:00:28.000 --> 00:00:32.000\nKara\n\n"; got != want {
		t.Errorf("as plain text it is %q", got)
	}
}

func TestStyledSubtitles(t *testing.T) {
	dir := t.TempDir()
	in := writeFile(t, filepath.Join(dir, "in.ass"), []byte(scriptOf(styledEvents)))
	plain := writeFile(t, filepath.Join(dir, "plain.ass"),
		[]byte(scriptOf("Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}Only{\\i0} text\n")))
	src := clip(t, "A film.mkv", append(blackVideo(40), "-i", in, "-i", plain, "-map", "0", "-map", "1", "-map", "2",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:s", "copy")...)
	beside := filepath.Dir(src.Path)
	writeFile(t, filepath.Join(beside, "A film.de.ass"), []byte(scriptOf(styledEvents)))
	writeFile(t, filepath.Join(beside, "A film.en.ass"),
		[]byte(scriptOf(`Dialogue: 0,0:00:01.00,0:00:03.00,,,,,,,Text`)))
	writeFile(t, filepath.Join(beside, "A film.fr.srt"), []byte(someSRT))
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	all := drawings(t, e, src)
	kinds := make([]string, 0, len(all))
	for _, s := range all {
		kinds = append(kinds, string(s.Drawing))
	}
	if got := strings.Join(kinds, " "); got != "styled text styled text text" {
		t.Fatalf("drawn as %s", got)
	}
	checkScripts(t, e, src, all[0].Index)
	checkScripts(t, e, src, all[2].Index)
	ref := media.Ref{Item: src.ItemID, Kind: media.Text, Rendition: "ass", Track: all[4].Index}
	if _, err := e.Segment(t.Context(), ref, 0); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a script of what is none: %v", err)
	}
}

func TestStyledSubtitlesOfAStoredItem(t *testing.T) {
	in := writeFile(t, filepath.Join(t.TempDir(), "in.ass"), []byte(scriptOf(styledEvents)))
	src := clip(t, "A film.mkv", append(blackVideo(40), "-i", in,
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:s", "copy")...)
	r := newFillRig(t, t.TempDir(), src, 1<<30, false)
	if err := r.Keep(t.Context(), src.ItemID); err != nil {
		t.Fatal(err)
	}
	r.await(t)
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	r.drop(src.ItemID)
	all := drawings(t, r.Engine, src)
	if len(all) != 1 || all[0].Drawing != media.DrawnStyled {
		t.Fatalf("subtitles %+v", all)
	}
	checkScripts(t, r.Engine, src, all[0].Index)
}

func TestRealScript(t *testing.T) {
	src := sourceOf(t, filepath.Join(mediaFolder(t), "sample_with_ssa_subtitles.mkv"))
	e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
	all := drawings(t, e, src)
	if len(all) != 1 || all[0].Drawing != media.DrawnByPlayer {
		t.Fatalf("subtitles %+v: one style, and only text", all)
	}
	if _, events := scriptText(t, e, src, all[0].Index, 0); events !=
		"Dialogue: 0,0:00:00.00,0:00:00.43,s0,,0,0,0,,This is the first subtitle.\n" {
		t.Errorf("events %s", events)
	}
}
