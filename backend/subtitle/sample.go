package subtitle

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// FromTX3G gives the text of a sample of 3GPP timed text (TS 26.245 5.17): a length, the text, and boxes that style
// spans of it. An empty text, which most gaps are, gives "".
func FromTX3G(sample []byte) string {
	if len(sample) < 2 {
		return ""
	}
	n := min(int(binary.BigEndian.Uint16(sample)), len(sample)-2)
	faces := spans(sample[2+n:])
	b := newBuilder()
	at := 0 // characters so far
	for _, r := range Decode(sample[2 : 2+n]) {
		if b.full {
			break
		}
		face := style(0)
		for _, s := range faces {
			if at >= s.from && at < s.to {
				face = s.style
			}
		}
		b.want = face
		b.add(r)
		at++
	}
	return b.text()
}

// span is a run of characters in one style.
type span struct {
	from, to int
	style    style
}

// spans reads the style records (TS 26.245 5.17.1.1) behind a text.
func spans(p []byte) (all []span) {
	const record, most = 12, 256
	eachBox(p, func(typ string, body []byte) {
		if typ != "styl" || len(body) < 2 {
			return
		}
		count := int(binary.BigEndian.Uint16(body))
		for body = body[2:]; count > 0 && len(body) >= record && len(all) < most; body = body[record:] {
			count--
			s := span{from: int(binary.BigEndian.Uint16(body)), to: int(binary.BigEndian.Uint16(body[2:]))}
			for bit, face := range []style{bold, italic, underline} {
				if body[6]>>bit&1 != 0 {
					s.style |= face
				}
			}
			if s.style != 0 {
				all = append(all, s)
			}
		}
	})
	return all
}

// FromWVTT gives the text of a sample of WebVTT in ISO BMFF (ISO/IEC 14496-30 6.6): the payloads of its cues, one below
// the other.
func FromWVTT(sample []byte) string {
	var text []string
	eachBox(sample, func(typ string, body []byte) {
		if typ != "vttc" || len(text) >= maxLines {
			return
		}
		eachBox(body, func(typ string, body []byte) {
			if typ == "payl" && utf8.Valid(body) {
				text = append(text, string(body[:min(len(body), 2*MaxTextBytes)]))
			}
		})
	})
	return marked(strings.Join(text, "\n"))
}

// eachBox walks the boxes in p.
func eachBox(p []byte, do func(typ string, body []byte)) {
	const header = 8
	for len(p) >= header {
		size := binary.BigEndian.Uint32(p)
		if size < header || int64(size) > int64(len(p)) {
			return
		}
		do(string(p[4:header]), p[header:size])
		p = p[size:]
	}
}
