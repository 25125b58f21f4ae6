package hls

import (
	"fmt"
	"strconv"
	"strings"
)

// parseMultivariant reads a multivariant playlist and names what is wrong with it (RFC 8216 §4.3.4).
func parseMultivariant(data []byte) (*multivariantPlaylist, []string) {
	all, wrong := lines(data)
	p := &multivariantPlaylist{}
	var pending map[string]value
	bad := func(i int, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("line %d: ", i+1)+fmt.Sprintf(format, args...))
	}
	for i, line := range all[1:] {
		i++
		tag, rest, _ := strings.Cut(line, ":")
		if pending != nil && (line == "" || strings.HasPrefix(line, "#")) {
			bad(i, "EXT-X-STREAM-INF is not followed by its URI (§4.3.4.2)")
			pending = nil
		}
		switch {
		case line == "":
		case !strings.HasPrefix(line, "#"):
			if pending == nil {
				bad(i, "URI without EXT-X-STREAM-INF (§4.3.4.2)")
				continue
			}
			p.variants = append(p.variants, streamInf{pending, line})
			pending = nil
		case tag == "#EXT-X-STREAM-INF":
			a, w := attributes(rest)
			for _, s := range w {
				bad(i, "%s", s)
			}
			for _, name := range []string{"BANDWIDTH", "CODECS"} {
				if a[name].text == "" || a[name].text == "0" {
					bad(i, "EXT-X-STREAM-INF without %s (§4.3.4.2)", name)
				}
			}
			pending = a
		case tag == "#EXT-X-MEDIA":
			a, w := attributes(rest)
			for _, s := range w {
				bad(i, "%s", s)
			}
			for _, name := range []string{"TYPE", "GROUP-ID", "NAME"} {
				if a[name].text == "" {
					bad(i, "EXT-X-MEDIA without %s (§4.3.4.1)", name)
				}
			}
			if a["DEFAULT"].text == "YES" && a["AUTOSELECT"].text == "NO" {
				bad(i, "DEFAULT=YES and AUTOSELECT=NO (§4.3.4.1)")
			}
			p.media = append(p.media, a)
		case line == "#EXT-X-INDEPENDENT-SEGMENTS":
			p.independent = true
		case tag == "#EXT-X-VERSION":
			if n, err := strconv.Atoi(rest); err != nil || n < 1 {
				bad(i, "EXT-X-VERSION %q (§4.3.1.2)", rest)
			}
		case strings.HasPrefix(line, "#EXT"):
			bad(i, "%s has no place here", tag)
		}
	}
	if pending != nil {
		wrong = append(wrong, "EXT-X-STREAM-INF without a URI at the end (§4.3.4.2)")
	}
	return p, append(wrong, p.groups()...)
}

// groups says what is wrong with the rendition groups (RFC 8216 §4.3.4.1.1) and with what the variants say of them.
func (p *multivariantPlaylist) groups() (wrong []string) {
	names, defaults, known := map[string]bool{}, map[string]int{}, map[string]bool{}
	for _, m := range p.media {
		group := m["TYPE"].text + " " + m["GROUP-ID"].text
		known[group] = true
		name := group + " " + m["NAME"].text
		if names[name] {
			wrong = append(wrong, fmt.Sprintf("NAME %q stands twice in group %q (§4.3.4.1.1)", m["NAME"].text, group))
		}
		names[name] = true
		if m["DEFAULT"].text == "YES" {
			if defaults[group]++; defaults[group] == 2 {
				wrong = append(wrong, fmt.Sprintf("two defaults in group %q (§4.3.4.1.1)", group))
			}
		}
	}
	if len(p.variants) == 0 {
		wrong = append(wrong, "no variant at all")
	}
	for _, v := range p.variants {
		for _, kind := range []string{"AUDIO", "SUBTITLES"} {
			if id := v.attributes[kind].text; id != "" && !known[kind+" "+id] {
				wrong = append(wrong, fmt.Sprintf("%s: no group %q (§4.3.4.2)", v.uri, id))
			}
		}
	}
	return wrong
}
