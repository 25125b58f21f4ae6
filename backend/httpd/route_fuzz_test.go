package httpd

import (
	"fmt"
	"strings"
	"testing"

	"dropstream/backend/media"
)

// FuzzParseMedia holds that a path that is taken can be written again from its parts, byte for byte: so there is one
// way to write each.
func FuzzParseMedia(f *testing.F) {
	for _, seed := range []string{
		"i/multivariant.m3u8", "i/poster.jpg", "i/v/720p/plan/media.m3u8", "i/v/720p/plan/init.mp4",
		"i/v/720p/plan/0.m4s", "i/t/3/media.m3u8", "i/t/1000/7.vtt", "i/t/2/7.ass", "i/t/2/7.json",
		"i/t/3/init.mp4", "i/t/3/0.m4s",
		"i/a/3/aac/plan/12.m4s", "../a", "i/v/%2e/plan/1.m4s", "i/a/03/aac/plan/012.m4s", strings.Repeat("a", 65), "",
		"i/thumbs.vtt", "i/thumbs/7.jpg", "i/thumbs/07.jpg",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, ok := parseMedia(path)
		if !ok {
			return
		}
		names := map[what]string{
			aMultivariant: "multivariant.m3u8", aPoster: "poster.jpg", aPlaylist: "media.m3u8", anInit: "init.mp4",
			aSegment: fmt.Sprintf("%d.m4s", r.n), aThumbIndex: "thumbs.vtt",
			aThumbSheet: fmt.Sprintf("thumbs/%d.jpg", r.n),
		}
		dir := ""
		switch r.ref.Kind {
		case media.Video:
			dir = fmt.Sprintf("v/%s/%s/", r.ref.Rendition, r.ref.Plan)
		case media.Audio:
			dir = fmt.Sprintf("a/%d/%s/%s/", r.ref.Track, r.ref.Rendition, r.ref.Plan)
		case media.Text:
			dir = fmt.Sprintf("t/%d/", r.ref.Track)
			names[aSegment] = fmt.Sprintf("%d.%s", r.n, r.ref.Rendition)
		default: // of the item itself
		}
		if again := r.item + "/" + dir + names[r.what]; again != path {
			t.Errorf("%q is taken as %q", path, again)
		}
	})
}
