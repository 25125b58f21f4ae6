package stream

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"dropstream/backend/media"
	"dropstream/backend/subtitle"
)

// Of text.
const (
	textSegment     = 30 * time.Second // length of a segment
	textLast        = time.Second      // a last segment shorter than this is part of the one before it
	textLookBack    = 2                // segments before the asked one in which a cue that is still shown is looked for
	textTime        = 5 * time.Second  // what one segment may take to make; then it is empty
	maxTextTracks   = 64               // sidecars included
	firstSidecar    = 1000             // sidecars are numbered from here on, above all tracks
	maxSidecarBytes = 32 << 20         // of cues that are remembered of a title's sidecars
	textGroup       = "subs"           // the one group of text renditions
	textReaders     = 2                // texts that are read at once, in all titles
)

// textTrack is one text rendition.
type textTrack struct {
	media.Track // Index is its number in URLs; Language, Title, Default and Forced are what the playlist says
	drawing     media.Drawing
	// cues gives what is shown at some time in [from, to) of the presentation, as far as it is known. Nil for images.
	cues func(ctx context.Context, from, to time.Duration) (*subtitle.Cues, error)
	// screens gives the same of subtitles that are images; nil for all others.
	screens func(ctx context.Context, from, to time.Duration) ([]subtitle.Screen, error)
	// stored gives a segment of such as it was sent before its source went; nil for all others.
	stored func(n int) ([]byte, error)
}

// texts are a title's text renditions. Sidecars may come and go while the title is open.
type texts struct {
	tracks []textTrack // of the source itself
	reel   *reel       // what they are read from, where that is Matroska

	mu       sync.Mutex
	sidecars []*sidecar // all that were ever seen, by number

	looked sync.Once
	styled map[int]bool // tracks of the source that are styled by what is in them, see lookForStyle
}

// textCodecs are the codecs whose samples are text, by the way to read them.
var textCodecs = map[media.Codec]func(tag string, sample []byte) string{
	"subrip": func(_ string, p []byte) string { return subtitle.FromSubRip(p) },
	"text":   func(_ string, p []byte) string { return subtitle.FromSubRip(p) },
	"ass":    func(_ string, p []byte) string { return subtitle.FromASS(p) },
	"ssa":    func(_ string, p []byte) string { return subtitle.FromASS(p) },
	"mov_text": func(_ string, p []byte) string {
		return subtitle.FromTX3G(p)
	},
	"webvtt": func(tag string, p []byte) string {
		switch {
		case tag == "wvtt":
			return subtitle.FromWVTT(p)
		case len(tag) > 2 && tag[:2] == "D_":
			return subtitle.FromWebMVTT(p)
		}
		return subtitle.FromWebVTT(p)
	},
}

// layText finds the source's own text tracks. Only an index knows where their samples are, and only the containers
// that have one hold text that can be read.
func (t *title) layText() {
	var r *reel
	for _, x := range t.survey.index.Tracks {
		read := textCodecs[x.Codec]
		if x.Kind != media.Text || x.Encrypted || len(t.texts.tracks) >= maxTextTracks {
			continue
		}
		if imageCodecs[x.Codec] != nil {
			t.layImages(x)
			continue
		}
		if read == nil {
			continue
		}
		track := textTrack{Track: x.Track, drawing: media.DrawnByPlayer}
		switch {
		case t.src.Container.IsISO():
			s := &textSamples{file: t.file, track: x, origin: t.timeline.origin.in(x.Timescale), read: read}
			track.cues = s.cues
		case t.src.Container.IsEBML():
			if r == nil {
				r = newReel(t)
			}
			if x.Codec == "ass" || x.Codec == "ssa" {
				script := subtitle.ParseScript(x.CodecPrivate)
				script.Fit(t.shape())
				r.scripts[x] = script
				if script.Differs() {
					track.drawing = media.DrawnStyled
				}
			}
			track.cues = r.of(x)
		default:
			continue
		}
		t.texts.tracks = append(t.texts.tracks, track)
	}
	t.texts.reel = r
	t.layUnindexedImages()
}

