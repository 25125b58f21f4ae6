package hls

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestCorrect holds that a correct presentation gives no finding, and that all of it was looked at.
func TestCorrect(t *testing.T) {
	p, source := newPresentation(t)
	report := Check(t.Context(), p.serve(t), Options{Source: source, Passthrough: "yes", Pattern: true})
	if !report.OK() || len(report.Notes) > 0 {
		t.Errorf("%s%q", report, report.Notes)
	}
	if report.Frames != 500 || report.Segments != 15 || report.Duration.Seconds() != 10 || !report.Passthrough() {
		t.Errorf("%d frames, %d segments, %v", report.Frames, report.Segments, report.Duration)
	}
}

// TestSpoiled spoils one thing at a time and holds that the checker says so by the rule it breaks.
func TestSpoiled(t *testing.T) {
	clean, _ := newPresentation(t)
	replace := func(p *presentation, name, old, text string) {
		p.renditions[name].playlist = strings.Replace(p.renditions[name].playlist, old, text, 1)
	}
	for _, c := range []struct {
		name, rule string
		spoil      func(p *presentation)
	}{
		{"no end", "grammar", func(p *presentation) { replace(p, "v/original", "#EXT-X-ENDLIST\n", "") }},
		{"target too short", "grammar", func(p *presentation) { replace(p, "v/original", "DURATION:3", "DURATION:1") }},
		{"unquoted name", "grammar", func(p *presentation) {
			p.multivariant = strings.ReplaceAll(p.multivariant, `NAME="Sound"`, "NAME=Sound")
		}},
		{"no group", "grammar", func(p *presentation) {
			p.multivariant = strings.ReplaceAll(p.multivariant, `GROUP-ID="audio"`, `GROUP-ID="sound"`)
		}},
		{"EXTINF 90 us off", "tfdt", func(p *presentation) { replace(p, "v/original", "2.000000", "2.000090") }},
		{"segments swapped", "tfdt", func(p *presentation) {
			r := p.renditions["v/144p"]
			r.segments[1], r.segments[2] = r.segments[2], r.segments[1]
			r.starts[1], r.starts[2] = r.starts[2], r.starts[1]
		}},
		{"a segment starts a tick late", "abut", func(p *presentation) { p.renditions["v/original"].starts[2]++ }},
		{"a frame of sound is missing", "abut", func(p *presentation) {
			s := p.renditions["a/1/original"].segments
			s[1] = s[1][:len(s[1])-1]
		}},
		{"not a keyframe", "sync", func(p *presentation) {
			r := p.renditions["v/original"]
			r.segments[1] = append(r.segments[1][1:2:2], r.segments[1][1:]...)
		}},
		{"keyframe not flagged", "sync", func(p *presentation) {
			p.renditions["v/original"].segments[1][0].Flags = 0x1010000
		}},
		{"two pictures at one time", "pts", func(p *presentation) {
			s := p.renditions["v/original"].segments[1]
			s[3].CompositionTimeOffset = s[4].CompositionTimeOffset + int32(s[3].Dur)
		}},
		{"type", "http", func(p *presentation) { p.contentType["/v/original/p/1.m4s"] = "text/html" }},
		{"other bytes for another viewer", "same", func(p *presentation) { p.unstable = "/v/original/p/1.m4s" }},
		{"a segment is not there", "fetch", func(p *presentation) { p.missing = "/v/original/p/3.m4s" }},
		{"wrong codec", "codecs", func(p *presentation) {
			p.multivariant = strings.ReplaceAll(p.multivariant, "avc1.", "avc1.4d")
		}},
		{"bandwidth too low", "bandwidth", func(p *presentation) {
			p.multivariant = strings.ReplaceAll(p.multivariant, "=3000000", "=100000")
		}},
		{"no passthrough", "delivery", func(p *presentation) {
			p.multivariant = strings.ReplaceAll(p.multivariant, "v/original", "v/144p")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := clean.clone()
			c.spoil(p)
			report := Check(t.Context(), p.serve(t), Options{Passthrough: "yes", BoxesOnly: true})
			if !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Rule == c.rule }) {
				t.Errorf("no finding of %s among:\n%s", c.rule, report)
			}
		})
	}
}

