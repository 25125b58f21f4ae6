package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// attribute is one AttributeName=AttributeValue (RFC 8216 §4.2), the quotes taken off.
type attribute struct {
	value  string
	quoted bool
}

type attributeList map[string]attribute

// attributes reads an attribute list.
func (p *parser) attributes(list string) attributeList {
	all := attributeList{}
	for rest := list; ; {
		name, after, ok := cut(rest, '=')
		if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			p.complain(secAttributes, "%q does not begin with an attribute", rest)
			return all
		}
		var a attribute
		if strings.HasPrefix(after, `"`) {
			a.quoted = true
			if a.value, rest, ok = cut(after[1:], '"'); !ok {
				p.complain(secAttributes, "the value of %s has no closing quote", name)
				return all
			}
		} else {
			end := strings.IndexByte(after, ',')
			if end < 0 {
				end = len(after)
			}
			a.value, rest = after[:end], after[end:]
			if a.value == "" || strings.ContainsAny(a.value, "\" \t") {
				p.complain(secAttributes, "the value %q of %s is empty, or has quotes or blanks", a.value, name)
			}
		}
		if _, twice := all[name]; twice {
			p.complain(secAttributes, "%s appears twice", name)
		}
		all[name] = a
		if rest == "" {
			return all
		}
		if rest[0] != ',' {
			p.complain(secAttributes, "no comma after %s", name)
			return all
		}
		rest = rest[1:]
	}
}

// text is a quoted-string.
func (l attributeList) text(p *parser, name string) (string, bool) {
	a, ok := l[name]
	if ok && !a.quoted {
		p.complain(secAttributes, "the value of %s is not a quoted-string", name)
	}
	return a.value, ok
}

// word is an enumerated-string, one of those given.
func (l attributeList) word(p *parser, section, name string, words ...string) string {
	a, ok := l[name]
	if !ok {
		return ""
	}
	if a.quoted {
		p.complain(secAttributes, "the value of %s is quoted", name)
	}
	for _, w := range words {
		if a.value == w {
			return w
		}
	}
	p.complain(section, "%s is %q, not one of %s", name, a.value, strings.Join(words, ", "))
	return a.value
}

// yes is an enumerated-string that is YES or NO; absent is NO.
func (l attributeList) yes(p *parser, section, name string) bool {
	return l.word(p, section, name, "YES", "NO") == "YES"
}

// number is a decimal-integer; 0 when it is absent.
func (l attributeList) number(p *parser, section, name string) int64 {
	a, ok := l[name]
	if !ok {
		return 0
	}
	if a.quoted {
		p.complain(secAttributes, "the value of %s is quoted", name)
	}
	return p.integer(a.value, section, math.MaxInt64)
}

// integer reads a decimal-integer (RFC 8216 §4.2).
func (p *parser) integer(value, section string, largest int64) int64 {
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil || !isDigits(value) || n > uint64(largest) { //nolint:gosec // a positive limit
		p.complain(section, "%q is no number that fits here", value)
		return 0
	}
	return int64(n)
}

// parseSeconds reads a decimal-floating-point or decimal-integer number of seconds, to the nanosecond, the rest cut
// off. decimals says whether it had a point.
func parseSeconds(s string) (d time.Duration, decimals, ok bool) {
	whole, fraction, decimals := cut(s, '.')
	if !isDigits(whole) || (decimals && !isDigits(fraction)) {
		return 0, decimals, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n >= int64(math.MaxInt64/time.Second) {
		return 0, decimals, false
	}
	const places = 9
	fraction = (fraction + strings.Repeat("0", places))[:places]
	nanos, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil {
		return 0, decimals, false
	}
	return time.Duration(n)*time.Second + time.Duration(nanos), decimals, true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func cut(s string, at byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, at); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
