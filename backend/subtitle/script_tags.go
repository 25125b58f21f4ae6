package subtitle

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Bounds of overrides.
const (
	mostPlace     = 100_000
	mostTime      = 3_600_000 // milliseconds
	mostTags      = 64        // of one block
	mostArguments = 8
)

// tagForm is how the argument of an override is read and written.
type tagForm int

const (
	formNumber tagForm = iota
	formWhole          // a whole number
	formColour
	formAlpha
	formPlaces // (x,y) or (x1,y1,x2,y2), and perhaps times after them
	formTimes
	formStyle
	formClip
	formChange // \t
	formLegacy // \a: an alignment as v4 counts it
)

// overrideTag tells of one kind of override what is kept of it.
type overrideTag struct {
	form        tagForm
	least, most float64 // of numbers; of the height of the plane where relative is set
	relative    bool
	counts      []int // of arguments in parentheses
	changes     bool  // it may stand in \t
	matters     bool  // text that is drawn without it is not what it was meant to be
}

// overrideTags are the overrides that are kept, by name.
var overrideTags = map[string]overrideTag{
	"b": {form: formWhole, most: 900}, "i": {form: formWhole, most: 1}, "u": {form: formWhole, most: 1},
	"s": {form: formWhole, most: 1}, "q": {form: formWhole, most: 3},
	"p":  {form: formWhole, most: 10, matters: true},
	"an": {form: formWhole, least: 1, most: 9, matters: true}, "a": {form: formLegacy, matters: true},
	"k": {form: formWhole, most: mostTime, matters: true}, "kf": {form: formWhole, most: mostTime, matters: true},
	"ko": {form: formWhole, most: mostTime, matters: true}, "K": {form: formWhole, most: mostTime, matters: true},
	"fs":   {least: 0.01, most: 2, relative: true, changes: true},
	"fscx": {most: mostScale, changes: true}, "fscy": {most: mostScale, changes: true},
	"fsp": {least: -mostSpacing, most: mostSpacing, changes: true},
	"fr":  {least: -mostAngle, most: mostAngle, changes: true, matters: true},
	"frx": {least: -mostAngle, most: mostAngle, changes: true, matters: true},
	"fry": {least: -mostAngle, most: mostAngle, changes: true, matters: true},
	"frz": {least: -mostAngle, most: mostAngle, changes: true, matters: true},
	"fax": {least: -20, most: 20, changes: true, matters: true},
	"fay": {least: -20, most: 20, changes: true, matters: true},
	"be":  {most: 0.05, relative: true, changes: true}, "blur": {most: 0.05, relative: true, changes: true},
	"bord": {most: 0.25, relative: true, changes: true}, "xbord": {most: 0.25, relative: true, changes: true},
	"ybord": {most: 0.25, relative: true, changes: true}, "shad": {most: 0.25, relative: true, changes: true},
	"xshad": {least: -0.25, most: 0.25, relative: true, changes: true},
	"yshad": {least: -0.25, most: 0.25, relative: true, changes: true},
	"c":     {form: formColour, changes: true, matters: true}, "1c": {form: formColour, changes: true, matters: true},
	"2c": {form: formColour, changes: true}, "3c": {form: formColour, changes: true},
	"4c": {form: formColour, changes: true}, "alpha": {form: formAlpha, changes: true},
	"1a": {form: formAlpha, changes: true}, "2a": {form: formAlpha, changes: true},
	"3a": {form: formAlpha, changes: true}, "4a": {form: formAlpha, changes: true},
	"pos":  {form: formPlaces, counts: []int{2}, matters: true},
	"org":  {form: formPlaces, counts: []int{2}, matters: true},
	"move": {form: formPlaces, counts: []int{4, 6}, matters: true},
	"fad":  {form: formTimes, counts: []int{2}}, "fade": {form: formTimes, counts: []int{7}},
	"r": {form: formStyle}, "clip": {form: formClip, changes: true, matters: true},
	"iclip": {form: formClip, changes: true, matters: true}, "t": {form: formChange, matters: true},
}

