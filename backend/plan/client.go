package plan

import (
	"fmt"

	"dropstream/backend/media"
)

// Needs is what a player must be able to do to play a track's own samples, beyond the baseline.
func Needs(t *media.Track) media.Client {
	if t.Kind == media.Audio {
		return needsSound(t)
	}
	var c media.Client
	deep := t.Video.BitDepth > 8
	pick := func(shallow, deeper media.Client) media.Client {
		if deep {
			return deeper
		}
		return shallow
	}
	switch t.Codec {
	case media.HEVC:
		c = pick(media.PlaysHEVC, media.PlaysHEVC10)
	case media.AV1:
		c = pick(media.PlaysAV1, media.PlaysAV110)
	case media.VP9:
		c = pick(media.PlaysVP9, media.PlaysVP910)
	default:
	}
	if t.Video.HighDynamicRange() {
		c |= media.ShowsHDR
	}
	if t.Video.Rotation != 0 || t.Video.Mirrored {
		c |= media.TurnsUpright
	}
	return c
}

func needsSound(t *media.Track) (c media.Client) {
	switch t.Codec {
	case media.Opus:
		return media.PlaysOpus
	case media.FLAC:
		return media.PlaysFLAC
	case media.AC3:
		return media.PlaysAC3
	case media.EAC3:
		return media.PlaysEAC3
	default:
	}
	if t.Audio.Channels > 2 {
		c |= media.PlaysSurround
	}
	return c
}

// For is the verdict for one player: what can be sent is passed through if the player can play it.
func For(c media.Client, t *media.Track, sent Verdict) Verdict {
	missing := Needs(t) &^ c
	name := CodecName(t.Codec)
	const codecs = media.PlaysHEVC | media.PlaysHEVC10 | media.PlaysAV1 | media.PlaysAV110 | media.PlaysVP9 |
		media.PlaysVP910
	const sounds = media.PlaysOpus | media.PlaysFLAC | media.PlaysAC3 | media.PlaysEAC3
	switch {
	case !sent.Passthrough, missing == 0:
		return sent
	case missing&codecs != 0 && t.Video.BitDepth > 8:
		return transcode("this player does not play %d-bit %s, so the picture is converted to H.264",
			t.Video.BitDepth, name)
	case missing&codecs != 0:
		return transcode("this player does not play %s, so the picture is converted to H.264", name)
	case missing&media.ShowsHDR != 0:
		return transcode("the picture is HDR and is converted to standard range for this screen")
	case missing&media.TurnsUpright != 0:
		return transcode("the picture is turned upright, which this player does not do by itself")
	case missing&sounds != 0:
		return transcode("this player does not play %s, so the sound is converted to AAC", name)
	}
	return transcode("%s sound is mixed to stereo for this player", channels(t.Audio.Channels))
}

// channels names a number of channels as people do.
func channels(n int) string {
	switch n {
	case 6:
		return "5.1"
	case 8:
		return "7.1"
	}
	return fmt.Sprintf("%d-channel", n)
}