// TestSpoiledContent spoils what is in the samples, one thing in each rendition, and holds that each is found there.
func TestSpoiledContent(t *testing.T) {
	clean, source := newPresentation(t)
	const original, small, sound = "v/original", "v/144p", "a/1/original"
	encoded := func(filter string) packaged { return *packageTrack(t, source, "0:v", 0, transcode(filter)...) }
	for _, c := range []struct {
		name  string
		spoil func(r map[string]*packaged)
		want  map[string]string // rule by rendition
	}{
		{"other pictures, other sound", func(r map[string]*packaged) {
			*r[original] = encoded("scale=320:180")
			*r[small] = encoded("hflip,scale=256:144")
			*r[sound] = *packageTrack(t, source, "0:a", 0, "-af", "adelay=40:all=1", "-c:a", "aac")
		}, map[string]string{original: "identity", small: "likeness", sound: "av"}},
		{"a second late, a packet changed", func(r map[string]*packaged) {
			*r[small] = encoded("tpad=25,trim=end_frame=250,scale=256:144")
			data := bytes.Clone(r[sound].segments[2][5].Data)
			data[len(data)-1] ^= 1
			r[sound].segments[2][5].Data = data
		}, map[string]string{small: "likeness", sound: "identity"}},
		{"a picture is missing, the sound ends early", func(r map[string]*packaged) {
			r[small].segments[1] = r[small].segments[1][:len(r[small].segments[1])-1]
			last := len(r[sound].segments) - 1
			end := r[sound].starts[last]
			r[sound].segments, r[sound].starts = r[sound].segments[:last], r[sound].starts[:last]
			r[sound].playlist = r[sound].makePlaylist(end)
		}, map[string]string{small: "frames", sound: "duration"}},
		{"squeezed", func(r map[string]*packaged) {
			*r[small] = encoded("scale=192:144,setsar=1")
		}, map[string]string{small: "shape"}},
		{"another init segment", func(r map[string]*packaged) {
			r[small].initData = r[original].initData
		}, map[string]string{small: "decode"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := clean.clone()
			c.spoil(p.renditions)
			report := Check(t.Context(), p.serve(t), Options{Source: source, Pattern: true})
			for where, rule := range c.want {
				found := func(f Finding) bool { return f.Rule == rule && f.Where == where }
				if !slices.ContainsFunc(report.Findings, found) {
					t.Errorf("no finding of %s in %s among:\n%s", rule, where, report)
				}
			}
		})
	}
}

// TestNothingThere holds that a URL that leads nowhere is a finding and no more.
func TestNothingThere(t *testing.T) {
	p := &presentation{missing: "/multivariant.m3u8"}
	report := Check(t.Context(), p.serve(t), Options{})
	if len(report.Findings) != 1 || report.Findings[0].Rule != "fetch" {
		t.Errorf("%s", report)
	}
}

func TestParseSeconds(t *testing.T) {
	for text, want := range map[string]int64{
		"2,": 2_000_000, "1.5,title": 1_500_000, "0.0000004,": 0, "0.0000005,": 1, "3.0416670,": 3_041_667,
		"2": -1, ",": -1, "-1,": -1, "1e3,": -1, "1.,": -1, "+1,": -1,
	} {
		us, _, err := parseSeconds(text)
		if (err != nil) != (want < 0) || err == nil && us != want {
			t.Errorf("%q: %d, %v", text, us, err)
		}
	}
}

// clone copies what the tests spoil.
func (p *presentation) clone() *presentation {
	c := &presentation{
		multivariant: p.multivariant, renditions: map[string]*packaged{}, contentType: map[string]string{},
	}
	for name, r := range p.renditions {
		copied := *r
		copied.segments, copied.starts = nil, append(copied.starts[:0:0], r.starts...)
		for _, s := range r.segments {
			copied.segments = append(copied.segments, append(s[:0:0], s...))
		}
		c.renditions[name] = &copied
	}
	return c
}
