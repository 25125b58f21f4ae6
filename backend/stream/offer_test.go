package stream

import (
	"strings"
	"testing"

	"dropstream/backend/m3u8"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

const soundOfSix = "sine=f=440:r=48000:d=8,pan=5.1|FL=c0|FR=0.5*c0|FC=0.8*c0|LFE=0.1*c0|BL=0.2*c0|BR=0.3*c0"

// TestOfferFollowsThePlayer: what a player cannot play is transcoded for it, and for no other.
func TestOfferFollowsThePlayer(t *testing.T) {
	six := func(codec ...string) []string {
		args := append([]string{"-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", soundOfSix}, x264...)
		return append(args, codec...)
	}
	cases := []struct {
		name     string
		args     []string
		client   media.Client
		form     string
		channels int
		codecs   string
	}{
		{"aac6.mp4", six("-c:a", "aac"), 0, "aac", 2, "mp4a.40.2"},
		{"aac6.mp4", six("-c:a", "aac"), media.PlaysSurround, plan.Original, 6, "mp4a.40.2"},
		{"dts6.mkv", six("-c:a", "dca", "-strict", "-2"), 0, "aac", 2, "mp4a.40.2"},
		{"dts6.mkv", six("-c:a", "dca", "-strict", "-2"), media.PlaysSurround, "aac6", 6, "mp4a.40.2"},
	}
	for _, c := range cases {
		t.Run(c.name+" "+c.client.String(), func(t *testing.T) {
			src := clip(t, c.name, c.args...)
			e, ti := prepared(t, src)
			o := ti.offer(c.client)
			if len(o.audio) != 1 || o.audio[0].name != c.form || o.audio[0].channels != c.channels {
				t.Fatalf("offered %+v", o.audio)
			}
			if n := frames(t, whole(t, o.audio[0].rendition), "a:0"); n < 370 {
				t.Errorf("%d frames of sound in 8 s", n)
			}
			b, err := e.Multivariant(t.Context(), src.ItemID, c.client)
			if err != nil {
				t.Fatal(err)
			}
			m, wrong := m3u8.ParseMultivariant(b)
			if len(wrong) > 0 || len(m.Renditions) != 1 || m.Renditions[0].Channels != c.channels ||
				!strings.HasSuffix(strings.Join(m.Variants[0].Codecs, ","), c.codecs) {
				t.Errorf("multivariant: %v\n%s", wrong, b)
			}
			d, err := e.Deliveries(t.Context(), src.ItemID, c.client)
			if err != nil || len(d) != 2 || !d[0].Passthrough || d[1].Passthrough != (c.form == plan.Original) ||
				!strings.HasSuffix(d[1].Why, ".") {
				t.Errorf("deliveries %+v, %v", d, err)
			}
		})
	}
}

// TestLadderBesideTheOriginal: a transcode of the original's own size is offered only where the original is heavy.
func TestLadderBesideTheOriginal(t *testing.T) {
	const large = "testsrc2=s=1280x720:r=25:d=4"
	for name, c := range map[string]struct{ filter, want string }{
		"light.mp4": {"", "original 480p 360p"},
		"heavy.mp4": {",noise=alls=40:allf=t", "original 720p 480p 360p"},
	} {
		t.Run(name, func(t *testing.T) {
			_, ti := prepared(t, clip(t, name, "-f", "lavfi", "-i", large+c.filter, "-c:v", "libx264",
				"-preset", "ultrafast", "-g", "25", "-crf", "23", "-pix_fmt", "yuv420p"))
			var names []string
			for _, r := range ti.offer(0).rungs {
				names = append(names, r.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
