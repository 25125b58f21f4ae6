package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// printJSON prints one object on one line of its own.
func (r *runner) printJSON(v any) error {
	encoder := json.NewEncoder(r.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

func (r *runner) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(r.Stdout, format, args...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// plain makes text from a file's name or tags harmless for a terminal: control characters, which could move the
// cursor or worse, become U+FFFD.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}
