package ffmpeg

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"dropstream/backend/media"
)

const (
	maxChapters = 4096

	// unknownLength is the duration of a track or movie that does not know its own (ISO/IEC 14496-12 8.2.2.3 and
	// 8.4.2.3: "all 1s"), which ffprobe prints as if it were one.
	unknownLength = math.MaxUint32
)

// The shape of what ffprobe prints, as far as it is asked for.
type (
	probeDoc struct {
		Error    struct{ Code scalar }
		Format   probeFormat
		Streams  []probeStream
		Chapters []probeChapter
		Packets  []probePacket
	}
	probeFormat struct {
		Start    scalar `json:"start_time"`
		Duration scalar
		BitRate  scalar `json:"bit_rate"`
		Tags     map[string]scalar
	}
	probeStream struct {
		Index      scalar
		Type       scalar `json:"codec_type"`
		Codec      scalar `json:"codec_name"`
		Tag        scalar `json:"codec_tag_string"`
		Profile    scalar
		Level      scalar
		TimeBase   scalar `json:"time_base"`
		StartTicks scalar `json:"start_pts"`
		Start      scalar `json:"start_time"`
		LenTicks   scalar `json:"duration_ts"`
		Duration   scalar
		BitRate    scalar `json:"bit_rate"`

		Width, Height scalar
		PixelAspect   scalar `json:"sample_aspect_ratio"`
		AverageRate   scalar `json:"avg_frame_rate"`
		RealRate      scalar `json:"r_frame_rate"`
		PixelFormat   scalar `json:"pix_fmt"`
		RawBits       scalar `json:"bits_per_raw_sample"`
		FieldOrder    scalar `json:"field_order"`
		Range         scalar `json:"color_range"`
		Matrix        scalar `json:"color_space"`
		Transfer      scalar `json:"color_transfer"`
		Primaries     scalar `json:"color_primaries"`

		SampleRate scalar `json:"sample_rate"`
		Channels   scalar
		Layout     scalar `json:"channel_layout"`

		Extradata   scalar
		Disposition map[string]scalar
		Tags        map[string]scalar
		SideData    []sideData `json:"side_data_list"`
	}
	probeChapter struct {
		TimeBase   scalar `json:"time_base"`
		Start, End scalar
		Tags       map[string]scalar
	}
	probePacket struct {
		Stream   scalar     `json:"stream_index"`
		SideData []sideData `json:"side_data_list"`
	}
	sideData struct {
		Type   scalar `json:"side_data_type"`
		Matrix scalar `json:"displaymatrix"`
		DV     scalar `json:"dv_profile"`
	}
)

// parseProbe makes a probe of ffprobe's JSON. It also gives the number of the error ffprobe reports, 0 for none.
// Whatever the JSON holds, it gives a probe that makes sense or an error.
func parseProbe(out []byte, src media.Source) (full *FullProbe, avError int64, err error) {
	var doc probeDoc
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, 0, fmt.Errorf("parse ffprobe output: %w", err)
	}
	avError, _ = doc.Error.Code.whole()
	full = &FullProbe{TimeBases: make(map[int]media.Rational)}
	full.Container = src.Container
	full.Title = first(doc.Format.Tags, "title", "TITLE").text()

	formatStart, _ := doc.Format.Start.seconds()
	formatLength, _ := doc.Format.Duration.seconds()
	for _, s := range doc.Streams {
		if n, ok := s.LenTicks.whole(); ok && n == unknownLength {
			formatLength = 0 // it is the longest of the tracks'
		}
	}
	locked := lockedStreams(doc.Packets)
	for i, s := range doc.Streams {
		if i == 2*maxStreams {
			break
		}
		track, ok := s.track(formatStart + formatLength)
		if _, again := full.TimeBases[track.Index]; !ok || again {
			continue
		}
		track.Encrypted = track.Encrypted || locked[track.Index]
		full.Tracks = append(full.Tracks, track)
		full.TimeBases[track.Index] = s.TimeBase.ratio()
	}
	for index, tb := range full.TimeBases {
		if !tb.Valid() {
			delete(full.TimeBases, index)
		}
	}
	full.setSpan(formatStart, formatLength)
	full.BitRate = doc.Format.BitRate.within(math.MaxInt64)
	if full.BitRate == 0 || formatLength == 0 {
		full.BitRate = averageRate(src.SizeBytes, full.Duration)
	}
	full.Chapters = chapters(doc.Chapters)
	if len(full.Tracks) == 0 {
		return nil, avError, fmt.Errorf("probe: no track at all")
	}
	return full, avError, nil
}

// averageRate is the bits per second of a file of some size and length, 0 when that cannot be said.
func averageRate(sizeBytes int64, length time.Duration) int64 {
	if length <= 0 || sizeBytes <= 0 {
		return 0
	}
	return int64(float64(sizeBytes) * 8 / length.Seconds())
}

// lockedStreams is the set of the streams whose packets say that they are encrypted.
func lockedStreams(packets []probePacket) map[int]bool {
	locked := make(map[int]bool)
	for _, p := range packets {
		index, ok := p.Stream.whole()
		for _, d := range p.SideData {
			if ok && d.Type == "Encryption info" {
				locked[int(index)] = true
			}
		}
	}
	return locked
}

func chapters(list []probeChapter) (out []media.Chapter) {
	for _, c := range list {
		tb := c.TimeBase.ratio()
		start, ok1 := c.Start.whole()
		end, ok2 := c.End.whole()
		from, ok3 := TicksToDuration(start, tb)
		to, ok4 := TicksToDuration(end, tb)
		if !ok1 || !ok2 || !ok3 || !ok4 || to < from || len(out) == maxChapters {
			continue
		}
		out = append(out, media.Chapter{Start: from, End: to, Title: first(c.Tags, "title", "TITLE").text()})
	}
	return out
}

// first is the first of some tags that is there.
func first(tags map[string]scalar, keys ...string) scalar {
	for _, k := range keys {
		if v := tags[k]; v != "" {
			return v
		}
	}
	return ""
}

// language is a tag's language, "" when it is undetermined (ISO 639-2 "und") or none.
func language(s scalar) string {
	tag := strings.ToLower(string(s))
	if tag == "und" || len(tag) < 2 || len(tag) > 35 { // 35: RFC 5646 4.4.1
		return ""
	}
	for _, r := range tag {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return ""
		}
	}
	return tag
}
