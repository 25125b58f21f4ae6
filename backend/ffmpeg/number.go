package ffmpeg

import (
	"encoding/json"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dropstream/backend/media"
)

// longest is the longest time that is believed: more than a year.
const longest = 10_000 * time.Hour

// maxText bounds a piece of text that comes from a file, in runes.
const maxText = 300

// scalar is a value of ffprobe's JSON: a number, a string, or something that is of no use. It never fails to
// decode; what it means is asked for later.
type scalar string

// UnmarshalJSON takes a string's content or a number's digits. Anything else is nothing.
func (s *scalar) UnmarshalJSON(b []byte) error {
	*s = ""
	switch {
	case len(b) > 0 && b[0] == '"':
		var text string
		if err := json.Unmarshal(b, &text); err == nil {
			*s = scalar(text)
		}
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*s = scalar(b)
	}
	return nil
}

// whole is a whole number; false when it is none or does not fit.
func (s scalar) whole() (int64, bool) {
	n, err := strconv.ParseInt(string(s), 10, 64)
	return n, err == nil
}

// within is a whole number from 0 to most, else 0.
func (s scalar) within(most int64) int64 {
	if n, ok := s.whole(); ok && n >= 0 && n <= most {
		return n
	}
	return 0
}

// yes says whether it is a number other than 0.
func (s scalar) yes() bool {
	n, ok := s.whole()
	return ok && n != 0
}

// word is a name from one of ffmpeg's own lists; "unknown" and its like are "".
func (s scalar) word() string {
	switch s {
	case "unknown", "N/A", "reserved", "none", "unspecified":
		return ""
	}
	return s.text()
}

// text is text from the file: valid, without control characters, of bounded length.
func (s scalar) text() string {
	var b strings.Builder
	n := 0
	for _, r := range string(s) {
		if n == maxText {
			break
		}
		if r == utf8.RuneError || unicode.IsControl(r) {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// ratio is a ratio written a/b or a:b, as libavutil keeps it: two 32-bit numbers, both positive. Else it is zero.
func (s scalar) ratio() media.Rational {
	i := strings.IndexAny(string(s), "/:")
	if i < 0 {
		return media.Rational{}
	}
	num, err1 := strconv.ParseInt(string(s[:i]), 10, 32)
	den, err2 := strconv.ParseInt(string(s[i+1:]), 10, 32)
	r := media.Rational{Num: num, Den: den}
	if err1 != nil || err2 != nil || !r.Valid() {
		return media.Rational{}
	}
	return r
}

// seconds is a time written in decimal seconds, exact; false when it is none or beyond belief.
func (s scalar) seconds() (time.Duration, bool) {
	text, negative := strings.CutPrefix(string(s), "-")
	left, right, _ := strings.Cut(text, ".")
	if len(right) > 9 {
		right = right[:9]
	}
	right += strings.Repeat("0", 9-len(right))
	sec, err1 := strconv.ParseUint(left, 10, 40)
	nano, err2 := strconv.ParseUint(right, 10, 40)
	if err1 != nil || err2 != nil || sec > uint64(longest/time.Second) {
		return 0, false
	}
	d := time.Duration(sec)*time.Second + time.Duration(nano)
	if negative {
		d = -d
	}
	return d, true
}

// clock is a time written as Matroska's statistics tags do, "00:00:01.072000000"; false when it is none.
func (s scalar) clock() (time.Duration, bool) {
	parts := strings.Split(string(s), ":")
	if len(parts) != 3 {
		return 0, false
	}
	hours, err1 := strconv.ParseUint(parts[0], 10, 16)
	minutes, err2 := strconv.ParseUint(parts[1], 10, 6)
	sec, ok := scalar(parts[2]).seconds()
	if err1 != nil || err2 != nil || !ok || sec < 0 {
		return 0, false
	}
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + sec
	return d, d <= longest
}

// TicksToDuration converts a time in units of a stream's time base, rounded to the nearest nanosecond. It is false
// when the time base is not valid or the time beyond belief (10,000 hours either way).
func TicksToDuration(t media.Ticks, timeBase media.Rational) (time.Duration, bool) {
	if !timeBase.Valid() || timeBase.Num >= 1<<32 || timeBase.Den >= 1<<32 {
		return 0, false
	}
	u := uint64(t) //nolint:gosec // the bits, made positive next
	if t < 0 {
		u = -u
	}
	num, den := uint64(timeBase.Num), uint64(timeBase.Den) //nolint:gosec // both valid: positive
	hi, lo := bits.Mul64(u, num*uint64(time.Second))
	lo, carry := bits.Add64(lo, den/2, 0)
	if hi += carry; hi >= den {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, den)
	if q > uint64(longest) {
		return 0, false
	}
	if t < 0 {
		return -time.Duration(q), true
	}
	return time.Duration(q), true
}
