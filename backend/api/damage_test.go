package api

import (
	"testing"
	"time"

	"dropstream/backend/media"
)

func TestDamageInWords(t *testing.T) {
	for _, c := range []struct {
		d    media.Damage
		want string
	}{
		{
			media.Damage{Kind: media.Video, From: 41 * time.Second, To: 43*time.Second + 900*time.Millisecond},
			"From 0:41 to 0:43 the file is damaged; the last good picture is shown.",
		},
		{
			media.Damage{Kind: media.Audio, From: time.Hour, To: time.Hour + 62*time.Second},
			"From 1:00:00 to 1:01:02 the file is damaged; there is no sound.",
		},
	} {
		if got := damageText(c.d); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
