package clips

import (
	"os/exec"
	"strings"
	"testing"
)

// TestClips makes every small clip and sees that ffprobe makes of it what its recipe says.
func TestClips(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg here")
	}
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.Name] {
			t.Errorf("%s: two of one name", c.Name)
		}
		seen[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			path, err := c.Path(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_entries",
				"format=duration:stream=codec_type,codec_name,width,height,pix_fmt,start_time,duration:"+
					"stream_side_data=rotation",
				"-of", "compact=p=0", path).CombinedOutput()
			if (err != nil) != c.Refused {
				t.Errorf("ffprobe: %v: %s", err, out)
			}
			t.Logf("%s", strings.TrimSpace(string(out)))
		})
	}
}
