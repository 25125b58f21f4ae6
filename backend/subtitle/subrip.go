package subtitle

import "strings"

// FromSubRip gives the text of a SubRip cue as cue text. Invalid UTF-8 is taken for Windows-1252.
func FromSubRip(payload []byte) string { return marked(Decode(payload)) }

// parseSubRip reads a SubRip file. A cue goes on until the next line that says a time: there are files with blank
// lines inside cues, and files without any between them. The number before a time is no text.
func parseSubRip(text string) (all []Cue) {
	var c Cue
	var lines []string
	open := false
	end := func(more bool) {
		for len(lines) > 0 && blank(lines[len(lines)-1]) {
			lines = lines[:len(lines)-1]
		}
		if n := len(lines); more && n > 0 && number(lines[n-1]) {
			lines = lines[:n-1]
		}
		if open {
			c.Text = marked(strings.Join(lines, "\n"))
			all = append(all, c)
		}
		lines = lines[:0]
	}
	kept := 0 // bytes of the lines, so that a cue without an end costs no more than one with
	for line := range strings.SplitSeq(text, "\n") {
		if from, to, ok := timing(line); ok {
			end(true)
			if len(all) >= MaxCues {
				return all
			}
			c, open, kept = Cue{Start: from, End: to}, true, 0
			continue
		}
		if kept += len(line) + 1; kept < 2*MaxTextBytes {
			lines = append(lines, line)
		}
	}
	end(false)
	return all
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

// number says whether a line is nothing but a cue's number.
func number(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && len(line) < 10 && strings.Trim(line, "0123456789") == ""
}
