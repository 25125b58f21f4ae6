package index

import (
	"bytes"
	"fmt"

	"dropstream/backend/media"
)

// dashRoles are the values of DASH's role scheme (ISO/IEC 23009-1 5.8.5.5) that kind may name.
var dashRoles = map[string]media.Role{
	"caption": media.ForHearingImpaired, "easyreader": media.ForHearingImpaired,
	"description": media.ForVisuallyImpaired, "commentary": media.IsCommentary, "dub": media.IsDub,
}

// characteristics are QuickTime's tagged media characteristics, which HLS took over (rfc8216bis 4.4.6.1).
var characteristics = map[string]media.Role{
	"public.accessibility.transcribes-spoken-dialog":     media.ForHearingImpaired,
	"public.accessibility.describes-music-and-sound":     media.ForHearingImpaired,
	"public.accessibility.describes-video":               media.ForVisuallyImpaired,
	"public.auxiliary-content":                           media.IsCommentary,
	"public.translation.dubbed":                          media.IsDub,
	"public.original-content":                            media.IsOriginal,
	"com.apple.quicktime.characteristic.original-source": media.IsOriginal,
}

// trackRole reads what a track is for: kind (ISO/IEC 14496-12 8.10.4), a scheme and a value in it; or tagc.
func (f *isoFile) trackRole(t *trak, b box, kind bool) error {
	p, err := f.walk.load(b.body, min(b.bodySize(), maxTextBytes), maxTextBytes)
	if err != nil {
		return fmt.Errorf("read %s: %w", b.typ, err)
	}
	if !kind {
		word := cString(p)
		t.out.Role |= characteristics[word]
		t.out.Forced = t.out.Forced || word == "public.subtitles.forced-only"
		return nil
	}
	_, _, p, _ = fullBox(p)
	scheme, rest, _ := bytes.Cut(p, []byte{0})
	value := cString(rest)
	if string(scheme) != "urn:mpeg:dash:role:2011" {
		return nil
	}
	t.out.Role |= dashRoles[value]
	t.out.Forced = t.out.Forced || value == "forced-subtitle" || value == "forced_subtitle"
	return nil
}
