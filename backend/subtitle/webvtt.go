package subtitle

import "strings"

// FromWebVTT gives the payload of a WebVTT cue as cue text of ours.
func FromWebVTT(payload []byte) string { return marked(Decode(payload)) }

// FromWebMVTT gives the payload of a cue as WebM keeps it: an identifier, settings, then the text, a line each.
func FromWebMVTT(payload []byte) string {
	const before = 2
	lines := strings.SplitN(Decode(payload), "\n", before+1)
	if len(lines) <= before {
		return ""
	}
	return marked(lines[before])
}

// parseWebVTT reads a WebVTT file (WebVTT 6.1). Notes, styles and regions have no time, and so are passed over; where a
// cue is to stand is not kept.
func parseWebVTT(text string) (all []Cue) {
	var c Cue
	var payload strings.Builder
	open := false
	end := func() {
		if open {
			c.Text = marked(payload.String())
			all = append(all, c)
		}
		open = false
		payload.Reset()
	}
	for line := range strings.SplitSeq(text, "\n") {
		if from, to, ok := timing(line); ok {
			end()
			if len(all) >= MaxCues {
				return all
			}
			c, open = Cue{Start: from, End: to}, true
			continue
		}
		switch {
		case line == "" || strings.Contains(line, "-->"):
			end()
		case open && payload.Len() < 2*MaxTextBytes:
			payload.WriteString(line)
			payload.WriteByte('\n')
		}
	}
	end()
	return all
}