// tagNames are the names, the longer ones first: what begins with one of them has that override.
var tagNames = func() (names []string) {
	for name := range overrideTags {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return names
}()

// tagName gives the name of the override that s begins with.
func tagName(s string) (name string, ok bool) {
	i := slices.IndexFunc(tagNames, func(name string) bool { return strings.HasPrefix(s, name) })
	if i < 0 {
		return "", false
	}
	return tagNames[i], true
}

// tagWriter writes the text of one event.
type tagWriter struct {
	script  *Script
	out     []byte
	drawing int // \p that holds now, 0 for text
}

// block rewrites what stands between two braces.
func (w *tagWriter) block(in string) {
	start := len(w.out)
	w.out = append(w.out, '{')
	said := false
	w.tags(in, false, func(name string, value float64) {
		if name == "p" {
			w.drawing, said = int(value), true
		}
	})
	if w.drawing > 0 && !said { // renderers take each block for itself
		w.out = append(w.out, `\p`...)
		w.out = strconv.AppendInt(w.out, int64(w.drawing), 10)
	}
	if len(w.out) == start+1 {
		w.out = w.out[:start]
		return
	}
	w.out = append(w.out, '}')
}

// tags rewrites overrides one after the other; tell hears of whole numbers. Inside \t only what can change is kept.
func (w *tagWriter) tags(in string, inside bool, tell func(name string, value float64)) {
	for range mostTags {
		at := strings.IndexByte(in, '\\')
		if at < 0 || len(w.out) > maxEventBytes {
			return
		}
		in = strings.TrimLeft(in[at+1:], " ")
		name, ok := tagName(in)
		if !ok {
			continue
		}
		var argument string
		argument, in = cutArgument(in[len(name):])
		if tag := overrideTags[name]; !inside || tag.changes {
			w.tag(name, tag, argument, inside, tell)
		}
	}
}

// cutArgument takes the argument of an override off what follows its name: what is in parentheses with them, else all
// up to the next backslash.
func cutArgument(in string) (argument, rest string) {
	if trimmed := strings.TrimLeft(in, " "); strings.HasPrefix(trimmed, "(") {
		in = trimmed
		depth := 0
		for i := range len(in) {
			switch in[i] {
			case '(':
				depth++
			case ')':
				if depth--; depth == 0 {
					return in[:i+1], in[i+1:]
				}
			}
		}
		return in, ""
	}
	if end := strings.IndexByte(in, '\\'); end >= 0 {
		return in[:end], in[end:]
	}
	return in, ""
}

// tag rewrites one override; one whose argument is not understood is left out.
func (w *tagWriter) tag(name string, tag overrideTag, arg string, inside bool, tell func(string, float64)) {
	start := len(w.out)
	w.out = append(w.out, '\\')
	w.out = append(w.out, name...)
	ok := false
	switch tag.form {
	case formNumber, formWhole:
		ok = w.number(tag, name, arg, tell)
	case formLegacy:
		if n, isNumber := decimal(unwrap(arg), 1, 11); isNumber {
			w.out = append(w.out[:start], `\an`...)
			w.out = strconv.AppendInt(w.out, int64(keypad(int(n), true)), 10)
			ok = true
		}
	case formColour, formAlpha:
		ok = w.colour(tag.form, unwrap(arg))
	case formPlaces, formTimes:
		ok = w.list(tag, arg)
	case formStyle:
		if n, known := w.script.numbers[styleName(arg)]; known && strings.TrimSpace(arg) != "" {
			w.out = append(w.out, 's')
			w.out = strconv.AppendInt(w.out, int64(n), 10)
		}
		ok = true
	case formClip:
		ok = w.clip(arg, inside)
	case formChange:
		ok = w.change(arg)
	}
	if !ok {
		w.out = w.out[:start]
	}
}

// unwrap takes parentheses away that need not be there.
func unwrap(arg string) string {
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(arg), "("), ")"))
}

func (w *tagWriter) number(tag overrideTag, name, arg string, tell func(string, float64)) bool {
	arg = unwrap(arg)
	if tag.relative && name == "fs" && strings.ContainsAny(arg, "+-") {
		return false // of the size before
	}
	scale := 1.0
	if tag.relative {
		scale = w.script.height
	}
	n, ok := decimal(arg, tag.least*scale, tag.most*scale)
	if !ok {
		return false
	}
	if tag.form == formWhole {
		n = math.Trunc(n)
		tell(name, n)
	}
	w.out = appendNumber(w.out, n)
	return true
}

// colour writes a colour, or how much is seen through. A colour without any is that of the style.
func (w *tagWriter) colour(form tagForm, arg string) bool {
	if arg == "" {
		return form == formColour
	}
	n, ok := hexColour(strings.TrimLeft(arg, "&hH"))
	if !ok {
		return false
	}
	digits := 6
	if form == formAlpha {
		digits = 2
	}
	w.out = append(w.out, "&H"...)
	w.out = appendHex(w.out, n, digits)
	w.out = append(w.out, '&')
	return true
}

