package stream

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/plan"
)

// card is what is needed to lay out an item without its source: what surveying it told, and where its segments are
// kept. It is an artifact: a magic word with a version, a CRC-32C of the rest, and the rest, JSON deflated.
type card struct {
	Source   media.Source
	Seed     string
	Probe    media.Probe
	Chapters []media.Chapter
	Origin   media.Ticks // of the timeline, in OriginTimescale
	Scale    uint32      // of Origin
	Total    int64       // ns
	Video    *cardVideo
	Audio    []cardAudio
	Text     []cardText
	Sheets   string // the cache.Key's Rendition of the thumbnails, and how many pictures they are planned to be
	Pictures int
}

// cardPart is where one rendition is kept.
type cardPart struct {
	Rendition string // of its cache.Key
	Plan      plan.Plan
}

type cardVideo struct {
	Track         media.Track
	Verdict       plan.Verdict
	Rung          plan.Rung
	Average, Peak int64 // bits a second
	cardPart
}

type cardAudio struct {
	Track    media.Track
	Verdict  plan.Verdict
	Name     string
	Channels int
	Peak     int64
	cardPart
}

type cardText struct {
	Track     media.Track
	Drawing   media.Drawing
	Images    bool // it is kept as it is sent; text is kept as cues
	Rendition string
	Script    []byte `json:",omitempty"` // of what is styled: the script without events
}

// Of cards.
const (
	cardKey      = "card"
	cardMagic    = "dscard\x00\x01" // with the version
	maxCardBytes = 64 << 20         // inflated
)

var errCard = errors.New("the card is damaged or of another version")

func (c *card) encode() ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode card: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(cardMagic)
	b.Write(make([]byte, crc32.Size))
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("deflate card: %w", err)
	}
	out := b.Bytes()
	head := len(cardMagic) + crc32.Size
	binary.BigEndian.PutUint32(out[len(cardMagic):], crc32.Checksum(out[head:], crc32.MakeTable(crc32.Castagnoli)))
	return out, nil
}

func decodeCard(data []byte) (*card, error) {
	head := len(cardMagic) + crc32.Size
	if len(data) < head || string(data[:len(cardMagic)]) != cardMagic ||
		binary.BigEndian.Uint32(data[len(cardMagic):]) !=
			crc32.Checksum(data[head:], crc32.MakeTable(crc32.Castagnoli)) {
		return nil, errCard
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[head:])), maxCardBytes+1))
	if err != nil || len(text) > maxCardBytes {
		return nil, errors.Join(errCard, err)
	}
	var c card
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, errors.Join(errCard, err)
	}
	return &c, c.check()
}

// check says whether a card can be laid out.
func (c *card) check() error {
	sound := func(p *plan.Plan) bool {
		for n := range p.Len() {
			if p.Duration(n) <= 0 {
				return false
			}
		}
		return p.Timescale > 0 && p.Len() > 0 && p.Bounds[0] == 0
	}
	const most = 1 << 16
	ok := c.Total > 0 && c.Scale > 0 && c.Pictures >= 0 && c.Pictures < most && (c.Video != nil || len(c.Audio) > 0)
	if c.Video != nil {
		ok = ok && sound(&c.Video.Plan) && c.Video.Track.Kind == media.Video
	}
	for i := range c.Audio {
		ok = ok && sound(&c.Audio[i].Plan)
	}
	if !ok {
		return errCard
	}
	return nil
}

// readCard gives an item's card; nil when there is none that can be used.
func (e *Engine) readCard(ctx context.Context, itemID string) *card {
	if e.artifacts == nil {
		return nil
	}
	data, err := e.artifacts.GetArtifact(ctx, itemID, cardKey)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	var c *card
	if err == nil {
		c, err = decodeCard(data)
	}
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelWarn, "Card not used", slog.String("item", itemID), slog.Any("error", err))
		return nil
	}
	c.Source.ItemID = itemID
	return c
}

// newCard describes what was stored of a title.
func newCard(t *title, w wanted) *card {
	c := &card{
		Source: t.src, Seed: t.seed(), Probe: t.survey.probe, Chapters: t.chapters(), Origin: t.timeline.origin.ticks,
		Scale: t.timeline.origin.timescale, Total: int64(t.timeline.total), Sheets: t.thumbs.key.Rendition,
	}
	if t.thumbs.possible() {
		c.Pictures = len(t.thumbs.plan().all)
	}
	for _, p := range w.parts {
		kept := cardPart{Rendition: p.key.Rendition, Plan: *p.plan}
		kept.Plan.Cuts = nil // of the source
		if p.ref.Kind == media.Video {
			c.Video = t.cardVideo(p, kept)
			continue
		}
		for _, a := range w.offer.audio {
			if a.source.track.Index == p.ref.Track && a.name == p.ref.Rendition {
				c.Audio = append(c.Audio, cardAudio{
					Track: a.source.track, Verdict: a.source.verdict, Name: a.name, Channels: a.channels,
					Peak: a.peak(), cardPart: kept,
				})
			}
		}
	}
	return c
}

func (t *title) cardVideo(p part, kept cardPart) *cardVideo {
	for _, r := range t.rungs {
		if r.Name == p.ref.Rendition {
			v := &cardVideo{Track: t.survey.video.track, Verdict: t.survey.video.verdict, Rung: r, cardPart: kept}
			v.Average, v.Peak = t.bandwidth(r)
			return v
		}
	}
	return nil
}
