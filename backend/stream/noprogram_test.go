package stream

import (
	"bytes"
	"path/filepath"
	"testing"

	"dropstream/backend/m3u8"
	"dropstream/backend/media"
)

// TestIndexedSourcesNeedNoProgramToBePlanned: with an index, playlists are complete before anything was run, and what
// is passed through is played without running anything.
func TestIndexedSourcesNeedNoProgramToBePlanned(t *testing.T) {
	for name, passes := range map[string]bool{"last.mp4": true, "fragmented.mp4": true, "cues.mkv": true} {
		t.Run(name, func(t *testing.T) {
			args := av(append(x264, "-c:a", "aac")...)
			if name == "fragmented.mp4" {
				args = append(args, "-movflags", "+frag_keyframe+empty_moov")
			}
			src := clip(t, name, args...)
			e := newTestEngine(t, map[string]media.Source{src.ItemID: src})
			broken := *e.tools // it still says what it can do, but neither program is there
			broken.FFmpeg, broken.FFprobe = filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none")
			e.tools = &broken
			a, err := e.Prepare(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if (a.Plays == media.AsItIs) != passes {
				t.Errorf("plays %q", a.Plays)
			}
			b, err := e.Multivariant(t.Context(), src.ItemID, 0)
			if err != nil {
				t.Fatal(err)
			}
			multi, faults := m3u8.ParseMultivariant(b)
			if len(faults) > 0 || len(multi.Variants) == 0 || len(multi.Renditions) != 1 {
				t.Fatalf("multivariant: %v\n%s", faults, b)
			}
			ti, release, err := e.title(t.Context(), src.ItemID)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			for _, r := range ti.rungs {
				ref := media.Ref{Item: src.ItemID, Kind: media.Video, Rendition: r.Name, Plan: ti.videoPlan(r)}
				b, err := e.Playlist(t.Context(), ref)
				if err != nil {
					t.Fatal(err)
				}
				list, faults := m3u8.ParseMedia(b)
				if len(faults) > 0 || len(list.Segments) < 2 || !bytes.HasSuffix(b, []byte("#EXT-X-ENDLIST\n")) {
					t.Errorf("%s: %v\n%s", r.Name, faults, b)
				}
			}
			if passes {
				if n := frames(t, whole(t, ti.video["original"]), "v:0"); n != 200 {
					t.Errorf("%d frames, want 200", n)
				}
			}
		})
	}
}