// arguments splits what is in parentheses.
func arguments(arg string) []string {
	return strings.SplitN(unwrap(arg), ",", mostArguments+1)
}

// list writes places, and times that never go back.
func (w *tagWriter) list(tag overrideTag, arg string) bool {
	all := arguments(arg)
	if !slices.Contains(tag.counts, len(all)) {
		return false
	}
	times := 0 // where they begin
	switch {
	case tag.form == formPlaces:
		times = min(len(all), 4)
	case len(all) > 2: // \fade has three degrees first
		times = 3
	}
	numbers := make([]float64, len(all))
	for i, a := range all {
		var ok bool
		switch {
		case tag.form == formPlaces && i < times:
			numbers[i], ok = w.place(a, i)
		case i < times:
			numbers[i], ok = decimal(a, 0, 255)
		default:
			numbers[i], ok = decimal(a, 0, mostTime)
		}
		if !ok {
			return false
		}
	}
	if len(all) > 2 {
		slices.Sort(numbers[times:])
	}
	w.out = append(w.out, '(')
	w.numbers(numbers)
	w.out = append(w.out, ')')
	return true
}

// place reads the coordinate number i of a list, where those across are even.
func (w *tagWriter) place(s string, i int) (float64, bool) {
	n, ok := decimal(s, -mostPlace, mostPlace)
	if i%2 == 0 {
		n = min(max(n*w.script.stretch, -mostPlace), mostPlace)
	}
	return n, ok
}

func (w *tagWriter) numbers(all []float64) {
	for i, n := range all {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = appendNumber(w.out, n)
	}
}

// clip writes a rectangle, or a drawing, which cannot change.
func (w *tagWriter) clip(arg string, inside bool) bool {
	const corners = 4
	all := arguments(arg)
	if len(all) == corners {
		numbers := make([]float64, corners)
		for i, a := range all {
			var ok bool
			if numbers[i], ok = w.place(a, i); !ok {
				return false
			}
		}
		w.out = append(w.out, '(')
		w.numbers(numbers)
		w.out = append(w.out, ')')
		return true
	}
	if inside || len(all) > 2 {
		return false
	}
	w.out = append(w.out, '(')
	if len(all) == 2 {
		scale, ok := decimal(all[0], 1, 10)
		if !ok {
			return false
		}
		w.out = appendNumber(w.out, math.Trunc(scale))
		w.out = append(w.out, ',')
	}
	before := len(w.out)
	w.path(all[len(all)-1])
	if len(w.out) == before {
		return false
	}
	w.out = append(w.out, ')')
	return true
}

// change writes \t: perhaps two times, and overrides. How it gathers speed is left out.
func (w *tagWriter) change(arg string) bool {
	arg = strings.TrimPrefix(strings.TrimSpace(arg), "(")
	head, tags, ok := strings.Cut(arg, `\`)
	if !ok {
		return false
	}
	w.out = append(w.out, '(')
	if all := strings.SplitN(head, ",", mostArguments); len(all) > 2 {
		from, okFrom := decimal(all[0], 0, mostTime)
		to, okTo := decimal(all[1], 0, mostTime)
		if !okFrom || !okTo {
			return false
		}
		w.numbers([]float64{from, max(from, to)})
		w.out = append(w.out, ',')
	}
	before := len(w.out)
	w.tags(`\`+strings.TrimSuffix(tags, ")"), true, func(string, float64) {})
	if len(w.out) == before {
		return false
	}
	w.out = append(w.out, ')')
	return true
}

// path writes a drawing: commands and numbers, a blank between them.
func (w *tagWriter) path(in string) {
	for word := range strings.FieldsSeq(spaceCommands.Replace(in)) {
		if len(w.out) > maxEventBytes {
			return
		}
		command := len(word) == 1 && strings.IndexByte(commands, word[0]) >= 0
		n, isNumber := decimal(word, -mostPlace, mostPlace)
		if !command && !isNumber {
			continue
		}
		if len(w.out) > 0 && !strings.ContainsRune("}(, ", rune(w.out[len(w.out)-1])) {
			w.out = append(w.out, ' ')
		}
		if command {
			w.out = append(w.out, word...)
		} else {
			w.out = appendNumber(w.out, n)
		}
	}
}

// commands of a drawing.
const commands = "mnlbspc"

// spaceCommands sets the commands of a drawing apart from their numbers.
var spaceCommands = strings.NewReplacer(
	"m", " m ", "n", " n ", "l", " l ", "b", " b ", "s", " s ", "p", " p ", "c", " c ", ",", " ", "\t", " ",
)
