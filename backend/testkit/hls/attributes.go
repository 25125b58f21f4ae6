package hls

import (
	"fmt"
	"regexp"
	"strings"
)

// The forms of attribute values (RFC 8216 §4.2).
var (
	attributeName = regexp.MustCompile(`^[A-Z0-9-]+$`)
	decimalInt    = regexp.MustCompile(`^[0-9]{1,20}$`)
	decimalFloat  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	resolution    = regexp.MustCompile(`^[1-9][0-9]*x[1-9][0-9]*$`)
	enumerated    = regexp.MustCompile(`^[^",\s]+$`)
)

// value is an attribute's value; quoted tells a quoted-string from the rest.
type value struct {
	text   string
	quoted bool
}

// attributeForms are the forms that the attributes in use must have: "q" quoted-string, "e" enumerated-string, "i"
// decimal-integer, "f" decimal-floating-point, "r" decimal-resolution.
var attributeForms = map[string]string{
	"URI": "q", "TYPE": "e", "GROUP-ID": "q", "LANGUAGE": "q", "NAME": "q", "DEFAULT": "e", "AUTOSELECT": "e",
	"FORCED": "e", "CHANNELS": "q", "CHARACTERISTICS": "q", "BANDWIDTH": "i", "AVERAGE-BANDWIDTH": "i", "CODECS": "q",
	"RESOLUTION": "r", "FRAME-RATE": "f", "VIDEO-RANGE": "e", "AUDIO": "q", "SUBTITLES": "q", "VIDEO": "q",
	"HDCP-LEVEL": "e", "BYTERANGE": "q", "CLOSED-CAPTIONS": "", "ASSOC-LANGUAGE": "q",
}

// attributes reads an attribute list (RFC 8216 §4.2). What is wrong with it comes back as sentences.
func attributes(list string) (map[string]value, []string) {
	found, wrong := map[string]value{}, []string(nil)
	for list != "" {
		name, rest, ok := strings.Cut(list, "=")
		if !ok || !attributeName.MatchString(name) {
			return found, append(wrong, fmt.Sprintf("no attribute name at %q (§4.2)", list))
		}
		var v value
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return found, append(wrong, fmt.Sprintf("%s: quote is not closed (§4.2)", name))
			}
			v = value{rest[1 : 1+end], true}
			rest = rest[end+2:]
			if rest != "" && rest[0] != ',' {
				return found, append(wrong, fmt.Sprintf("%s: %q after the quoted string (§4.2)", name, rest))
			}
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			v, rest = value{rest[:end], false}, rest[end:]
		}
		if _, twice := found[name]; twice {
			wrong = append(wrong, fmt.Sprintf("%s stands twice (§4.2)", name))
		}
		found[name] = v
		if !hasForm(attributeForms[name], v) {
			wrong = append(wrong, fmt.Sprintf("%s=%q has the wrong form (§4.2)", name, v.text))
		}
		if rest == "," {
			return found, append(wrong, "comma at the end of an attribute list (§4.2)")
		}
		list = strings.TrimPrefix(rest, ",")
	}
	return found, wrong
}

func hasForm(form string, v value) bool {
	switch form {
	case "q":
		return v.quoted
	case "e":
		return !v.quoted && enumerated.MatchString(v.text)
	case "i":
		return !v.quoted && decimalInt.MatchString(v.text)
	case "f":
		return !v.quoted && decimalFloat.MatchString(v.text)
	case "r":
		return !v.quoted && resolution.MatchString(v.text)
	default:
		return v.quoted || enumerated.MatchString(v.text)
	}
}