// shape is that of the picture as it is shown; 0, 0 without one.
func (t *title) shape() (width, height int) {
	if v := t.survey.video; v != nil {
		return v.track.Video.DisplaySize()
	}
	return 0, 0
}

// sidecar is a file of subtitles beside the source.
type sidecar struct {
	subtitle.Sidecar
	number int
	gone   bool // it was not there when it was last looked for

	texts *texts
	shape func() (width, height int) // of the picture

	loading sync.Mutex
	read    atomic.Pointer[subtitle.Cues] // nil until it is read, and again when others need the memory
}

// look finds the sidecars that there are now. Each keeps its number for as long as the title is open.
func (t *title) look(ctx context.Context) {
	if t.stored != nil {
		return // they were stored with it
	}
	found, err := subtitle.Beside(t.src.Path)
	if err != nil {
		t.e.log.LogAttrs(ctx, slog.LevelDebug, "Sidecars not found", slog.Any("error", err))
	}
	x := &t.texts
	x.mu.Lock()
	defer x.mu.Unlock()
	known := map[string]*sidecar{}
	for _, s := range x.sidecars {
		s.gone = true
		known[s.Path] = s
	}
	for _, f := range found {
		if s := known[f.Path]; s != nil {
			s.gone = false
			continue
		}
		if len(x.sidecars)+len(x.tracks) < maxTextTracks {
			x.sidecars = append(x.sidecars, &sidecar{
				Sidecar: f, number: firstSidecar + len(x.sidecars), texts: x, shape: t.shape,
			})
		}
	}
}

// all gives the text renditions, those of the source first.
func (x *texts) all() []textTrack {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := append([]textTrack(nil), x.tracks...)
	for i := range all {
		if x.styled[all[i].Index] {
			all[i].drawing = media.DrawnStyled
		}
	}
	for _, s := range x.sidecars {
		if !s.gone {
			all = append(all, s.track())
		}
	}
	return all
}

// find gives the text rendition of a number.
func (x *texts) find(number int) (textTrack, bool) {
	for _, t := range x.tracks {
		if t.Index == number {
			return t, true
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if i := number - firstSidecar; i >= 0 && i < len(x.sidecars) {
		return x.sidecars[i].track(), true
	}
	return textTrack{}, false
}

func (s *sidecar) track() textTrack {
	t := textTrack{Track: media.Track{
		Index: s.number, Kind: media.Text, Language: s.Language, Default: s.Default, Forced: s.Forced,
	}, drawing: media.DrawnByPlayer, cues: s.cues}
	if s.HearingImpaired {
		t.Role = media.ForHearingImpaired
	}
	if s.Styled {
		t.drawing = media.DrawnStyled
	}
	return t
}

// cues reads the file, unless it is still remembered.
func (s *sidecar) cues(context.Context, time.Duration, time.Duration) (*subtitle.Cues, error) {
	if read := s.read.Load(); read != nil {
		return read, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if read := s.read.Load(); read != nil {
		return read, nil
	}
	read, err := s.Load(s.shape())
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", filepath.Base(s.Path), err)
	}
	s.read.Store(read)
	s.texts.trim(s)
	return read, nil
}

// trim forgets sidecars other than the one that was read last when they take too much memory.
func (x *texts) trim(last *sidecar) {
	x.mu.Lock()
	defer x.mu.Unlock()
	total := last.read.Load().Bytes()
	for _, s := range x.sidecars {
		read := s.read.Load()
		if s == last || read == nil {
			continue
		}
		if total += read.Bytes(); total > maxSidecarBytes {
			s.read.Store(nil)
		}
	}
}

// textName is what a text rendition is called.
func textName(t media.Track, i int) string {
	name := t.Title
	switch {
	case name != "":
		return name
	case t.Language != "":
		name = t.Language
	default:
		name = fmt.Sprintf("Subtitles %d", i+1)
	}
	if t.Role.Is(media.ForHearingImpaired) {
		name += " SDH"
	}
	if t.Forced {
		name += " (forced)"
	}
	return name
}
