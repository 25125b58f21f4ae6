package subtitle

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Sidecar is a file of subtitles that lies beside a video and is named after it.
type Sidecar struct {
	Path            string
	Language        string // BCP 47; "" when its name does not say
	Forced          bool   // only what has to be read even by those who understand the sound
	Default         bool
	HearingImpaired bool // sounds are described too
	Styled          bool // a script that plain text would not do justice, by its beginning
}

// Bounds of looking for sidecars.
const (
	maxSidecars = 64
	maxNames    = 50_000 // of one folder
	sniffBytes  = 4 << 10
	styledBytes = 256 << 10 // of a script: whether it needs to be drawn
)

// Beside finds the subtitles that lie beside a video: NAME.srt, NAME.en.srt, NAME.en.forced.vtt, NAME.ass, in order of
// their names. What lies in between has to be a language or a flag, so that the subtitles of NAME.2 are not taken for
// those of NAME. Links, files of more than MaxFileBytes and files that hold no subtitles are passed over.
func Beside(video string) ([]Sidecar, error) {
	dir, base := filepath.Split(video)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	if dir == "" || stem == "" {
		return nil, nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open the video's folder: %w", err)
	}
	defer func() { _ = folder.Close() }() // only read from
	var found []Sidecar
	for read := 0; read < maxNames; {
		const some = 1000
		names, err := folder.Readdirnames(some)
		read += len(names)
		for _, name := range names {
			if s, ok := named(stem, name); ok && len(found) < maxSidecars {
				s.Path = filepath.Join(dir, name)
				if holdsSubtitles(&s) {
					found = append(found, s)
				}
			}
		}
		if errors.Is(err, io.EOF) || err == nil && len(names) == 0 {
			break
		}
		if err != nil {
			return found, fmt.Errorf("read the video's folder: %w", err)
		}
	}
	slices.SortFunc(found, func(a, b Sidecar) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

// named says whether a name is that of a sidecar of stem, and what it tells.
func named(stem, name string) (s Sidecar, ok bool) {
	ext := filepath.Ext(name)
	switch strings.ToLower(ext) {
	case ".srt", ".vtt", ".ass", ".ssa":
	default:
		return s, false
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(name, ext), stem)
	if !ok {
		return s, false
	}
	if rest == "" {
		return s, true
	}
	parts := strings.Split(rest, ".")
	const most = 4
	if parts[0] != "" || len(parts) > most {
		return s, false
	}
	for _, part := range parts[1:] {
		switch strings.ToLower(part) {
		case "forced":
			s.Forced = true
		case "default":
			s.Default = true
		case "sdh", "cc", "hi":
			s.HearingImpaired = true
		default:
			tag, ok := languageOf(part)
			if !ok || s.Language != "" {
				return s, false
			}
			s.Language = tag
		}
	}
	return s, true
}

// languages are those that people write out.
var languages = map[string]string{
	"english": "en", "german": "de", "deutsch": "de", "french": "fr", "francais": "fr", "français": "fr",
	"spanish": "es", "espanol": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt",
	"português": "pt", "dutch": "nl", "nederlands": "nl", "swedish": "sv", "norwegian": "no",
	"danish": "da", "finnish": "fi", "polish": "pl", "polski": "pl", "czech": "cs", "russian": "ru", "ukrainian": "uk",
	"turkish": "tr", "greek": "el", "hebrew": "he", "arabic": "ar", "persian": "fa", "hindi": "hi", "chinese": "zh",
	"japanese": "ja", "korean": "ko", "vietnamese": "vi", "thai": "th", "indonesian": "id", "hungarian": "hu",
	"romanian": "ro",
}

// languageOf reads a language's tag (BCP 47, ISO 639-2) or its name.
func languageOf(s string) (string, bool) {
	s = strings.ToLower(s)
	if tag, ok := languages[s]; ok {
		return tag, true
	}
	primary, _, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
	if len(primary) != 2 && len(primary) != 3 || s == "und" {
		return "", false
	}
	tag, err := language.Parse(s)
	if err != nil {
		return "", false
	}
	return tag.String(), true
}

// holdsSubtitles looks into a file, into a script further than into others.
func holdsSubtitles(s *Sidecar) bool {
	f, err := openRegular(s.Path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read from
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	format, ok := Sniff(head[:n])
	if format == ASS {
		rest, _ := io.ReadAll(io.LimitReader(f, styledBytes)) // what can be read is looked at
		s.Styled = styled(append(head[:n], rest...))
	}
	return ok
}

// openRegular opens a file of at most MaxFileBytes, and nothing else: no link, no pipe, no device.
func openRegular(path string) (*os.File, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("look at subtitles: %w", err)
	}
	if !before.Mode().IsRegular() || before.Size() > MaxFileBytes {
		return nil, fmt.Errorf("%w: no ordinary file, or too large", ErrNoSubtitles)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open subtitles: %w", err)
	}
	now, err := f.Stat()
	if err != nil || !os.SameFile(before, now) {
		_ = f.Close() // only read from
		return nil, fmt.Errorf("%w: it was exchanged meanwhile", ErrNoSubtitles)
	}
	return f, nil
}

// Load reads the whole of a sidecar, for a picture of a shape.
func (s Sidecar) Load(width, height int) (*Cues, error) {
	f, err := openRegular(s.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes))
	if err != nil {
		return nil, fmt.Errorf("read subtitles: %w", err)
	}
	return ParseFor(data, width, height)
}
