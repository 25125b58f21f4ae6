package hls

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// maxFindings is how many findings of one rule in one rendition are kept: one fault in every segment of a long item
// says no more.
const maxFindings = 5

// Finding is one thing that is wrong.
type Finding struct {
	Rule    string // see the package's list
	Where   string // the rendition, such as "v/720p", or "" for the whole
	Segment int    // -1 when it is of no one segment
	Detail  string // with the numbers
}

// String is the finding on one line.
func (f Finding) String() string {
	where := f.Where
	if f.Segment >= 0 {
		where += fmt.Sprintf(" #%d", f.Segment)
	}
	return strings.TrimSpace(fmt.Sprintf("%-9s %s: %s", f.Rule, where, f.Detail))
}

// Report is what a check found.
type Report struct {
	Findings []Finding
	Notes    []string      // what was not checked, and why
	Variants []string      // the video renditions, or the audio one of an item without pictures
	Segments int           // media segments that were fetched and taken apart
	Frames   int           // pictures that were decoded and compared, over all renditions
	Duration time.Duration // sum of EXTINF of the first variant
	Cold     time.Duration // from the request for a middle segment before all others to its last byte

	mu   sync.Mutex
	more map[string]int
}

// OK says whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// Passthrough says whether the source's own pictures (or sound, without any) are among the renditions.
func (r *Report) Passthrough() bool {
	for _, v := range r.Variants {
		if strings.HasSuffix(v, "/original") {
			return true
		}
	}
	return false
}

// String is the report, a finding on each line.
func (r *Report) String() string {
	var b strings.Builder
	for _, f := range r.Findings {
		b.WriteString(f.String())
		if n := r.more[f.Rule+f.Where]; n > maxFindings {
			fmt.Fprintf(&b, " (%d like it)", n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// find records a finding; segment is -1 when it is of no one segment.
func (r *Report) find(rule, where string, segment int, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		r.more = map[string]int{}
	}
	r.more[rule+where]++
	if r.more[rule+where] <= maxFindings {
		r.Findings = append(r.Findings, Finding{rule, where, segment, fmt.Sprintf(format, args...)})
	}
}

func (r *Report) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}
