package subtitle

import (
	"strings"
	"time"
)

// clock reads a time at the start of s: [hours:]minutes:seconds, then perhaps a fraction after a point or a comma. It
// gives what follows.
func clock(s string) (at time.Duration, rest string, ok bool) {
	const longest = 7 // digits of one number
	total, groups := int64(0), 0
	for {
		n, value := 0, int64(0)
		for n < len(s) && n <= longest && s[n] >= '0' && s[n] <= '9' {
			value = value*10 + int64(s[n]-'0')
			n++
		}
		if n == 0 || n > longest || groups == 3 {
			return 0, s, false
		}
		groups++
		total = total*60 + value
		s = s[n:]
		if s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
	}
	if groups < 2 || total > int64(latestTime/time.Second) {
		return 0, s, false
	}
	at = time.Duration(total) * time.Second
	if s != "" && (s[0] == '.' || s[0] == ',') {
		unit := time.Second
		for s = s[1:]; s != "" && s[0] >= '0' && s[0] <= '9'; s = s[1:] {
			unit /= 10
			at += time.Duration(s[0]-'0') * unit
		}
	}
	return at, s, true
}

// timing reads a line that says when a cue is shown: "start --> end", and anything after a blank.
func timing(line string) (start, end time.Duration, ok bool) {
	if !strings.Contains(line[:min(len(line), 64)], "-->") {
		return 0, 0, false
	}
	start, rest, ok := clock(strings.TrimLeft(line, " \t"))
	if !ok {
		return 0, 0, false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), "-->")
	if !ok {
		return 0, 0, false
	}
	end, rest, ok = clock(strings.TrimLeft(rest, " \t"))
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return 0, 0, false
	}
	return start, end, true
}
